import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/checking/inspect.ts';
import { OPERATORS, threatsOf } from '../../src/threats/operators/index.ts';
import { analyse, setsOf } from './model.ts';

/** A shop that ships what its channel says; what stands in braces is the case's own. */
const shop = ({
  channel = 'medium: public',
  actors = 'bank: { trust: trusted }, shop: { trust: trusted }',
  variable = '',
  controls = '',
  pay = 'not(paid)',
}) => `
probity: 1
name: Shop
variables:
  paid: { type: bool, init: false${variable} }
  got: { type: "int 0..2", init: 0 }
actors: { ${actors} }
channels:
  note: { from: bank, to: shop, carries: { n: "int 1..2" }, capacity: 2, ${channel} }
actions:
  pay: { actor: bank, when: ${pay}, then: { paid: true }, send: { note: { n: 1 } }, fair: weak }
  take:
    actor: shop
    receive: { note: m }
    when: got = 0${controls}
    then: { got: m.n }
    fair: weak
properties:
  one: { never: got = 2 }
  onlyPaid: { always: "if got > 0 then paid else true" }
  served: { eventually: got > 0 }
  settles: { eventuallyAlways: paid }
final: "true"
`;

interface Case {
  readonly id: string;
  readonly property: string;
  readonly breaks: string;
  readonly resists: string;
}

const untrusted = 'bank: { trust: untrusted }, shop: { trust: trusted }';
const insider = 'bank: { trust: trusted }, shop: { trust: insider }';
const guarded = (control: string): string => `\n    controls: { known: ${control} }`;
const forged = (control: string): string =>
  shop({ channel: 'medium: public', actors: insider, controls: guarded(control) });

/** Twice the same message: what came once can come again. */
const twice = (fresh: string): string => `
probity: 1
name: Twice
variables: { sent: { type: bool, init: false }, got: { type: "int 0..2", init: 0 } }
actors: { bank: {}, shop: {} }
channels: { note: { from: bank, to: shop, carries: { n: "int 1..1" }, medium: signed, capacity: 1${fresh} } }
actions:
  pay: { actor: bank, when: not(sent), then: { sent: true }, send: { note: { n: 1 } } }
  take: { actor: shop, receive: { note: m }, when: got < 2, then: { got: got + 1 } }
properties: { once: { never: got = 2 } }
final: "true"
`;

const queue = (take: string): string => `
probity: 1
name: Queue
variables: { sent: { type: "int 0..2", init: 0 }, first: { type: "int 0..2", init: 0 } }
actors: { bank: {}, shop: {} }
channels: { q: { from: bank, to: shop, carries: { n: "int 1..2" }, medium: signed, order: fifo, capacity: 2 } }
actions:
  send: { actor: bank, when: sent < 2, then: { sent: sent + 1 }, send: { q: { n: sent + 1 } } }
  take: { actor: shop, receive: { q: m }, when: "${take}", then: { first: m.n } }
properties: { inTurn: { never: first = 2 and sent = 2 and count(q) = 1 } }
final: "true"
`;

const CASES: readonly Case[] = [
  {
    id: 'forge.note',
    property: 'onlyPaid',
    breaks: shop({ channel: 'medium: private', actors: untrusted }),
    resists: shop({ channel: 'medium: public', controls: guarded('paid') }),
  },
  {
    id: 'tamper.note.n',
    property: 'one',
    breaks: shop({ channel: 'medium: public' }),
    resists: shop({ channel: 'medium: public', controls: guarded('m.n = 1') }),
  },
  { id: 'replay.note', property: 'once', breaks: twice(''), resists: twice(', fresh: [n]') },
  {
    id: 'drop.note',
    property: 'served',
    breaks: shop({ channel: 'medium: signed' }),
    resists: shop({ channel: 'medium: signed' }).replace('got > 0 }', 'paid }'),
  },
  {
    id: 'delay.note',
    property: 'served',
    breaks: shop({ channel: 'medium: signed' }),
    resists: shop({ channel: 'medium: signed' }).replace('got > 0 }', 'paid }'),
  },
  {
    id: 'reorder.q',
    property: 'inTurn',
    breaks: queue('first = 0'),
    resists: queue('first = 0 and m.n = 1'),
  },
  {
    id: 'unavailable.bank',
    property: 'served',
    breaks: shop({}),
    resists: shop({}).replace('got > 0 }', '"true" }'),
  },
  {
    id: 'sensorFault.paid',
    property: 'settles',
    breaks: shop({ variable: ', sensor: true' }),
    resists: shop({ variable: ', sensor: true' }).replace(
      'eventuallyAlways: paid',
      'eventuallyAlways: got < 2',
    ),
  },
  {
    id: 'alter.paid',
    property: 'onlyPaid',
    breaks: shop({ variable: ', keptBy: shop', actors: insider }),
    resists: shop({ variable: ', keptBy: shop', actors: insider }).replace(
      'if got > 0 then paid else true',
      'got < 2',
    ),
  },
  {
    id: 'bypass.take.known',
    property: 'noneBefore',
    breaks: forged('m.n = 2').replace('one: { never: got = 2 }', 'noneBefore: { never: got = 1 }'),
    resists: forged('m.n < 2').replace('one: { never: got = 2 }', 'noneBefore: { never: got = 2 }'),
  },
  {
    id: 'stepSkip.take.known',
    property: 'one',
    breaks: forged('{ check: "false", sequence: true }').replace('got = 2', 'got = 1'),
    resists: forged('{ check: "m.n = 1", sequence: true }'),
  },
];

describe('threat operators', () => {
  it('has a case for each row of the table', () =>
    // `skip` is one of diagrams (diagrams.test.ts).
    expect([...CASES.map(({ id }) => id.split('.')[0]), 'skip']).toEqual(
      OPERATORS.map(({ name }) => name),
    ));

  for (const { id, property, breaks, resists } of CASES) {
    it(`${id} breaks ${property}`, async () =>
      expect(await setsOf(breaks, property, [id])).toEqual([id]));
    it(`${id} does not break ${property} where something holds it up`, async () =>
      expect(await setsOf(resists, property, [id])).toEqual([]));
  }

  it('exist only where the model lets them', async () => {
    const inspected = await inspect({
      source: shop({ channel: 'medium: signed, signed: [n]' }),
      format: 'native',
      name: 'shop.yaml',
    });
    expect(inspected.ok && threatsOf(inspected.value.semantics.model).map(({ id }) => id)).toEqual([
      'delay.note',
      'drop.note',
      'replay.note',
      'unavailable.bank',
      'unavailable.shop',
    ]);
  });
});

describe('what is refused', () => {
  const codes = async (source: string, threats: readonly string[] | 'all') => {
    const answer = await analyse(source, { threats });
    return answer.ok ? [] : answer.problems.map(({ code }) => code);
  };
  it('an id that is not there', async () =>
    expect(await codes(shop({}), ['explode.note'])).toEqual(['THREAT_UNKNOWN']));
  it('values without end, in a model that Z3 does not take either', async () =>
    expect(
      await codes(
        shop({})
          .replaceAll('"int 1..2"', 'int')
          .replace('m.n }', '1 }')
          .replace('variables:', 'parameters: { most: "int 1..2" }\nvariables:')
          .replace('"int 0..2", init: 0', '"int 0..2", init: "in [0..most]"'),
        ['forge.note'],
      ),
    ).toEqual(['THREAT_TOO_LARGE']));
  it('a model that is not sound without threats', async () =>
    expect(await codes(shop({}).replaceAll('int 0..2', 'int 0..0'), 'all')).toEqual([
      'THREATS_NEED_SOUND_MODEL',
    ]));
  it('a keeper who is not there', async () =>
    expect(await codes(shop({ variable: ', keptBy: nobody' }), 'all')).toEqual(['ACTOR_UNKNOWN']));
});
