import { EdgeRecorder, ERROR_TARGET, type Edges } from '../../graph/edges.ts';
import { isOver, OutOfTime, type Time } from '../../time/time.ts';
import { ProductTooLarge, type Automaton } from './buchi.ts';
import type { Arena, FairGraph } from './fairCycle.ts';

/** The label of a step that is none: a run that has stopped stays where it is. */
export const STAYS = -1;

/** A graph with its starts. */
export interface WalkedGraph extends FairGraph {
  readonly starts: readonly number[];
}

/** A graph walked along with an automaton. */
export interface Product extends Arena {
  readonly starts: readonly number[];
  /** The place of the automaton that a node has. */
  placeOf(node: number): number;
  /** Whether the run has stopped at this node, for ever. */
  isStopped(node: number): boolean;
}

/** A map of JavaScript ends at 2^24 entries, by an exception. */
const MAX_NODES = 12_000_000;

/**
 * The product of the graph with an automaton: a node is a state with a place that agrees with it.
 * Where no fair condition is enabled a run may stop (SEMANTICS 7); from then on it stays, in nodes
 * of their own, and only the automaton moves.
 */
export function productOf(
  graph: WalkedGraph,
  automaton: Automaton,
  holds: (atom: number, state: number) => boolean | undefined,
  mayStop: (state: number) => boolean,
  time: Time,
): Product {
  const builder = new ProductBuilder(graph, automaton, holds, mayStop);
  return builder.build(time);
}

class ProductBuilder {
  readonly #graph: WalkedGraph;
  readonly #automaton: Automaton;
  readonly #holds: (atom: number, state: number) => boolean | undefined;
  readonly #mayStop: (state: number) => boolean;
  readonly #numbers = new Map<number, number>();
  readonly #keys: number[] = [];
  readonly #recorder = new EdgeRecorder();

  constructor(
    graph: WalkedGraph,
    automaton: Automaton,
    holds: (atom: number, state: number) => boolean | undefined,
    mayStop: (state: number) => boolean,
  ) {
    this.#graph = graph;
    this.#automaton = automaton;
    this.#holds = holds;
    this.#mayStop = mayStop;
  }

  build(time: Time): Product {
    const places = this.#automaton.places.length;
    const starts = this.#graph.starts.flatMap((state) =>
      this.#automaton.initial.flatMap((place) => this.#node(state, place, false) ?? []),
    );
    for (let node = 0; node < this.#keys.length; node += 1) {
      if ((node & 0xfff) === 0 && isOver(time)) throw new OutOfTime();
      this.#recorder.open();
      this.#expand(this.#keys[node] as number);
    }
    const keys = this.#keys;
    const stateOf = (node: number): number => Math.floor((keys[node] as number) / 2 / places);
    return {
      graph: this.#graph,
      edges: this.#recorder.finish(),
      size: keys.length,
      starts,
      stateOf,
      stops: false,
      placeOf: (node) => Math.floor((keys[node] as number) / 2) % places,
      isStopped: (node) => (keys[node] as number) % 2 === 1,
    };
  }

  /** The number of a node, if the place agrees with the state. */
  #node(state: number, place: number, stopped: boolean): number | undefined {
    const key = (state * this.#automaton.places.length + place) * 2 + (stopped ? 1 : 0);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (
      !(this.#automaton.places[place]?.literals ?? []).every(
        ({ atom, wanted }) => this.#holds(atom, state) === wanted,
      )
    )
      return undefined;
    if (this.#keys.length >= MAX_NODES)
      throw new ProductTooLarge(
        `the product of the graph and the formula has more than ${MAX_NODES} nodes; ask for fewer states (--max-states)`,
      );
    const number = this.#keys.push(key) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #expand(key: number): void {
    const places = this.#automaton.places.length;
    const stopped = key % 2 === 1;
    const place = Math.floor(key / 2) % places;
    const state = Math.floor(key / 2 / places);
    const next = this.#automaton.places[place]?.next ?? [];
    const go = (target: number, label: number, stays: boolean): void => {
      for (const to of next) {
        const node = this.#node(target, to, stays);
        if (node !== undefined) this.#recorder.push(node, label);
      }
    };
    if (stopped || this.#mayStop(state)) go(state, STAYS, true);
    if (stopped || state >= this.#graph.expanded) return;
    const { rows, targets, labels } = this.#graph.edges as Edges;
    for (let e = rows[state] as number; e < (rows[state + 1] as number); e += 1) {
      const target = targets[e] as number;
      if (target !== ERROR_TARGET) go(target, labels[e] as number, false);
    }
  }
}
