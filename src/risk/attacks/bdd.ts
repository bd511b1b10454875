import { Families } from './families.ts';

/** Index of a node: 0 is false, 1 is true. */
export type BddNode = number;

/** Nodes that a diagram may have; beyond it the caller falls back to bounds, and says so. */
const MAX_NODES = 1_000_000;
/** Diagrams in arrays that are remembered. */
const MAX_COMPACTED = 4;

export class TooManyNodes extends Error {}

/**
 * Reduced ordered binary decision diagrams (Bryant 1986) over variables 0…n−1 in that order: enough
 * for monotone functions given by their minimal sets, as in a fault tree (Rauzy 1993).
 */
export class Bdd {
  readonly #variable: number[] = [Infinity, Infinity];
  readonly #low: BddNode[] = [0, 1];
  readonly #high: BddNode[] = [0, 1];
  /** By variable, by both children as one number. */
  readonly #unique: Map<number, BddNode>[] = [];
  readonly #unions = new Map<number, BddNode>();
  readonly #roots = new Map<string, BddNode>();
  #families: Families | undefined;
  #variables = 0;
  readonly #compacted = new Map<BddNode, CompactBdd>();
  readonly #maxNodes: number;

  constructor(maxNodes = MAX_NODES) {
    this.#maxNodes = maxNodes;
  }

  node(variable: number, low: BddNode, high: BddNode): BddNode {
    if (low === high) return low;
    const unique = (this.#unique[variable] ??= new Map());
    const key = low * this.#maxNodes + high;
    const known = unique.get(key);
    if (known !== undefined) return known;
    const made = this.#variable.length;
    if (made >= this.#maxNodes) throw new TooManyNodes();
    this.#variable.push(variable);
    this.#low.push(low);
    this.#high.push(high);
    unique.set(key, made);
    return made;
  }

  /**
   * Some of these sets of variables, all true: a diagram whose order is chosen on each path anew (a
   * free one, FBDD), so that wide families of sets stay small. Only `weigh` takes it: `or` needs
   * one order. Depth of the recursion: the number of variables.
   */
  some(sets: readonly (readonly number[])[]): BddNode {
    const variables = sets.reduce((most, set) => Math.max(most, ...set), -1) + 1;
    if (!this.#families || this.#variables < variables) {
      // What is remembered is remembered by the numbers that these give.
      this.#families = new Families(variables);
      this.#variables = variables;
      this.#roots.clear();
    }
    return this.#someOf(this.#families, this.#families.family(sets));
  }

  #someOf(families: Families, family: readonly number[]): BddNode {
    if (family.length === 0) return 0;
    if (families.hasEmpty(family)) return 1;
    const key = family.join();
    const before = this.#roots.get(key);
    if (before !== undefined) return before;
    const variable = families.branching(family);
    const { low, high } = families.split(family, variable);
    const above = this.#someOf(families, high);
    const made = this.node(variable, this.#someOf(families, low), above);
    this.#roots.set(key, made);
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
    return this.compact(root).weigh(q);
  }

  /** The diagram below a root by itself, to be weighed many times. */
  compact(root: BddNode): CompactBdd {
    const known = this.#compacted.get(root);
    if (known) return known;
    const order = this.#below(root);
    const place = new Map<BddNode, number>([
      [0, 0],
      [1, 1],
      ...order.map((node, i) => [node, i + 2] as const),
    ]);
    const at = (list: readonly BddNode[]): Int32Array =>
      Int32Array.from(order, (node) => place.get(this.#at(list, node)) as number);
    const made = new CompactBdd(
      place.get(root) as number,
      Int32Array.from(order, (node) => this.#variable[node] as number),
      at(this.#low),
      at(this.#high),
    );
    if (this.#compacted.size >= MAX_COMPACTED) this.#compacted.clear();
    this.#compacted.set(root, made);
    return made;
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

/** A diagram in arrays: terminals 0 and 1, then its nodes, children before their parents. */
export class CompactBdd {
  readonly #root: number;
  readonly #variables: Int32Array;
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  /** P of each node, as it was last weighed. */
  readonly #p: Float64Array;

  constructor(root: number, variables: Int32Array, low: Int32Array, high: Int32Array) {
    this.#root = root;
    this.#variables = variables;
    this.#low = low;
    this.#high = high;
    this.#p = new Float64Array(variables.length + 2);
    this.#p[1] = 1;
  }

  get size(): number {
    return this.#variables.length;
  }

  /** P(root) with independent variables. */
  probability(q: ArrayLike<number>): number {
    for (let i = 0; i < this.#variables.length; i += 1) {
      const chance = q[this.#variables[i] as number] as number;
      const low = this.#p[this.#low[i] as number] as number;
      const high = this.#p[this.#high[i] as number] as number;
      this.#p[i + 2] = (1 - chance) * low + chance * high;
    }
    return this.#p[this.#root] as number;
  }

  /** P(root), and for each variable P(root | true) − P(root | false): one pass up and one down. */
  weigh(q: readonly number[]): { readonly p: number; readonly birnbaum: readonly number[] } {
    const p = this.probability(q);
    const birnbaum = q.map(() => 0);
    const reach = new Float64Array(this.#p.length);
    reach[this.#root] = 1;
    for (let i = this.#variables.length - 1; i >= 0; i -= 1) {
      const [variable, arrives] = [this.#variables[i] as number, reach[i + 2] as number];
      const [low, high] = [this.#low[i] as number, this.#high[i] as number];
      const chance = q[variable] as number;
      birnbaum[variable] =
        (birnbaum[variable] as number) +
        arrives * ((this.#p[high] as number) - (this.#p[low] as number));
      reach[low] = (reach[low] as number) + arrives * (1 - chance);
      reach[high] = (reach[high] as number) + arrives * chance;
    }
    return { p, birnbaum };
  }

  /**
   * Draws all variables, given that the function is true: down the diagram by what each way weighs
   * (as it was last weighed, with these q), and freely what it does not ask.
   */
  drawTrue(q: ArrayLike<number>, uniform: () => number, into: Uint8Array): void {
    for (let v = 0; v < into.length; v += 1) into[v] = uniform() < (q[v] as number) ? 1 : 0;
    for (let node = this.#root; node > 1;) {
      const [i, chance] = [node - 2, q[this.#variables[node - 2] as number] as number];
      const high = chance * (this.#p[this.#high[i] as number] as number);
      const takesHigh = uniform() * (this.#p[node] as number) < high;
      into[this.#variables[i] as number] = takesHigh ? 1 : 0;
      node = (takesHigh ? this.#high[i] : this.#low[i]) as number;
    }
  }
}
