import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { mermaidOf, sequenceSvg } from '../../src/drawing/sequence.ts';
import { attackSequence } from '../../src/explain/attackSequence.ts';
import type { Teller } from '../../src/explain/teller.ts';
import type { Model } from '../../src/model/model.ts';
import type { Trace } from '../../src/model/trace.ts';
import { tiny } from '../model/tiny.ts';

const HOSTILE = 'Shop</text><script>alert(1)</script>; participant p9 as %%{init: {}}%%\n"';

const model = (label = 'Shop'): Model =>
  tiny(`
variables:
  paid: { type: bool, init: false }
actors:
  carrier: { trust: trusted }
  shop: { trust: trusted, label: ${JSON.stringify(label)} }
channels:
  order: { from: shop, to: carrier, carries: { amount: int 0..3 }, medium: public }
actions:
  send: { actor: shop, send: { order: { amount: 2 } } }
  take: { actor: carrier, receive: { order: o }, when: o.amount > 0, then: { paid: true } }
properties:
  notPaid: { never: paid }
`).model;

const teller: Teller = {
  step: ({ action }) => action,
  effects: () => [],
  name: (id) => id,
};
const message = (amount: number) => ({ channel: 'order', message: { amount } });
const step = (action: string, rest: object = {}) => ({ action, binding: {}, changed: {}, ...rest });
const trace = (steps: Trace['steps'], rest: Partial<Trace> = {}): Trace => ({
  params: {},
  initial: {},
  steps,
  ...rest,
});

const tampered = trace(
  [
    step('send', { sent: [message(2)] }),
    step('tamper.order', {
      received: [message(2)],
      sent: [message(3)],
      threats: ['tamper.order'],
    }),
    step('take', { received: [message(3)] }),
  ],
  { params: { price: 2 } },
);

describe('an attack as a sequence', () => {
  it('has a lane for each who takes part, the attacker last', () => {
    const { lanes, rows } = attackSequence(model(), tampered, 'notPaid', teller);
    expect(lanes.map(({ label, isAttacker }) => [label, isAttacker])).toEqual([
      ['carrier', false],
      ['Shop', false],
      ['Attacker', true],
    ]);
    expect(rows).toEqual([
      { kind: 'note', text: 'with price = 2' },
      { kind: 'step', lane: 'shop', text: '1 send', isThreat: false },
      { kind: 'message', from: 'shop', to: 'carrier', text: 'order{2}' },
      { kind: 'step', lane: '(attacker)', text: '2 tamper.order', isThreat: true },
      { kind: 'message', from: '(attacker)', to: 'carrier', text: 'order{3}' },
      { kind: 'step', lane: 'carrier', text: '3 take', isThreat: false },
    ]);
  });

  it('draws a message that is taken away as lost, and says that nothing follows', () => {
    const dropped = trace(
      [
        step('send', { sent: [message(2)] }),
        step('drop.order', { received: [message(2)], threats: ['drop.order'] }),
      ],
      { loopStart: 2 },
    );
    const sequence = attackSequence(model(), dropped, 'settled', teller);
    expect(sequence.rows.slice(-2)).toEqual([
      { kind: 'lost', from: 'shop', to: 'carrier', text: 'order{2}' },
      { kind: 'note', text: 'nothing fair is enabled from here' },
    ]);
    expect(mermaidOf(sequence)).toContain('p1-xp0: order#123;2#125;');
    expect(sequenceSvg(sequence)).toContain('marker-end="url(#lost)"');
  });

  it('leaves a step without a control at the actor whose it is, and marks it', () => {
    const bypassed = trace([step('take', { received: [message(0)], threats: ['bypass.take.x'] })]);
    expect(attackSequence(model(), bypassed, '', teller).rows).toEqual([
      { kind: 'step', lane: 'carrier', text: '1 take', isThreat: true },
    ]);
  });

  it('draws the beginning of a long one, and says how much is left', () => {
    const long = trace(Array.from({ length: 100 }, () => step('send')));
    const { rows } = attackSequence(model(), long, '', teller);
    expect(rows.at(-1)).toEqual({ kind: 'note', text: '… 40 more steps' });
    expect(rows).toHaveLength(61);
  });

  it('lets no label out of its place', () => {
    const sequence = attackSequence(model(HOSTILE), tampered, HOSTILE, {
      ...teller,
      step: () => HOSTILE,
    });
    const names: string[] = [];
    const parser = new SaxesParser();
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('opentag', ({ name }) => names.push(name));
    parser.write(sequenceSvg(sequence)).close();
    expect(new Set(names)).toEqual(
      new Set(['svg', 'title', 'desc', 'defs', 'marker', 'path', 'rect', 'text']),
    );
    const lines = mermaidOf(sequence).trim().split('\n');
    expect(lines).toHaveLength(2 + sequence.lanes.length + sequence.rows.length);
    const begun =
      /^(?:sequenceDiagram|  accTitle: |  (?:participant|actor) p\d as |  Note over p\d(?:,p\d)?: |  p\d->>p\d: )/u;
    for (const line of lines) {
      expect(line).toMatch(begun);
      expect(line.replace(begun, '').replaceAll(/#\d+;/gu, '')).not.toMatch(/[;:<>&"%{}#]/u);
    }
  });
});
