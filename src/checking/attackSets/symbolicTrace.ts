import type { Layout, State } from '../../model/layout.ts';
import type { Model, Property } from '../../model/model.ts';
import { ERROR_BIT } from '../../model/semantics.ts';
import type { Trace } from '../../model/trace.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import type { Threat } from '../../threats/threat.ts';
import type { ImplicitKind } from '../../model/propertyKinds.ts';
import { attackTraceOf, replays } from './attackTrace.ts';

/** One state of a path, as a row of the composed model, and what it breaks. */
export interface SymbolicState {
  readonly state: State;
  readonly errors: readonly string[];
}

/** A row of the semantics of threats, the ids of the step to it, and the row before. */
interface Followed {
  readonly row: readonly number[];
  readonly ids: readonly string[];
  readonly before: Followed | undefined;
}

/**
 * A path of a composed model as an attack: followed state by state by the semantics of threats,
 * with these integers to pick from, and then once more from its text. Nothing where it is none.
 * Throws `TooManyValues`.
 */
export function attackAlong(
  model: Model,
  threats: readonly Threat[],
  property: Property,
  path: readonly SymbolicState[],
  layout: Layout,
  integers: readonly number[],
): Trace | undefined {
  const fresh = (): AttackedSystem => new AttackedSystem(model, threats, true, integers);
  const system = fresh();
  const erring = path.findIndex(({ errors }) => errors.length > 0);
  const states = (erring < 0 ? path : path.slice(0, erring)).map(({ state }) =>
    projected(state, layout, system.semantics.layout),
  );
  const end = followed(system, states);
  if (!end) return undefined;
  const kinds = (path[erring]?.errors ?? []) as readonly ImplicitKind[];
  const error = kinds.reduce((bits, kind) => bits | ERROR_BIT[kind], 0);
  const trace = end.map((last) => traceOf(system, last, error)).find((each) => each);
  return trace && replays(fresh(), property, trace) ? trace : undefined;
}

/** The rows in which a run along these states ends. */
function followed(
  system: AttackedSystem,
  states: readonly State[],
): readonly Followed[] | undefined {
  const [first, ...rest] = states;
  const start = first && system.startAt(first);
  let rows: readonly Followed[] = start ? [{ row: start, ids: [], before: undefined }] : [];
  for (const wanted of rest) {
    const next = new Map<string, Followed>();
    for (const before of rows)
      system.steps(before.row, ({ next: row, ids }) => {
        if (row && wanted.every((word, i) => word === row[i]))
          next.set(row.join(), { row, ids, before });
      });
    rows = [...next.values()];
  }
  return rows.length > 0 ? rows : undefined;
}

function traceOf(system: AttackedSystem, last: Followed, error: number): Trace | undefined {
  const passed: Followed[] = [];
  for (let at: Followed | undefined = last; at; at = at.before) passed.unshift(at);
  const rows = passed.map(({ row }) => row);
  const ids = passed.slice(1).map((each) => each.ids);
  if (error === 0) return attackTraceOf(system, { rows, ids });
  let by: readonly string[] | undefined;
  system.steps(last.row, (step) => {
    if (!step.next && step.errors === error) by ??= step.ids;
  });
  return by && attackTraceOf(system, { rows, ids: [...ids, by], error });
}

/** The part of a row of a composed model that the model itself has. */
function projected(state: State, from: Layout, to: Layout): State {
  const row: number[] = [];
  for (const of of ['parameters', 'variables'] as const)
    for (const { of: kind, name, cells, width } of to[of]) {
      const { offset } = from.cell(kind, name);
      row.push(...state.slice(offset, offset + cells * width));
    }
  for (const { channel, messageWidth } of to.channels) {
    const { offset } = from.channel(channel.name);
    row.push(...state.slice(offset, offset + 1 + channel.capacity * messageWidth));
  }
  return row;
}
