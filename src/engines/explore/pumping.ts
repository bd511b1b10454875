import type { Graph } from '../../graph/graph.ts';
import { anyNode, type Expr } from '../../model/expression.ts';
import type { State } from '../../model/layout.ts';
import { judgedPredicates } from '../../model/model.ts';
import { sameState, type Instance, type Semantics } from '../../model/semantics.ts';
import { countersOf, namesIn } from './structure.ts';

/**
 * Looks for a sign that a graph has no end: a state on the way to another one that differs in
 * nothing but counters, none of which is smaller, and from which the same steps lead on in the same
 * way (Karp and Miller 1969). Those steps can then be repeated for ever, provided that nobody tells
 * many tokens from more: only counters that are compared with small numbers are looked at.
 */
export class PumpWatch {
  readonly #graph: Graph;
  readonly #semantics: Semantics;
  /** Where the counters stand in a row; not asked before the graph is large. */
  #counters: readonly { readonly name: string; readonly offset: number }[] | undefined;
  #left = MAX_LOOKS;
  #found: readonly string[] | undefined;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#semantics = graph.semantics;
  }

  /**
   * The names of counters that grow without end; asked about a state that was just found, and is in
   * view.
   */
  look(index: number): readonly string[] | undefined {
    if (this.#found || this.#left === 0 || index < PATIENCE) return this.#found;
    const counters = (this.#counters ??= [...onlyAskedForLittle(this.#semantics)].map((name) => ({
      name,
      offset: this.#semantics.layout.cell('variable', name).offset,
    })));
    if (counters.length === 0) {
      this.#left = 0;
      return undefined;
    }
    const { row } = this.#graph;
    if (!counters.some(({ offset }) => (row[offset] as number) >= SUSPICIOUS)) return undefined;
    this.#left -= 1;
    const state = Array.from(row);
    const path = this.#graph.pathTo(index);
    for (let at = path.length - 2; at >= 0 && !this.#found; at -= 1) {
      const earlier = this.#graph.store.get(path[at] as number);
      const grown = this.#grown(earlier, state);
      if (grown.length > 0 && this.#repeats(path.slice(at), state)) this.#found = grown;
    }
    return this.#found;
  }

  #grown(earlier: State, later: State): string[] {
    const counters = this.#counters ?? [];
    const grown = counters.filter(
      ({ offset }) => (later[offset] as number) > (earlier[offset] as number),
    );
    const others = new Set(grown.map(({ offset }) => offset));
    return earlier.every((word, i) => others.has(i) || word === later[i])
      ? grown.map(({ name }) => name)
      : [];
  }

  /**
   * Whether the steps between the states of `path` can be taken twice more from `state`, with the
   * same effect each time.
   */
  #repeats(path: readonly number[], state: State): boolean {
    const states = path.map((index) => this.#graph.store.get(index));
    let at = state;
    for (let round = 0; round < 2; round += 1) {
      for (let i = 1; i < states.length; i += 1) {
        const next = this.#sameStep(states[i - 1] as State, states[i] as State, at);
        if (!next) return false;
        at = next;
      }
    }
    return true;
  }

  #sameStep(from: State, to: State, at: State): State | undefined {
    let taken: Instance | undefined;
    this.#semantics.successors(from, (instance, next) => {
      if (!taken && next && sameState(next, to)) taken = instance;
    });
    let found: State | undefined;
    if (taken) {
      this.#semantics.stepsOf(taken, at, (_instance, next) => {
        if (
          !found &&
          next &&
          next.every(
            (word, i) => word - (at[i] as number) === (to[i] as number) - (from[i] as number),
          )
        )
          found = next;
      });
    }
    return found;
  }
}

/** Smaller graphs are explored in no time, and mostly have an end. */
const PATIENCE = 4_000;
const SUSPICIOUS = 3;
const MAX_LOOKS = 500;

/**
 * The counters that steps and predicates only compare with small numbers: when they have grown
 * beyond those, more tokens are never told from many. Whatever is compared with something else
 * might have an end far up.
 */
function onlyAskedForLittle(semantics: Semantics): ReadonlySet<string> {
  const { model } = semantics;
  const counters = new Set(countersOf(model));
  const asked = [
    ...judgedPredicates(model),
    ...model.actions.flatMap((action) => [
      ...(action.when ? [action.when] : []),
      ...action.controls.map((control) => control.condition),
      ...action.assignments.map((assignment) => assignment.value),
    ]),
  ];
  for (const expr of asked)
    if (anyNode(expr, asksForMuch)) for (const name of namesOf(expr)) counters.delete(name);
  return counters;
}

function asksForMuch(e: Expr): boolean {
  if (e.kind === 'literal') return Math.abs(e.value) >= SUSPICIOUS;
  return (
    e.kind === 'between' ||
    (e.kind === 'compare' && e.left.kind !== 'literal' && e.right.kind !== 'literal')
  );
}

function namesOf(expr: Expr): ReadonlySet<string> {
  const names = new Set<string>();
  namesIn(expr, names);
  return names;
}
