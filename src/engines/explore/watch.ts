import type { Property } from '../../model/model.ts';
import type { State } from '../../model/layout.ts';

/** What a predicate says of a state; 0 before it was asked. */
export const FALSE = 1;
export const TRUE = 2;
const NO_VALUE = 3;

/** One predicate, judged at every state as it is found. */
export class StateWatch {
  readonly property: Property;
  readonly #predicate: (state: State) => boolean | undefined;
  /** Per state: FALSE, TRUE or NO_VALUE. */
  values = new Uint8Array(1 << 12);
  firstTrue: number | undefined;
  firstFalse: number | undefined;
  /** The valuations in which it was ever true. */
  readonly trueIn = new Set<number>();

  constructor(property: Property, predicate: (state: State) => boolean | undefined) {
    this.property = property;
    this.#predicate = predicate;
  }

  /** Whether the predicate has no value at this state. */
  look(index: number, state: State, valuation: number): boolean {
    if (index >= this.values.length) {
      const larger = new Uint8Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    const value = this.#predicate(state);
    this.values[index] = value === undefined ? NO_VALUE : value ? TRUE : FALSE;
    if (value === true) {
      this.firstTrue ??= index;
      this.trueIn.add(valuation);
    } else if (value === false) this.firstFalse ??= index;
    return value === undefined;
  }
}
