import { Bdd, TooManyNodes, type BddNode } from './bdd.ts';
import type { LossProperty, LossQuestion } from './question.ts';

/** What one id does to a property's probability. */
export interface Importance {
  readonly id: string;
  /** P with the id set to happen minus P with it set not to happen; all else as it was. */
  readonly birnbaum: number;
  /** P(some minimal set with the id is realised) / P; 0 where P is 0. */
  readonly fussellVesely: number;
  /** (P − P with the id set not to happen) / P; 0 where P is 0. */
  readonly riskReduction: number;
}

export interface PropertyLoss {
  readonly name: string;
  /**
   * P(some minimal set is realised), in one unit of exposure; null where the diagram is too large.
   */
  readonly p: number | null;
  /** Where sets are complete only up to k: P(some set is realised, or more than k of the ids). */
  readonly upper: number | null;
  /** Needs no independence: min(1, Σ over sets of the least probability in it). */
  readonly bound: number;
  /** In `cases` units: 1 − (1 − p)^N. */
  readonly atLeastOnce: number | null;
  readonly ids: readonly Importance[];
}

/** The answer of `probity loss`. Probabilities from 0 to 1, losses in EUR. */
export interface LossReport {
  readonly cases: number;
  readonly properties: readonly PropertyLoss[];
  /** N · E[Σ over loss groups of the largest severity among the broken properties], EUR. */
  readonly expectedLoss?: number | null;
  /** P(some property with a severity breaks), in one unit and in `cases` of them. */
  readonly someLoss?: number | null;
  readonly someLossAtLeastOnce?: number | null;
  /** What the numbers rest on. */
  readonly assumptions: readonly string[];
}

const ASSUMPTIONS = [
  'the attacker acts optimally: a set whose ids all happen breaks the property',
  'the minimal attack sets are complete as far as they say',
  'the probabilities cover all attempts, and are independent but for the common causes',
];

/** Sums of probabilities may pass 1 by a rounding. */
const atLeastOnce = (p: number, n: number): number => -Math.expm1(n * Math.log1p(-Math.min(1, p)));

/**
 * The exact probability that attacks break properties, and what it costs: SEMANTICS rule 24. Sets
 * are a monotone function of the ids, kept as a decision diagram; common causes are conditioned on.
 */
export function lossOf(
  question: LossQuestion,
  maxNodes?: number,
  shared: Bdd = new Bdd(maxNodes),
): LossReport {
  const { properties, severity, cases } = question;
  const weigher = new Weigher(question, maxNodes, shared);
  const costly = properties.filter(({ name }) => severity.has(name));
  const someLoss = weigher.chance(costly.flatMap(({ sets }) => sets));
  const expected = expectedLoss(question, weigher);
  return {
    cases,
    properties: properties.map((property) => weigher.property(property, cases)),
    ...(severity.size === 0
      ? {}
      : {
          expectedLoss: expected === null ? null : cases * expected,
          someLoss,
          someLossAtLeastOnce: weigher.manyTimes(
            costly.flatMap(({ sets }) => sets),
            cases,
          ),
        }),
    assumptions: ASSUMPTIONS,
  };
}

/**
 * Of one unit. Within a group, with severities s₁ ≥ s₂ ≥ …, the largest broken one is on average
 * Σ (sⱼ − sⱼ₊₁) · P(one of the first j breaks).
 */
function expectedLoss(
  { properties, severity, lossGroups }: LossQuestion,
  weigher: Weigher,
): number | null {
  const grouped = new Set(lossGroups.flat());
  const groups = [
    ...lossGroups,
    ...properties.flatMap(({ name }) => (grouped.has(name) ? [] : [[name]])),
  ];
  let sum = 0;
  for (const group of groups) {
    const members = properties
      .filter(({ name }) => group.includes(name) && severity.has(name))
      .sort((a, b) => (severity.get(b.name) ?? 0) - (severity.get(a.name) ?? 0));
    for (const [at, { name }] of members.entries()) {
      const next = severity.get(members[at + 1]?.name ?? '') ?? 0;
      const p = weigher.chance(members.slice(0, at + 1).flatMap(({ sets }) => sets));
      if (p === null) return null;
      sum += ((severity.get(name) ?? 0) - next) * p;
    }
  }
  return sum;
}

/** All ids, those that occur often first: sets that share much share their nodes. */
export function orderedIds({ properties, q, commonCause }: LossQuestion): readonly string[] {
  const uses = new Map<string, number>();
  for (const id of [...q.keys(), ...commonCause.flatMap(({ members }) => members)]) uses.set(id, 0);
  for (const id of properties.flatMap(({ sets }) => sets.flat()))
    uses.set(id, (uses.get(id) ?? 0) + 1);
  return [...uses].sort(([, a], [, b]) => b - a).map(([id]) => id);
}

/** One outcome of the common causes: its probability, and of each id given it. */
interface Weather {
  readonly chance: number;
  readonly q: readonly number[];
  /** The ids that they make happen. */
  readonly sure: ReadonlySet<string>;
}

/** One outcome of what all units of a period share. */
interface Period {
  readonly chance: number;
  readonly weathers: readonly Weather[];
}

class Weigher {
  readonly #ids: readonly string[];
  readonly #at: ReadonlyMap<string, number>;
  readonly #weathers: readonly Weather[];
  readonly #periods: readonly Period[];
  readonly #maxNodes: number | undefined;
  #shared: Bdd;

  constructor(question: LossQuestion, maxNodes: number | undefined, shared: Bdd) {
    const { q, commonCause, uncertain } = question;
    this.#ids = orderedIds(question);
    this.#at = new Map(this.#ids.map((id, at) => [id, at]));
    this.#maxNodes = maxNodes;
    this.#shared = shared;
    this.#weathers = Array.from({ length: 2 ** commonCause.length }, (_, mask) => {
      const struck = commonCause.filter((_each, at) => Math.floor(mask / 2 ** at) % 2 === 1);
      const sure = new Set(struck.flatMap(({ members }) => members));
      return {
        chance: commonCause.reduce(
          (p, each) => p * (struck.includes(each) ? each.q : 1 - each.q),
          1,
        ),
        q: this.#ids.map((id) => (sure.has(id) ? 1 : (q.get(id) ?? 0))),
        sure,
      };
    });
    this.#periods = this.#periodsOf(uncertain?.perPeriod ?? [], q);
  }

  /** The outcomes of what all units of a period share. */
  #periodsOf(perPeriod: readonly string[], q: ReadonlyMap<string, number>): readonly Period[] {
    return Array.from({ length: 2 ** perPeriod.length }, (_, mask) => {
      const happens = new Map(
        perPeriod.map((id, at) => [id, Math.floor(mask / 2 ** at) % 2 === 1] as const),
      );
      return {
        chance: perPeriod.reduce((p, id) => {
          const own = q.get(id) ?? 0;
          return p * (happens.get(id) === true ? own : 1 - own);
        }, 1),
        weathers: this.#weathers.map((weather) => ({
          ...weather,
          q: this.#ids.map((id, at) => {
            const set = weather.sure.has(id) ? undefined : happens.get(id);
            return set === undefined ? (weather.q[at] as number) : Number(set);
          }),
        })),
      };
    });
  }

  /** P(some of these sets is realised in one of n units), what a period shares the same in all. */
  manyTimes(sets: readonly (readonly string[])[], n: number): number | null {
    return this.#within((bdd) => this.#atLeastOnce(bdd, this.#some(bdd, sets), n));
  }

  #atLeastOnce(bdd: Bdd, root: BddNode, n: number): number {
    return this.#periods.reduce((sum, { chance, weathers }) => {
      if (chance === 0) return sum;
      const p = weathers.reduce((all, each) => all + each.chance * bdd.weigh(root, each.q).p, 0);
      return sum + chance * atLeastOnce(p, n);
    }, 0);
  }

  /** P(some of these sets is realised). */
  chance(sets: readonly (readonly string[])[]): number | null {
    return this.#within((bdd) => this.#weigh(bdd, this.#some(bdd, sets)).p);
  }

  property({ name, sets, complete }: LossProperty, cases: number): PropertyLoss {
    const ids = [...new Set(sets.flat())].sort();
    const exact = this.#within((bdd) => {
      const root = this.#some(bdd, sets);
      const { p, birnbaum, less } = this.#weigh(bdd, root);
      return {
        p,
        upper: complete === true ? p : this.#upper(sets, complete, p),
        atLeastOnce: this.#atLeastOnce(bdd, root, cases),
        ids: ids.map((id) => {
          const at = this.#at.get(id) ?? 0;
          const withIt = this.#some(
            bdd,
            sets.filter((set) => set.includes(id)),
          );
          return {
            id,
            birnbaum: birnbaum[at] ?? 0,
            fussellVesely: p === 0 ? 0 : this.#weigh(bdd, withIt).p / p,
            riskReduction: p === 0 ? 0 : (less[at] ?? 0) / p,
          };
        }),
      };
    });
    return {
      name,
      ...(exact ?? { p: null, upper: null, atLeastOnce: null, ids: [] }),
      bound: this.#bound(sets),
    };
  }

  /**
   * P(some set is realised, or more than `k` of the ids); where that diagram is too large, at most
   * the sum of both.
   */
  #upper(sets: readonly (readonly string[])[], k: number, p: number): number {
    const many = (bdd: Bdd): BddNode => bdd.moreThan(k, this.#ids.length);
    const exact = this.#within(
      (bdd) => this.#weigh(bdd, bdd.or(this.#union(bdd, sets), many(bdd))).p,
    );
    return exact ?? Math.min(1, p + (this.#within((bdd) => this.#weigh(bdd, many(bdd)).p) ?? 1));
  }

  /** `less[i]`: by how much P falls where the id is set not to happen. */
  #weigh(
    bdd: Bdd,
    root: BddNode,
  ): { p: number; birnbaum: readonly number[]; less: readonly number[] } {
    const sum = { p: 0, birnbaum: this.#ids.map(() => 0), less: this.#ids.map(() => 0) };
    for (const { chance, q } of this.#weathers) {
      const { p, birnbaum } = bdd.weigh(root, q);
      sum.p += chance * p;
      for (const [at, slope] of birnbaum.entries()) {
        sum.birnbaum[at] = (sum.birnbaum[at] ?? 0) + chance * slope;
        sum.less[at] = (sum.less[at] ?? 0) + chance * slope * (q[at] ?? 0);
      }
    }
    return { ...sum, p: Math.min(1, sum.p) };
  }

  #some(bdd: Bdd, sets: readonly (readonly string[])[]): BddNode {
    return bdd.some(
      sets.map((set) => set.map((id) => this.#at.get(id) ?? 0).sort((a, b) => a - b)),
    );
  }

  #union(bdd: Bdd, sets: readonly (readonly string[])[]): BddNode {
    const cubes = sets.map((set) => bdd.cube(set.map((id) => this.#at.get(id) ?? 0)));
    return cubes.reduce((all, cube) => bdd.or(all, cube), 0);
  }

  #bound(sets: readonly (readonly string[])[]): number {
    const marginal = (id: string): number =>
      this.#weathers.reduce((p, { chance, q }) => p + chance * (q[this.#at.get(id) ?? 0] ?? 0), 0);
    return Math.min(
      1,
      sets.reduce((sum, set) => sum + Math.min(1, ...set.map(marginal)), 0),
    );
  }

  /** Nothing where the diagram grows too large: the bound is left. */
  #within<T>(build: (bdd: Bdd) => T): T | null {
    // What was asked before shares its nodes; where there are too many together, alone.
    for (const bdd of [this.#shared, new Bdd(this.#maxNodes)])
      try {
        return build(bdd);
      } catch (error) {
        if (!(error instanceof TooManyNodes)) throw error;
        this.#shared = new Bdd(this.#maxNodes);
      }
    return null;
  }
}
