import { backwardReach } from '../engines/explore/recover.ts';
import { Components } from '../graph/components.ts';
import { EdgeRecorder, type Edges } from '../graph/edges.ts';
import { StateStore } from '../graph/stateStore.ts';
import { BEYOND } from '../model/evaluate.ts';
import type { State } from '../model/layout.ts';
import type { Semantics } from '../model/semantics.ts';
import { isOver, type Time } from '../time/time.ts';

/** How far a sentence is looked into: beyond it, nothing is said that would need more. */
export interface OnwardLimits {
  readonly maxStates: number;
  readonly time: Time;
}

/** All that can follow some states: what "never" and "for ever" in a sentence are checked on. */
export class Onward {
  readonly #semantics: Semantics;
  readonly #store: StateStore;
  readonly #edges: Edges;
  readonly #stuck: readonly boolean[];
  /** How many states runs begin with: the first ones. */
  readonly #starts: number;
  readonly #reaching = new Map<string, Uint8Array>();
  #before: Int32Array | undefined;

  private constructor(
    semantics: Semantics,
    store: StateStore,
    edges: Edges,
    stuck: readonly boolean[],
    starts: number,
  ) {
    this.#semantics = semantics;
    this.#store = store;
    this.#edges = edges;
    this.#stuck = stuck;
    this.#starts = starts;
  }

  /** Nothing where there is more than the limits allow. An error step leads nowhere. */
  static from(
    semantics: Semantics,
    roots: Iterable<State>,
    { maxStates, time }: OnwardLimits,
  ): Onward | undefined {
    const store = new StateStore(semantics.layout.width, true);
    const recorder = new EdgeRecorder();
    const stuck: boolean[] = [];
    for (const root of roots) store.add(root);
    const starts = store.count;
    for (let index = 0; index < store.count; index += 1) {
      if (store.count > maxStates) return undefined;
      if ((index & 0xff) === 0 && isOver(time)) return undefined;
      recorder.open();
      let isStuck = true;
      try {
        semantics.successors(store.get(index), (instance, next) => {
          isStuck = false;
          if (next) recorder.push(store.add(next).index, instance.index);
        });
      } catch (error) {
        if (error === BEYOND) return undefined;
        throw error;
      }
      stuck.push(isStuck);
    }
    return new Onward(semantics, store, recorder.finish(), stuck, starts);
  }

  /** Whether some state of all satisfies this. */
  some(test: (state: State) => boolean): boolean {
    for (let index = 0; index < this.#store.count; index += 1)
      if (test(this.#store.get(index))) return true;
    return false;
  }

  /** Whether some step of all is one of what is drawn as this element. */
  happens(elementId: string): boolean {
    const { instances } = this.#semantics;
    return this.#edges.labels.some((label) => instances[label]?.action.elementId === elementId);
  }

  /** All states, those first that fewer steps lead to. */
  *states(): Generator<State> {
    for (let index = 0; index < this.#store.count; index += 1) yield this.#store.get(index);
  }

  /** One of the states, the first, of each part that no step leads out of. */
  ends(): readonly State[] {
    const { rows, targets } = this.#edges;
    const { count } = this.#store;
    const part = new Int32Array(count);
    const parts = new Components(this.#edges, count, () => undefined).among([
      ...Array.from({ length: count }).keys(),
    ]);
    for (const [number, members] of parts.entries())
      for (const member of members) part[member] = number;
    const leaves = (member: number): boolean =>
      targets
        .subarray(rows[member], rows[member + 1])
        .some((target) => target >= 0 && part[target] !== part[member]);
    return parts
      .filter((members) => !members.some(leaves))
      .map((members) => members.reduce((least, member) => Math.min(least, member)))
      .toSorted((a, b) => a - b)
      .map((index) => this.#store.get(index));
  }

  /** A shortest run to a state. */
  wayTo(state: State): readonly State[] {
    this.#before ??= this.#firstLedTo();
    const way: State[] = [];
    for (let at = this.#store.add(state).index; at >= 0; at = this.#before[at] as number)
      way.push(this.#store.get(at));
    return way.reverse();
  }

  /** For each state the first one that leads to it; −1 for those that a run begins with. */
  #firstLedTo(): Int32Array {
    const { rows, targets } = this.#edges;
    const before = new Int32Array(this.#store.count).fill(-1);
    for (let index = 0; index < before.length; index += 1)
      for (const target of targets.subarray(rows[index], rows[index + 1]))
        if (target >= this.#starts && target > index && before[target] === -1)
          before[target] = index;
    return before;
  }

  /** Whether in some state nothing goes on. */
  get stops(): boolean {
    return this.#stuck.includes(true);
  }

  /** Whether a state that satisfies this can follow one of them, or is it; `key` names the test. */
  canFollow(state: State, key: string, test: (state: State) => boolean): boolean {
    const store = this.#store;
    const known = this.#reaching.get(key);
    const reaching =
      known ??
      backwardReach({ edges: this.#edges, expanded: store.count, store }, (index) =>
        test(store.get(index)),
      );
    if (!known) this.#reaching.set(key, reaching);
    return reaching[store.add(state).index] === 1;
  }
}
