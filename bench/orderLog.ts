/**
 * Logs of an order-to-delivery process with a known truth, as OCEL 2.0 (JSON): seeded, with drift,
 * season, fraud and cases that are still open when the log ends. `npm run -s order-log -- --orders
 * 1000` prints one, and its truth to standard error.
 */
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Random } from '../src/risk/random.ts';

export interface OrderLogOptions {
  readonly orders: number;
  readonly seed: number;
  /** P(a parcel is lost), before drift and season. */
  readonly loss: number;
  /** From this share of the time on, losses are so many times as likely. */
  readonly drift?: { readonly from: number; readonly times: number };
  /** Losses swing by this share over a year. */
  readonly season?: number;
  /** Share of orders that are sent without being paid: they leave the model. */
  readonly fraud?: number;
  /** Days over which orders are placed. */
  readonly days?: number;
  /** Days after which the log ends; what comes later nobody has seen. Absent: never. */
  readonly cutAfterDays?: number;
}

export interface OrderLog {
  readonly ocel: string;
  readonly truth: {
    /** The mean over the orders of the probability that one is lost. */
    readonly loss: number;
    /** Orders that were lost in the end, whether the log shows it or not. */
    readonly lost: number;
    /** Orders that were sent without being paid. */
    readonly unpaid: number;
    /** Orders that the log shows, and of these such as are not at their end. */
    readonly shown: number;
    readonly open: number;
  };
}

/** A model of the process; packing tells nobody. */
export const ORDER_MODEL = `probity: 1
name: Order to delivery
variables:
  place: { type: "enum [none, placed, paid, packed, sent, home, lost]", init: none }
actors: { customer: { trust: trusted }, shop: { trust: trusted }, carrier: { trust: trusted } }
actions:
  order: { actor: customer, when: place = none, then: { place: placed }, fair: weak }
  pay: { actor: customer, when: place = placed, then: { place: paid }, fair: weak }
  pack: { actor: shop, when: place = paid, then: { place: packed }, fair: weak }
  send: { actor: shop, when: place = packed, then: { place: sent }, fair: weak }
  deliver: { actor: carrier, when: place = sent, then: { place: home }, fair: weak }
  lose: { actor: carrier, when: place = sent, then: { place: lost }, fair: weak }
properties:
  notLost: { never: place = lost }
final: place in (home, lost)
`;

export const ORDER_MAPPING = `probityMapping: 1
model: Order to delivery
case: $.data.objects.order
events:
  - { type: place order, action: order }
  - { type: pay order, action: pay }
  - { type: send parcel, action: send }
  - { type: deliver parcel, action: deliver }
  - { type: report loss, action: lose }
`;

const DAY_MS = 86_400_000;
const START = Date.UTC(2025, 0, 1);

interface OcelRecord {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly relationships: readonly { readonly objectId: string; readonly qualifier: string }[];
}

export function orderLog(options: OrderLogOptions): OrderLog {
  const { orders, seed, days = 90, cutAfterDays = Infinity } = options;
  const random = new Random(seed);
  const events: OcelRecord[] = [];
  const objects: { readonly id: string; readonly type: string }[] = [];
  const truth = { loss: 0, lost: 0, unpaid: 0, shown: 0, open: 0 };
  for (let i = 0; i < orders; i += 1) {
    const placed = (days * (i + random.uniform())) / orders;
    const p = lossAt(options, placed, days);
    const isLost = random.uniform() < p;
    const isUnpaid = random.uniform() < (options.fraud ?? 0);
    truth.loss += p / orders;
    truth.lost += Number(isLost);
    truth.unpaid += Number(isUnpaid);
    const paid = placed + 0.01 + random.uniform() * 0.5;
    const sent = paid + 0.2 + random.uniform();
    const ended = isLost ? sent + 20 + random.uniform() * 30 : sent + 1 + random.uniform() * 4;
    const steps: (readonly [type: string, day: number])[] = [
      ['place order', placed],
      ...(isUnpaid ? [] : [['pay order', paid] as const]),
      ['send parcel', sent],
      [isLost ? 'report loss' : 'deliver parcel', ended],
    ];
    if (placed > cutAfterDays) continue;
    truth.shown += 1;
    truth.open += Number(ended > cutAfterDays);
    const [order, parcel, customer] = [`o${i}`, `p${i}`, `c${i % 97}`];
    objects.push({ id: order, type: 'order' }, { id: parcel, type: 'parcel' });
    for (const [type, day] of steps) {
      if (day > cutAfterDays) continue;
      events.push({
        id: `e${events.length}`,
        type,
        time: new Date(START + Math.round(day * DAY_MS)).toISOString(),
        relationships: [
          { objectId: order, qualifier: 'order' },
          type.endsWith('order')
            ? { objectId: customer, qualifier: 'customer' }
            : { objectId: parcel, qualifier: 'parcel' },
        ],
      });
    }
  }
  for (let i = 0; i < Math.min(orders, 97); i += 1) objects.push({ id: `c${i}`, type: 'customer' });
  events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const types = (names: readonly string[]) => names.map((name) => ({ name, attributes: [] }));
  const ocel = JSON.stringify({
    objectTypes: types(['order', 'parcel', 'customer']),
    eventTypes: types([...new Set(events.map(({ type }) => type))]),
    objects,
    events,
  });
  return { ocel, truth };
}

function lossAt({ loss, drift, season = 0 }: OrderLogOptions, day: number, days: number): number {
  const drifted = drift && day >= drift.from * days ? drift.times : 1;
  return Math.min(1, loss * drifted * (1 + season * Math.sin((2 * Math.PI * day) / 365)));
}

function main(): void {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      loss: { type: 'string', default: '0.02' },
      'drift-from': { type: 'string' },
      'drift-times': { type: 'string', default: '2' },
      season: { type: 'string' },
      fraud: { type: 'string' },
      days: { type: 'string' },
      cut: { type: 'string' },
    },
  });
  const number = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : Number(text);
  const from = number(values['drift-from']);
  const [season, fraud, days, cut] = [values.season, values.fraud, values.days, values.cut].map(
    number,
  );
  const { ocel, truth } = orderLog({
    orders: Number(values.orders),
    seed: Number(values.seed),
    loss: Number(values.loss),
    ...(from !== undefined && { drift: { from, times: Number(values['drift-times']) } }),
    ...(season !== undefined && { season }),
    ...(fraud !== undefined && { fraud }),
    ...(days !== undefined && { days }),
    ...(cut !== undefined && { cutAfterDays: cut }),
  });
  process.stdout.write(`${ocel}\n`);
  process.stderr.write(`${JSON.stringify(truth)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
