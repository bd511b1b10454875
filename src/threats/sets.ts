/**
 * Sets of texts as single numbers, so that a record of what was ever seen is one word of a state.
 */
export class InternedSets {
  readonly #sets: ReadonlySet<string>[] = [new Set()];
  readonly #numbers = new Map<string, number>([['', 0]]);

  has(set: number, item: string): boolean {
    return this.#sets[set]?.has(item) ?? false;
  }

  items(set: number): readonly string[] {
    return [...(this.#sets[set] ?? [])];
  }

  /** The number of the set with the item in it. */
  with(set: number, item: string): number {
    if (this.has(set, item)) return set;
    const items = [...this.items(set), item].sort();
    const key = items.join(' ');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#sets.push(new Set(items)) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}
