import { describe, expect, it } from 'vitest';
import { threatsOf } from '../../src/threats/operators/index.ts';
import { InternedSets } from '../../src/threats/sets.ts';
import { semanticsOf } from '../risk/fixture.ts';
import { setsOf } from './model.ts';

/** A channel of each medium and order, an actor of each trust, and somebody who does nothing. */
const EVERY_KIND = `
probity: 1
name: Every kind
sets: { Item: [a, b] }
variables:
  step: { type: int 0..4, init: 0 }
  dial: { type: int 0..1, init: 0, sensor: true }
  entry: { type: int 0..1, init: 0, keptBy: clerk }
  own: { type: int 0..1, init: 0, keptBy: shop }
actors:
  shop: { trust: trusted }
  clerk: { trust: insider }
  buyer: { trust: untrusted }
  idler: { trust: untrusted }
channels:
  open: { from: shop, to: clerk, carries: { n: int 0..1, m: int 0..1 }, medium: public, capacity: 1 }
  closed: { from: shop, to: clerk, carries: { n: int 0..1 }, medium: private, capacity: 1 }
  foreign: { from: buyer, to: shop, carries: { n: int 0..1 }, medium: private, capacity: 1 }
  sealed: { from: shop, to: clerk, carries: { n: int 0..1, m: int 0..1 }, medium: signed, signed: [n], capacity: 1 }
  known: { from: shop, to: clerk, carries: { n: int 0..1 }, medium: authenticated, capacity: 1 }
  line: { from: shop, to: clerk, carries: { n: int 0..1 }, medium: signed, order: fifo, capacity: 2 }
  single: { from: shop, to: clerk, carries: { n: int 0..1 }, medium: signed, order: fifo, capacity: 1 }
  hidden: { from: shop, to: clerk, carries: { n: int 0..1 }, medium: private, order: fifo, capacity: 2 }
actions:
  sell: { actor: shop, when: step = 0, controls: { sure: own = 0 }, then: { step: 1 } }
  note: { actor: clerk, when: step = 1, controls: { read: { check: entry = 0, sequence: true } }, then: { step: 2 } }
  buy: { actor: buyer, when: step = 2, controls: { seen: dial = 0 }, then: { step: 3 } }
properties: { fine: { always: step < 5 } }
final: "true"
`;

describe('which threats there are', () => {
  it('hangs on medium, trust, order, sensors and keepers; a hypothesis is none of its own', async () => {
    const threats = threatsOf((await semanticsOf(EVERY_KIND)).model);
    expect(threats.filter(({ proper }) => proper).map(({ id }) => id)).toEqual([
      'alter.entry',
      'bypass.buy.seen',
      'delay.known',
      'delay.line',
      'delay.open',
      'delay.sealed',
      'delay.single',
      'drop.known',
      'drop.line',
      'drop.open',
      'drop.sealed',
      'drop.single',
      'forge.foreign',
      'forge.open',
      'reorder.line',
      'replay.known',
      'replay.line',
      'replay.open',
      'replay.sealed',
      'replay.single',
      'sensorFault.dial',
      'stepSkip.note.read',
      'tamper.open.m',
      'tamper.open.n',
      'tamper.sealed.m',
      'unavailable.buyer',
      'unavailable.clerk',
      'unavailable.shop',
    ]);
    expect(threats.filter(({ proper }) => !proper).map(({ id }) => id)).toEqual([
      'bypass.sell.sure',
    ]);
  });
});

describe('payloads that are sets', () => {
  const basket = (allowed: string): string => `
probity: 1
name: Basket
sets: { Item: [a, b] }
variables: { sold: { type: set of Item, init: "[]" }, done: { type: bool, init: false } }
actors: { web: {}, shop: {} }
channels: { order: { from: web, to: shop, carries: { items: set of Item }, medium: public, capacity: 1 } }
actions:
  take: { actor: shop, receive: { order: o }, when: not(done) and ${allowed}, then: { sold: o.items, done: true } }
properties: { notBoth: { never: a in sold and b in sold } }
final: "true"
`;

  it('each of their values is tried', async () => {
    expect(await setsOf(basket('true'), 'notBoth', ['forge.order'])).toEqual(['forge.order']);
    expect(await setsOf(basket('not(a in o.items)'), 'notBoth', ['forge.order'])).toEqual([]);
  });
});

describe('records of what was seen', () => {
  it('are the same in whichever order it was seen', () => {
    const sets = new InternedSets();
    const [ab, ba] = ['ab', 'ba'].map((order) =>
      [...order].reduce((set, item) => sets.with(set, item), 0),
    );
    expect(ab).toBe(ba);
    expect(sets.with(ab as number, 'a')).toBe(ab);
    expect(sets.with(0, 'a')).not.toBe(sets.with(0, 'b'));
    expect(sets.items(ab as number)).toEqual(['a', 'b']);
    expect([sets.has(ab as number, 'b'), sets.has(0, 'b')]).toEqual([true, false]);
  });
});
