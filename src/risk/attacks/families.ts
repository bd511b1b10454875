/** Ids in one word of a mask: all of its bits are a small integer. */
const WORD_BITS = 30;

/**
 * Families of sets of variables, coded so that what a decision diagram asks of them thousands of
 * times is asked of words: a set is a number that stands for its mask, a family its numbers in
 * order.
 */
export class Families {
  readonly #words: number;
  /** The masks, `words` each, one set after the other. */
  #masks = new Int32Array(1024);
  readonly #sizes: number[] = [];
  readonly #known = new Map<string, number>();
  readonly #shrunk = new Map<number, number>();
  readonly #variables: number;

  constructor(variables: number) {
    this.#variables = variables;
    this.#words = Math.max(1, Math.ceil(variables / WORD_BITS));
  }

  /** The family of these sets, without those that contain another one. */
  family(sets: readonly (readonly number[])[]): readonly number[] {
    const numbers = new Set(
      sets.map((set) => {
        const mask = new Int32Array(this.#words);
        for (const variable of set)
          mask[wordOf(variable)] = (mask[wordOf(variable)] as number) | bitIn(variable);
        return this.#number(mask);
      }),
    );
    return this.#minimal([...numbers], []);
  }

  hasEmpty(family: readonly number[]): boolean {
    return family.some((set) => this.#sizes[set] === 0);
  }

  /** Of the smallest sets the variable that is in most sets; the first of several. */
  branching(family: readonly number[]): number {
    const uses = new Int32Array(this.#variables);
    let least = Infinity;
    for (const set of family) {
      least = Math.min(least, this.#sizes[set] as number);
      this.#each(set, (variable) => {
        uses[variable] = (uses[variable] as number) + 1;
      });
    }
    let best = -1;
    for (const set of family)
      if (this.#sizes[set] === least)
        this.#each(set, (variable) => {
          if (best < 0 || (uses[variable] as number) > (uses[best] as number)) best = variable;
        });
    return best;
  }

  /** What is left of a family where a variable is false, and where it is true. */
  split(
    family: readonly number[],
    variable: number,
  ): { readonly low: readonly number[]; readonly high: readonly number[] } {
    const [word, bit] = [wordOf(variable), bitIn(variable)];
    const low: number[] = [];
    const shrunk: number[] = [];
    for (const set of family) {
      if (((this.#masks[set * this.#words + word] as number) & bit) === 0) low.push(set);
      else shrunk.push(this.#without(set, variable));
    }
    return { low, high: this.#minimal(shrunk, low) };
  }

  #without(set: number, variable: number): number {
    const key = set * this.#variables + variable;
    const known = this.#shrunk.get(key);
    if (known !== undefined) return known;
    const at = set * this.#words;
    const mask = this.#masks.slice(at, at + this.#words);
    mask[wordOf(variable)] = (mask[wordOf(variable)] as number) & ~bitIn(variable);
    const made = this.#number(mask);
    this.#shrunk.set(key, made);
    return made;
  }

  /** All sets but those that contain another: only the shrunk ones can be new in one. */
  #minimal(shrunk: readonly number[], others: readonly number[]): readonly number[] {
    const unique = [...new Set(shrunk)];
    const kept = unique.filter(
      (set) => !unique.some((other) => other !== set && this.#isWithin(other, set)),
    );
    return [
      ...kept,
      ...others.filter((set) => !kept.some((small) => this.#isWithin(small, set))),
    ].sort((a, b) => a - b);
  }

  #isWithin(small: number, large: number): boolean {
    if ((this.#sizes[small] as number) > (this.#sizes[large] as number)) return false;
    for (let word = 0; word < this.#words; word += 1) {
      const mask = this.#masks[small * this.#words + word] as number;
      if ((mask & (this.#masks[large * this.#words + word] as number)) !== mask) return false;
    }
    return true;
  }

  #each(set: number, visit: (variable: number) => void): void {
    for (let word = 0; word < this.#words; word += 1)
      for (let mask = this.#masks[set * this.#words + word] as number; mask !== 0; mask &= mask - 1)
        visit(word * WORD_BITS + 31 - Math.clz32(mask & -mask));
  }

  #number(mask: Int32Array): number {
    const key = mask.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const number = this.#sizes.length;
    if ((number + 1) * this.#words > this.#masks.length) {
      const larger = new Int32Array(this.#masks.length * 2);
      larger.set(this.#masks);
      this.#masks = larger;
    }
    this.#masks.set(mask, number * this.#words);
    let size = 0;
    for (let rest of mask) for (; rest !== 0; rest &= rest - 1) size += 1;
    this.#sizes.push(size);
    this.#known.set(key, number);
    return number;
  }
}

const wordOf = (variable: number): number => Math.floor(variable / WORD_BITS);
const bitIn = (variable: number): number => 1 << (variable % WORD_BITS);
