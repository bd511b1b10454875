import { inspect } from '../../src/checking/inspect.ts';
import type { Problem } from '../../src/errors/index.ts';
import type { Model } from '../../src/model/model.ts';
import { readMapping } from '../../src/events/mapping.ts';
import { Monitor, type CaseAnswer, type CloudEvent } from '../../src/monitor/monitor.ts';
import { threatsOf } from '../../src/threats/operators/index.ts';

/** A parcel that is weighed, paid for by its weight, and given away with or without a signature. */
export const SHOP = `probity: 1
name: Parcel
variables:
  weight: { type: int 1..3, init: 1 }
  paid: { type: int 0..3, init: 0 }
  state: { type: "enum [new, weighed, sent, given]", init: new }
  signed: { type: bool, init: false }
actors: { desk: { trust: trusted }, bank: { trust: trusted }, driver: { trust: untrusted } }
channels:
  bill: { from: desk, to: bank, carries: { amount: int 1..3 }, medium: public, capacity: 1 }
actions:
  weigh: { actor: desk, for: { w: int 1..3 }, when: state = new, then: { state: weighed, weight: w }, send: { bill: { amount: w } } }
  pay: { actor: bank, receive: { bill: b }, when: paid = 0, then: { paid: b.amount } }
  send: { actor: desk, when: state = weighed and paid > 0, then: { state: sent } }
  sign: { actor: driver, when: state = sent and not(signed), then: { signed: true } }
  give: { actor: driver, when: state = sent, controls: { proof: signed }, then: { state: given } }
properties:
  paidInFull: { always: "if state in (sent, given) then paid = weight else true" }
  proven: { never: "state = given and not(signed)" }
  canGive: { recoverable: state = given }
final: state = given
`;

export const MAPPING = `probityMapping: 1
case: $.subject
lateness: PT1H
events:
  - { type: weighed, action: weigh, for: { w: { path: $.data.kg, cuts: [2, 5] } } }
  - { type: paid, action: pay, receive: { bill: { amount: { path: $.data.cents, scale: 0.01 } } } }
  - { type: sent, action: send }
  - { type: given, action: give }
deadlines:
  delivery: { from: paid, to: given, within: P1D }
`;

export async function modelOf(source = SHOP): Promise<Model> {
  const inspected = await inspect({ source, format: 'native', name: 'shop' });
  if (!inspected.ok) throw new Error(JSON.stringify(inspected.problems));
  return inspected.value.semantics.model;
}

let numbered = 0;
/** An event so many minutes after nine. */
export function event(type: string, minutes: number, data: object = {}, subject = 'P'): CloudEvent {
  numbered += 1;
  return {
    id: `n${numbered}`,
    source: '/test',
    type,
    subject,
    time: new Date(Date.UTC(2026, 2, 2, 9, minutes)).toISOString(),
    data,
  };
}

export async function watched(
  events: readonly CloudEvent[],
  { mapping = MAPPING, source = SHOP, now = undefined as number | undefined } = {},
): Promise<readonly CaseAnswer[]> {
  const model = await modelOf(source);
  const read = readMapping(mapping, model);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const monitor = new Monitor(model, read.value, {
    threats: threatsOf(model).filter(({ proper }) => proper),
    budget: 2,
    ...(now !== undefined && { now }),
  });
  for (const each of events) monitor.take(each);
  return monitor.answers();
}

/** Alerts as `kind property`, those that stand. */
export function standing(answers: readonly CaseAnswer[]): readonly string[] {
  return answers.flatMap((found) =>
    found.alerts
      .filter(({ withdrawn }) => withdrawn === undefined)
      .map(({ kind, property, explainedBy }) =>
        [kind, property, explainedBy?.map((set) => set.join('+')).join('|')]
          .filter((part) => part !== undefined)
          .join(' '),
      ),
  );
}

export async function mappingProblems(mapping: string): Promise<readonly string[]> {
  const read = readMapping(mapping, await modelOf());
  return read.ok ? [] : read.problems.map(shown);
}

export function shown({ code, path, line, message }: Problem): string {
  return `${code} ${path}${line === undefined ? '' : `:${line}`} ${message}`;
}
