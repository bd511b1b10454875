import type { StateJudge } from '../../graph/walker.ts';
import type { FormulaKind, Property } from '../../model/model.ts';

/** What a predicate says of a state; 0 before it was asked. */
export const FALSE = 1;
export const HOLDS_THERE = 2;
export const NO_VALUE = 3;
/** As a truth value; nothing where the predicate has none. */
export const TRUTH: readonly (boolean | undefined)[] = [undefined, false, true, undefined];

/** The code of a truth value. */
export const codeOf = (value: boolean | undefined): number =>
  value === undefined ? NO_VALUE : value ? HOLDS_THERE : FALSE;

/**
 * One predicate, judged at every state as it is found, for as long as there is something to learn.
 */
export class StateWatch {
  readonly property: Property;
  readonly #predicate: StateJudge;
  /**
   * What is sought, where one finding is enough and the predicate has a value everywhere; else
   * every state is judged.
   */
  readonly #sought: boolean | undefined;
  readonly #keepsValues: boolean;
  /** Per state: FALSE, TRUE or NO_VALUE; 0 where it was not asked, or values are not kept. */
  values = new Uint8Array(1 << 12);
  firstTrue: number | undefined;
  firstFalse: number | undefined;
  /** The valuations in which it was ever true. */
  readonly trueIn = new Set<number>();

  constructor(
    property: Property,
    predicate: StateJudge,
    { isTotal, keepsValues }: { readonly isTotal: boolean; readonly keepsValues: boolean },
  ) {
    this.property = property;
    this.#keepsValues = keepsValues;
    this.#predicate = predicate;
    this.#sought = isTotal ? SOUGHT[property.formula.kind] : undefined;
  }

  /** Whether the predicate has no value at this state, which is in view. */
  look(index: number, valuation: number): boolean {
    if (
      this.#sought !== undefined &&
      (this.#sought ? this.trueIn.has(valuation) : this.firstFalse !== undefined)
    )
      return false;
    const value = this.#predicate();
    if (this.#keepsValues) {
      if (index >= this.values.length) this.#grow(index);
      this.values[index] = codeOf(value);
    }
    if (value === true) {
      this.firstTrue ??= index;
      this.trueIn.add(valuation);
    } else if (value === false) this.firstFalse ??= index;
    return value === undefined;
  }

  #grow(index: number): void {
    let length = this.values.length;
    while (length <= index) length *= 2;
    const larger = new Uint8Array(length);
    larger.set(this.values);
    this.values = larger;
  }
}

/** Kinds that one state decides: what it would have to be. */
const SOUGHT: Readonly<Partial<Record<FormulaKind, boolean>>> = {
  always: false,
  never: true,
  reachable: true,
  reachableEach: true,
};
