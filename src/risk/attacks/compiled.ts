import { Random } from '../random.ts';
import { Bdd, TooManyNodes, type CompactBdd } from './bdd.ts';
import { orderedIds } from './loss.ts';
import type { LossQuestion } from './question.ts';
import { drawSeverity, isFixed, meanSeverity, type Severity } from './severity.ts';

/** One outcome of the common causes: how likely, and which ids it makes happen. */
interface Cause {
  readonly chance: number;
  readonly struck: readonly number[];
}

/**
 * A question whose diagrams are made once, to be weighed with many probabilities. Throws
 * `TooManyNodes`.
 */
export class CompiledLoss {
  readonly ids: readonly string[];
  readonly question: LossQuestion;
  readonly severities: ReadonlyMap<string, Severity>;
  /** Properties with a severity, in groups of which only the largest counts. */
  readonly groups: readonly (readonly string[])[];
  readonly #at: ReadonlyMap<string, number>;
  readonly #sets: ReadonlyMap<string, readonly (readonly number[])[]>;
  readonly #unions = new Map<string, CompactBdd>();
  readonly causes: readonly Cause[];
  readonly #steps: readonly Step[];

  readonly #bdd: Bdd;

  constructor(question: LossQuestion, bdd = new Bdd()) {
    this.#bdd = bdd;
    const { properties, commonCause, severity, lossGroups, uncertain } = question;
    this.question = question;
    this.ids = orderedIds(question);
    this.#at = new Map(this.ids.map((id, at) => [id, at]));
    this.#sets = new Map(
      properties.map(({ name, sets }) => [
        name,
        sets.map((set) => set.map((id) => this.#at.get(id) as number)),
      ]),
    );
    this.severities =
      uncertain?.severities ??
      new Map([...severity].map(([name, eur]) => [name, { primary: { kind: 'fixed', eur } }]));
    const grouped = new Set(lossGroups.flat());
    this.groups = [
      ...lossGroups,
      ...properties.flatMap(({ name }) => (grouped.has(name) ? [] : [[name]])),
    ]
      .map((group) => group.filter((name) => this.severities.has(name)))
      .filter((group) => group.length > 0);
    this.#steps = this.groups.flatMap((group) =>
      stepsOf(group.map((name) => [name, this.severities.get(name) as Severity])),
    );
    this.causes = Array.from({ length: 2 ** commonCause.length }, (_, mask) => {
      const struck = commonCause.filter((_each, at) => Math.floor(mask / 2 ** at) % 2 === 1);
      return {
        chance: commonCause.reduce(
          (p, each) => p * (struck.includes(each) ? each.q : 1 - each.q),
          1,
        ),
        struck: [...new Set(struck.flatMap(({ members }) => members))].map(
          (id) => this.#at.get(id) as number,
        ),
      };
    });
  }

  get hasVaryingGroup(): boolean {
    return this.groups.some(
      (group) =>
        group.length > 1 && group.some((name) => !isFixed(this.severities.get(name) as Severity)),
    );
  }

  place(id: string): number {
    return this.#at.get(id) as number;
  }

  /** Probabilities by the places of ids. */
  vector(q: ReadonlyMap<string, number>): Float64Array {
    return Float64Array.from(this.ids, (id) => q.get(id) ?? 0);
  }

  /** The diagram of "some of these properties breaks". */
  union(names: readonly string[]): CompactBdd {
    const key = [...names].sort().join('\0');
    const known = this.#unions.get(key);
    if (known) return known;
    const made = this.#diagram(names.flatMap((name) => this.#sets.get(name) ?? []));
    this.#unions.set(key, made);
    return made;
  }

  /** The diagram of "some minimal set with the id is realised". */
  withId(name: string, id: string): CompactBdd {
    const at = this.place(id);
    const key = `${name}\0\0${id}`;
    const known = this.#unions.get(key);
    if (known) return known;
    const sets = (this.#sets.get(name) ?? []).filter((set) => set.includes(at));
    const made = this.#diagram(sets);
    this.#unions.set(key, made);
    return made;
  }

  #diagram(sets: readonly (readonly number[])[]): CompactBdd {
    try {
      return this.#bdd.compact(this.#bdd.some(sets));
    } catch (error) {
      if (!(error instanceof TooManyNodes)) throw error;
      const alone = new Bdd();
      return alone.compact(alone.some(sets));
    }
  }

  /** P of a diagram over all outcomes of the common causes. */
  chance(diagram: CompactBdd, q: Float64Array): number {
    if (this.causes.length === 1) return diagram.probability(q);
    let sum = 0;
    for (const { chance, struck } of this.causes) {
      if (chance === 0) continue;
      const given = q.slice();
      for (const at of struck) given[at] = 1;
      sum += chance * diagram.probability(given);
    }
    return Math.min(1, sum);
  }

  /** E[Σ over loss groups of the largest severity among the broken properties] in one unit, EUR. */
  expected(q: Float64Array): number {
    return this.#steps.reduce(
      (sum, { names, eur }) => sum + eur * this.chance(this.union(names), q),
      0,
    );
  }

  /** The loss of a unit in which these ids happened, with amounts drawn. */
  lossOf(happened: Uint8Array, random: Random): number {
    let sum = 0;
    for (const group of this.groups) {
      let largest = 0;
      for (const name of group)
        if (this.#sets.get(name)?.some((set) => set.every((at) => happened[at] === 1)))
          largest = Math.max(largest, drawSeverity(this.severities.get(name) as Severity, random));
      sum += largest;
    }
    return sum;
  }
}

/** What the breaking of some of these properties adds to the expected loss, EUR. */
interface Step {
  readonly names: readonly string[];
  readonly eur: number;
}

/** Draws of amounts for a group in which more than one varies; the same ones for every question. */
const GROUP_DRAWS = 20_000;
const GROUP_SEED = 1;

/**
 * Of a group with amounts s₁ ≥ s₂ ≥ …, the largest broken one is on average Σ (sⱼ − sⱼ₊₁) · P(one
 * of the first j breaks). Where amounts vary, their order does: averaged over draws of them.
 */
function stepsOf(group: readonly (readonly [string, Severity])[]): readonly Step[] {
  const [first] = group;
  if (group.length === 1 && first) return [{ names: [first[0]], eur: meanSeverity(first[1]) }];
  const draws = group.every(([, severity]) => isFixed(severity)) ? 1 : GROUP_DRAWS;
  const random = new Random(GROUP_SEED);
  const sums = new Map<string, { readonly names: readonly string[]; eur: number }>();
  for (let draw = 0; draw < draws; draw += 1) {
    const amounts = group.map(([name, each]) => ({ name, eur: drawSeverity(each, random) }));
    amounts.sort((a, b) => b.eur - a.eur);
    for (const [at, { eur }] of amounts.entries()) {
      const names = amounts.slice(0, at + 1).map(({ name }) => name);
      const key = [...names].sort().join('\0');
      const step = sums.get(key) ?? { names, eur: 0 };
      step.eur += (eur - (amounts[at + 1]?.eur ?? 0)) / draws;
      sums.set(key, step);
    }
  }
  return [...sums.values()].filter(({ eur }) => eur > 0);
}
