import { backwardReach } from '../engines/explore/recover.ts';
import { EdgeRecorder, type Edges } from '../graph/graph.ts';
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
  readonly #reaching = new Map<string, Uint8Array>();

  private constructor(
    semantics: Semantics,
    store: StateStore,
    edges: Edges,
    stuck: readonly boolean[],
  ) {
    this.#semantics = semantics;
    this.#store = store;
    this.#edges = edges;
    this.#stuck = stuck;
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
    return new Onward(semantics, store, recorder.finish(), stuck);
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
