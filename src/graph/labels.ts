import type { Instance, Semantics } from '../model/semantics.ts';
import { conditionKey } from './fairness.ts';

/**
 * What stands at an edge: the number of the instance that takes the step; or, with `perMessage`, a
 * number beyond the instances for each message value, since each has a fairness condition of its
 * own (SEMANTICS 7).
 */
export class StepLabels {
  readonly #semantics: Semantics;
  readonly #byKey = new Map<string, number>();
  /** The instances behind the labels that are no instance. */
  readonly #instances: number[] = [];

  constructor(semantics: Semantics) {
    this.#semantics = semantics;
  }

  of(instance: Instance, state: ArrayLike<number>, taken: readonly number[]): number {
    if (!instance.action.perMessage || instance.action.fair === 'none') return instance.index;
    const key = conditionKey(this.#semantics, instance, state, taken);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const label = this.#semantics.instances.length + this.#instances.length;
    this.#instances.push(instance.index);
    this.#byKey.set(key, label);
    return label;
  }

  /** The number of the instance behind a label. */
  instanceOf(label: number): number {
    const { length } = this.#semantics.instances;
    return label < length ? label : (this.#instances[label - length] ?? 0);
  }
}
