import { anyNode, conjuncts, type Expr } from '../model/expression.ts';
import { predicatesOf, type Model, type Variable } from '../model/model.ts';
import { isUntrusted, type ThreatSteps } from './threat.ts';
import type { World } from './world.ts';

/**
 * A diagram's messages have no content: a variable counts those that are under way. Where nothing
 * says how many an attack is looked at with, it is so many.
 */
const CAPACITY = 3;

type Counter = Variable & { readonly messages: NonNullable<Variable['messages']> };

const counters = (model: Model): readonly Counter[] =>
  model.variables.filter((variable): variable is Counter => variable.messages !== undefined);

/** The counters of messages that somebody beside their two ends can touch. */
export const openCounters = (model: Model): readonly Counter[] =>
  counters(model).filter(({ messages }) => messages.medium !== 'private');

/** Those that an attacker can add to: anybody, or an actor who is not trusted to one of the own. */
export const forgeableCounters = (model: Model): readonly Counter[] =>
  counters(model).filter(
    ({ messages: { medium, from } }) => medium === 'public' || isUntrusted(model, from),
  );

/**
 * A model with the capacities that attacks are looked at with: of each counter two more than there
 * are without attack. An attacker finds room for all but one of them, so that nobody's own message
 * is kept out by an attacker's alone.
 */
export function withCapacities(model: Model, most: ReadonlyMap<string, number>): Model {
  return {
    ...model,
    variables: model.variables.map((variable) =>
      variable.messages
        ? {
            ...variable,
            messages: {
              ...variable.messages,
              capacity: (most.get(variable.name) ?? CAPACITY - 2) + 2,
            },
          }
        : variable,
    ),
  };
}

/** How many messages an attacker can have under way on a channel of this name. */
export function roomOf(model: Model, name: string): number {
  const capacity = counters(model).find((counter) => counter.name === name)?.messages.capacity;
  return (capacity ?? CAPACITY) - 1;
}

/** Where the messages of a model are counted, and how many there may be. */
export function capacitiesOf(world: World): readonly { readonly at: number; most: number }[] {
  return counters(world.semantics.model).flatMap(({ name, messages: { capacity } }) =>
    capacity === undefined
      ? []
      : [{ at: world.layout.cell('variable', name).offset, most: capacity }],
  );
}

/**
 * The counters that no guard asks to be small and no property of states reads: one message more
 * takes no step away.
 */
export function harmlessCounters(model: Model): ReadonlySet<string> {
  const reads = (name: string, e: Expr | undefined): boolean =>
    e !== undefined && anyNode(e, (node) => node.kind === 'cell' && node.name === name);
  const ofStates = model.properties.flatMap(({ formula }) =>
    formula.kind === 'always' || formula.kind === 'never' ? predicatesOf(formula) : [],
  );
  const isHarmless = (name: string): boolean =>
    !ofStates.some((e) => reads(name, e)) &&
    model.actions.every(
      ({ when, controls, assignments, sends }) =>
        [
          ...(when ? conjuncts(when) : []),
          ...controls.flatMap(({ condition }) => conjuncts(condition)),
        ].every((e) => asksForMore(name, e) || !reads(name, e)) &&
        assignments.every(
          ({ variable, value, keys }) =>
            variable === name || ![value, ...keys].some((e) => reads(name, e)),
        ) &&
        !sends.some(({ values }) => values.some((e) => reads(name, e))),
    );
  return new Set(
    counters(model)
      .map(({ name }) => name)
      .filter(isHarmless),
  );
}

/** `name > 0`. */
function asksForMore(name: string, e: Expr): boolean {
  return (
    e.kind === 'compare' &&
    e.operator === '>' &&
    e.left.kind === 'cell' &&
    e.left.name === name &&
    e.right.kind === 'literal' &&
    e.right.value === 0
  );
}

/** Where the messages of a channel are counted; nothing where the channel has content. */
export function counterAt(world: World, name: string): number | undefined {
  const isCounted = counters(world.semantics.model).some((counter) => counter.name === name);
  return isCounted ? world.layout.cell('variable', name).offset : undefined;
}

export function forged(at: number, name: string, world: World): ThreatSteps {
  const room = roomOf(world.semantics.model, name);
  return (row, emit) => add(row, at, room, emit);
}

export const dropped =
  (at: number): ThreatSteps =>
  (row, emit) => {
    if ((row[at] as number) > 0) emit(changed(row, { [at]: -1 }));
  };

/** One that ever was under way comes once more. */
export function replayed(at: number, name: string, world: World): ThreatSteps {
  const ever = world.record(`ever ${name}`);
  const room = roomOf(world.semantics.model, name);
  return (row, emit) => {
    if (row[ever] === 1) add(row, at, room, emit);
  };
}

/** One is held back, or comes again as if it was sent now. */
export function delayed(at: number, name: string, world: World): ThreatSteps {
  const hold = world.place(`held ${name}`);
  const room = roomOf(world.semantics.model, name);
  return (row, emit) => {
    if ((row[at] as number) > 0 && (row[hold] as number) < room)
      emit(changed(row, { [at]: -1, [hold]: 1 }));
    if ((row[hold] as number) > 0) add(changed(row, { [hold]: -1 }), at, room, emit);
  };
}

function add(
  row: readonly number[],
  at: number,
  room: number,
  emit: (next: number[]) => void,
): void {
  if ((row[at] as number) < room) emit(changed(row, { [at]: 1 }));
}

function changed(row: readonly number[], by: Readonly<Record<number, number>>): number[] {
  const next = [...row];
  for (const [at, change] of Object.entries(by))
    next[Number(at)] = (next[Number(at)] ?? 0) + change;
  return next;
}
