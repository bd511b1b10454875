/** Index of a node: 0 is false, 1 is true. */
export type BddNode = number;

/** Nodes that a diagram may have; beyond it the caller falls back to bounds, and says so. */
const MAX_NODES = 1_000_000;

export class TooManyNodes extends Error {}

/**
 * Reduced ordered binary decision diagrams (Bryant 1986) over variables 0…n−1 in that order: enough
 * for monotone functions given by their minimal sets, as in a fault tree (Rauzy 1993).
 */
export class Bdd {
  readonly #variable: number[] = [Infinity, Infinity];
  readonly #low: BddNode[] = [0, 1];
  readonly #high: BddNode[] = [0, 1];
  readonly #unique = new Map<string, BddNode>();
  readonly #unions = new Map<number, BddNode>();
  readonly #families = new Map<string, BddNode>();
  readonly #maxNodes: number;

  constructor(maxNodes = MAX_NODES) {
    this.#maxNodes = maxNodes;
  }

  node(variable: number, low: BddNode, high: BddNode): BddNode {
    if (low === high) return low;
    const key = `${variable} ${low} ${high}`;
    const known = this.#unique.get(key);
    if (known !== undefined) return known;
    const made = this.#variable.length;
    if (made >= this.#maxNodes) throw new TooManyNodes();
    this.#variable.push(variable);
    this.#low.push(low);
    this.#high.push(high);
    this.#unique.set(key, made);
    return made;
  }

  /**
   * Some of these sets of variables, all true: a diagram whose order is chosen on each path anew (a
   * free one, FBDD), so that wide families of sets stay small. Only `weigh` takes it: `or` needs
   * one order. Depth of the recursion: the number of variables.
   */
  some(sets: readonly (readonly number[])[]): BddNode {
    if (sets.some((set) => set.length === 0)) return 1;
    if (sets.length === 0) return 0;
    const key = sets
      .map((set) => set.join())
      .sort()
      .join(';');
    const before = this.#families.get(key);
    if (before !== undefined) return before;
    const variable = branchingOf(sets);
    const without = sets.filter((set) => !set.includes(variable));
    const shrunk = sets
      .filter((set) => set.includes(variable))
      .map((set) => set.filter((each) => each !== variable));
    const high = this.some(withoutSupersets(shrunk, without));
    const made = this.node(variable, this.some(without), high);
    this.#families.set(key, made);
    return made;
  }

  /** All of these variables. */
  cube(variables: readonly number[]): BddNode {
    return [...variables].sort((a, b) => b - a).reduce((rest, each) => this.node(each, 0, rest), 1);
  }

  /** More than `k` of the variables `0…n−1`. */
  moreThan(k: number, n: number): BddNode {
    // rows[j]: at least j of the variables from here on.
    let rows = Array.from({ length: k + 2 }, (_, j): BddNode => (j === 0 ? 1 : 0));
    for (let variable = n - 1; variable >= 0; variable -= 1) {
      const below = rows;
      rows = below.map((low, j) => (j === 0 ? 1 : this.node(variable, low, below[j - 1] ?? 1)));
    }
    return rows[k + 1] ?? 0;
  }

  /** Depth of the recursion: the number of variables. */
  or(a: BddNode, b: BddNode): BddNode {
    if (a === 1 || b === 1) return 1;
    if (a === 0 || a === b) return b;
    if (b === 0) return a;
    const key = Math.min(a, b) * this.#maxNodes + Math.max(a, b);
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const [va, vb] = [this.#variable[a] ?? Infinity, this.#variable[b] ?? Infinity];
    const variable = Math.min(va, vb);
    const low = this.or(
      va === variable ? this.#at(this.#low, a) : a,
      vb === variable ? this.#at(this.#low, b) : b,
    );
    const high = this.or(
      va === variable ? this.#at(this.#high, a) : a,
      vb === variable ? this.#at(this.#high, b) : b,
    );
    const made = this.node(variable, low, high);
    this.#unions.set(key, made);
    return made;
  }

  /**
   * P(root) with independent variables, and for each variable P(root | it is true) − P(root | it is
   * false): one pass up and one down (Birnbaum 1969).
   */
  weigh(
    root: BddNode,
    q: readonly number[],
  ): { readonly p: number; readonly birnbaum: readonly number[] } {
    const order = this.#below(root);
    const p = new Map<BddNode, number>([
      [0, 0],
      [1, 1],
    ]);
    const of = (node: BddNode): number => p.get(node) ?? 0;
    // Children are made before their parents, so by index they come first.
    for (const node of order) {
      const chance = q[this.#variable[node] ?? 0] ?? 0;
      p.set(
        node,
        (1 - chance) * of(this.#at(this.#low, node)) + chance * of(this.#at(this.#high, node)),
      );
    }
    const birnbaum = q.map(() => 0);
    const reach = new Map<BddNode, number>([[root, 1]]);
    for (const node of [...order].reverse()) {
      const [variable, arrives] = [this.#variable[node] ?? 0, reach.get(node) ?? 0];
      const [low, high, chance] = [
        this.#at(this.#low, node),
        this.#at(this.#high, node),
        q[variable] ?? 0,
      ];
      birnbaum[variable] = (birnbaum[variable] ?? 0) + arrives * (of(high) - of(low));
      reach.set(low, (reach.get(low) ?? 0) + arrives * (1 - chance));
      reach.set(high, (reach.get(high) ?? 0) + arrives * chance);
    }
    return { p: of(root), birnbaum };
  }

  /** The inner nodes of a diagram, by index. */
  #below(root: BddNode): BddNode[] {
    const seen = new Set<BddNode>();
    const open = [root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node < 2 || seen.has(node)) continue;
      seen.add(node);
      open.push(this.#at(this.#low, node), this.#at(this.#high, node));
    }
    return [...seen].sort((a, b) => a - b);
  }

  #at(list: readonly BddNode[], node: BddNode): BddNode {
    return list[node] ?? 0;
  }
}

/** Of the smallest sets the variable that is in most sets. */
function branchingOf(sets: readonly (readonly number[])[]): number {
  const least = sets.reduce((size, set) => Math.min(size, set.length), Infinity);
  const uses = new Map<number, number>();
  for (const set of sets) for (const each of set) uses.set(each, (uses.get(each) ?? 0) + 1);
  let best = -1;
  for (const set of sets)
    if (set.length === least)
      for (const each of set)
        if (best < 0 || (uses.get(each) ?? 0) > (uses.get(best) ?? 0)) best = each;
  return best;
}

/** All sets but those that contain another: only the shrunk ones can be new in one. */
function withoutSupersets(
  shrunk: readonly (readonly number[])[],
  others: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  const kept = shrunk.filter(
    (set, at) =>
      !shrunk.some(
        (other, before) =>
          (other.length < set.length || (other.length === set.length && before < at)) &&
          other.every((each) => set.includes(each)),
      ),
  );
  return [
    ...kept,
    ...others.filter((set) => !kept.some((small) => small.every((each) => set.includes(each)))),
  ];
}
