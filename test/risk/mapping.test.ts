import { beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/errors/index.ts';
import { readLogMapping, readMappedLog, type LogMapping } from '../../src/events/mappedLog.ts';
import type { EventLog } from '../../src/eventLog/log.ts';
import type { LogOptions } from '../../src/eventLog/rows.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import { assessRisk } from '../../src/risk/index.ts';
import { learnLog } from '../../src/risk/fit/learnLog.ts';
import { align } from '../../src/risk/align.ts';
import { RISK_DEFAULTS } from '../../src/risk/request.ts';
import { chainFor, named, semanticsOf, value } from './fixture.ts';

/** A price is sent to a bank, which takes it; the shop packs, which nobody writes down. */
const SHOP = `probity: 1
name: Shop
variables:
  place: { type: "enum [new, priced, paid, packed, sent, home, lost]", init: new }
  got: { type: int 0..3, init: 0 }
actors: { shop: { trust: trusted }, bank: { trust: trusted }, carrier: { trust: trusted } }
channels:
  bill: { from: shop, to: bank, carries: { amount: int 1..3 }, medium: private, capacity: 1 }
actions:
  price: { actor: shop, for: { p: int 1..3 }, when: place = new, then: { place: priced }, send: { bill: { amount: p } }, fair: weak }
  pay: { actor: bank, receive: { bill: b }, then: { place: paid, got: b.amount }, fair: weak }
  pack: { actor: shop, when: place = paid, then: { place: packed }, fair: weak }
  ship: { actor: carrier, when: place = packed, then: { place: sent }, fair: weak }
  deliver: { actor: carrier, when: place = sent, then: { place: home }, fair: weak }
  lose: { actor: carrier, when: place = sent, then: { place: lost }, fair: weak }
properties:
  notLost: { never: place = lost }
final: place in (home, lost)
`;

const mappingFor = (key: string): string => `probityMapping: 1
model: Shop
case: ${key}
events:
  - { type: Priced, action: price }
  - { type: Paid, action: pay, receive: { bill: { amount: { path: $.data.eur, scale: 0.01 } } } }
  - { type: Sent, action: ship }
  - { type: Closed, where: { $.data.late: true }, action: lose }
  - { type: Closed, action: deliver }
`;

interface Told {
  readonly order: string;
  readonly type: string;
  readonly at: string;
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** 60 orders, of which every tenth is lost; every third costs 2, the others 1. */
const TOLD: readonly Told[] = Array.from({ length: 60 }, (_, i): readonly Told[] => {
  const at = (minutes: number): string =>
    new Date(Date.UTC(2026, 0, 1, i, minutes)).toISOString().replace('.000', '');
  const order = `o${i}`;
  return [
    { order, type: 'Priced', at: at(0), data: {} },
    { order, type: 'Looked at', at: at(1), data: {} },
    { order, type: 'Paid', at: at(2), data: { eur: i % 3 === 0 ? 200 : 100 } },
    { order, type: 'Sent', at: at(3), data: {} },
    { order, type: 'Closed', at: at(4), data: { late: i % 10 === 0 } },
  ];
}).flat();

const CSV = [
  'Number,Status,When,eur,late',
  ...TOLD.map(({ order, type, at, data }) =>
    [order, type, at, data['eur'] ?? '', data['late'] ?? ''].join(','),
  ),
].join('\n');
const CSV_COLUMNS = { activity: 'Status', timestamp: 'When' };

const ORDERS = [...new Set(TOLD.map(({ order }) => order))];

const attributeOf = ([key, said]: readonly [string, string | number | boolean]): string =>
  `<${typeof said === 'number' ? 'int' : 'boolean'} key="${key}" value="${said}"/>`;
const eventOf = ({ type, at, data }: Told): string =>
  `<event><string key="concept:name" value="${type}"/><date key="time:timestamp" value="${at}"/>${Object.entries(data).map(attributeOf).join('')}</event>`;
const traceOf = (id: string): string =>
  `<trace><string key="concept:name" value="${id}"/>${TOLD.filter(({ order }) => order === id)
    .map(eventOf)
    .join('')}</trace>`;
const XES = `<log>${ORDERS.map(traceOf).join('')}</log>`;

const OCEL = JSON.stringify({
  objectTypes: [{ name: 'order' }, { name: 'truck' }],
  objects: [...ORDERS.map((id) => ({ id, type: 'order' })), { id: 't', type: 'truck' }],
  events: TOLD.map(({ order, type, at, data }, i) => ({
    id: `e${i}`,
    type,
    time: at,
    attributes: Object.entries(data).map(([name, said]) => ({ name, value: said })),
    relationships: [{ objectId: 't' }, { objectId: order }],
  })),
});

let shop: Semantics;
beforeAll(async () => {
  shop = await semanticsOf(SHOP);
});

const mappingOf = (text: string): LogMapping => value(readLogMapping(text, shop));
const read = (text: string, mapping: string, options: LogOptions = {}): EventLog =>
  value(readMappedLog(text, options, mappingOf(mapping), shop));

const LOGS = {
  csv: (): EventLog => read(CSV, mappingFor('$.data.Number'), { columns: CSV_COLUMNS }),
  xes: (): EventLog => read(XES, mappingFor('$.subject')),
  ocelByKey: (): EventLog => read(OCEL, mappingFor('$.data.objects.order')),
  ocelBySubject: (): EventLog => read(OCEL, mappingFor('$.subject'), { caseType: 'order' }),
};

async function assessed(log: EventLog) {
  const found = value(
    await assessRisk({
      semantics: shop,
      loss: { property: 'notLost' },
      log,
      options: { draws: 400 },
      signal: new AbortController().signal,
    }),
  );
  const { card, ...scores } = found;
  const { digest, unusedColumns: _columns, mapping, ...data } = card.data;
  const { digest: mappingDigest, ...mapped } = mapping ?? { digest: '' };
  expect(digest).not.toBe(mappingDigest);
  return { scores, card: { ...card, data, mapped } };
}

describe('a log that is read by a mapping', () => {
  it('says the same as a table, as XES and as an object-centric log, by key or by type', async () => {
    const [first, ...others] = await Promise.all(
      Object.values(LOGS).map(async (log) => assessed(log())),
    );
    expect(others).toEqual([first, first, first]);
    expect(first?.scores.direct).toMatchObject({ lost: 6, cases: 60 });
    expect(first?.card.mapped).toEqual({
      unmappedEvents: 60,
      unreadableEvents: 0,
      beyondModelEvents: 0,
      blind: ['pack'],
      blindLosses: [],
    });
    expect(first?.card.data).toMatchObject({ nonConformantCases: 0, silentActions: ['pack'] });
  });

  it('knows a step by the message that its event names, also where its binding is open', async () => {
    const chain = await chainFor(shop, 'notLost');
    const counts = named(chain, align(chain, LOGS.csv()).evidence.counts);
    const prices = Object.entries(counts).filter(([branch]) => branch.includes(' price '));
    expect(prices.map(([, count]) => count).sort((a, b) => a - b)).toEqual([20, 40]);
  });

  it('says what it made of the events, and what it leaves blind', async () => {
    const learned = value(
      await learnLog({
        semantics: shop,
        log: LOGS.ocelByKey(),
        options: RISK_DEFAULTS,
        quiet: new Set(),
        signal: new AbortController().signal,
      }),
    );
    expect(learned.fitness).toMatchObject({ mean: 1, fitting: 60, unseenActions: [] });
    expect(learned.log.mapping).toMatchObject({
      unmapped: [{ type: 'Looked at', events: 60 }],
      unreadable: { events: 0 },
      unusedEntries: [],
      blind: ['pack'],
    });
  });

  it('does not judge what is beyond the model, and says where', async () => {
    const csv = CSV.replace(',200,', ',900,').replace(',100,', ',dear,');
    const log = read(csv, mappingFor('$.data.Number'), { columns: CSV_COLUMNS });
    expect(log.mapping).toMatchObject({
      beyondModel: { events: 1, example: { row: 4, why: '9 is beyond 1..3' } },
      unreadable: { events: 1, example: { row: 9, why: '"dear" is no number' } },
    });
    const { card, scores } = await assessed(log);
    expect(card.nonConformance.map(({ case: id, reason }) => [id, reason])).toEqual([
      ['o0', 'beyondModel'],
      ['o1', 'unreadable'],
    ]);
    expect(scores.identification.outside).toBeCloseTo(2 / 60, 12);
  });

  it('says of a loss that no event tells that the log does not know of it', async () => {
    const silentLoss = mappingFor('$.subject').replace('action: lose', 'action: deliver');
    const { card, scores } = await assessed(read(XES, silentLoss));
    expect(card.mapped).toMatchObject({ blind: ['pack', 'lose'], blindLosses: ['lose'] });
    expect(scores.direct).toMatchObject({ lost: 0, cases: 60 });
    expect(scores.headline).toMatchObject({ kind: 'upperBound' });
    const open = TOLD.filter(({ type }) => type !== 'Closed');
    const csv = ['case,activity,timestamp,eur']
      .concat(
        open.map(({ order, type, at, data }) => `${order},${type},${at},${data['eur'] ?? ''}`),
      )
      .join('\n');
    // Who is on the way is neither lost nor home: nothing is made of what nobody saw.
    expect((await assessed(read(csv, silentLoss))).scores.direct).toMatchObject({ cases: 0 });
  });

  it('is refused with the place of what is wrong', () => {
    const problems = (text: string): string[] => {
      const found = readLogMapping(text, shop);
      return found.ok ? [] : found.problems.map(shown);
    };
    expect(problems(mappingFor('$.subject').replace('action: lose', 'action: loose'))).toEqual([
      'MAPPING_SHAPE events.3.action:8 the model has no action `loose`; did you mean `lose`?',
    ]);
    const nowhere = readMappedLog(
      CSV,
      { columns: CSV_COLUMNS },
      mappingOf(mappingFor('$.data.Order')),
      shop,
    );
    expect(nowhere.ok ? [] : nowhere.problems.map(shown)).toEqual([
      'MAPPING_SHAPE case no event of the log has the key of a case there: data are Number, Status, When, eur, late, of an object-centric log data.objects.TYPE',
    ]);
  });
});

function shown({ code, path, line, message }: Problem): string {
  return `${code} ${path}${line === undefined ? '' : `:${line}`} ${message}`;
}
