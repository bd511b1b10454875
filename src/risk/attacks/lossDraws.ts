import { average, quantile, type Interval } from '../distributions.ts';
import { Random } from '../random.ts';
import type { CompiledLoss } from './compiled.ts';
import { drawnRates } from './compound.ts';
import { drawRate, meanOf, type RateRow } from './rates.ts';
import type { Measure } from './readUncertain.ts';

/** What a measure would save, against what it costs. */
export interface RankedMeasure {
  readonly name: string;
  readonly costEur: number;
  /** Expected loss of the period that it avoids, EUR, and its interval over the rates. */
  readonly avoidedEur: number;
  readonly interval: Interval;
  /** EUR avoided for each EUR spent. */
  readonly perEuro: number;
}

/** What is not known of the rates, carried to the answer: 95 % intervals over draws of them. */
export interface LossIntervals {
  readonly draws: number;
  readonly seed: number;
  readonly level: number;
  readonly properties: readonly {
    readonly name: string;
    readonly p: Interval;
    /** E[1 − (1 − p)^N] over the rates and over what a period shares. */
    readonly atLeastOnce: number;
    /** Absent where the diagrams are too large to be weighed so often. */
    readonly ids?: readonly {
      readonly id: string;
      readonly birnbaum: Interval;
      readonly fussellVesely: Interval;
    }[];
  }[];
  /** Of the period, EUR. */
  readonly expectedLoss: Interval & { readonly mean: number; readonly monteCarloError: number };
}

const LEVEL = 0.95;
const MAX_DRAWS = 2_000;
const MIN_DRAWS = 100;
/** Takes about a second. */
const MAX_NODES_WEIGHED = 60_000_000;
const RATE_DRAWS = 4_000;

/** The draws of the rates, made once so that what is compared is compared on the same ones. */
function rateDraws(compiled: CompiledLoss, draws: number, random: Random): Float64Array[] {
  return Array.from({ length: draws }, () => drawnRates(compiled, random));
}

function intervalOf(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const tail = (1 - LEVEL) / 2;
  return { lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail) };
}

/** Each rate with its mean, its interval and where it comes from. */
export function rateRows({ question }: CompiledLoss, seed: number): readonly RateRow[] {
  const random = new Random(seed);
  return [...(question.uncertain?.rates ?? [])].map(([id, rate]): RateRow => {
    const derivation = question.uncertain?.derivations.get(id) ?? '';
    if (rate.kind === 'known')
      return { id, kind: rate.kind, mean: rate.q, lower: rate.q, upper: rate.q, derivation };
    const values = Array.from({ length: RATE_DRAWS }, () => drawRate(rate, random));
    return { id, kind: rate.kind, mean: meanOf(rate), ...intervalOf(values), derivation };
  });
}

export function lossIntervals(compiled: CompiledLoss, seed: number): LossIntervals {
  const { properties, cases, uncertain } = compiled.question;
  const random = new Random(seed);
  const unions = properties.map(({ name }) => compiled.union([name]));
  const nodes = unions.reduce((sum, { size }) => sum + size + 1, 0) * compiled.causes.length;
  const draws = Math.floor(Math.max(MIN_DRAWS, Math.min(MAX_DRAWS, MAX_NODES_WEIGHED / nodes)));
  const perId = draws * nodes * 3 * compiled.ids.length <= MAX_NODES_WEIGHED;
  const vectors = rateDraws(compiled, draws, random);
  const shared = (uncertain?.perPeriod ?? []).map((id) => compiled.place(id));
  const losses = vectors.map((q) => cases * compiled.expected(q));
  const mean = average(losses);
  const spread = Math.sqrt(average(losses.map((x) => (x - mean) ** 2)) / losses.length);
  return {
    draws,
    seed,
    level: LEVEL,
    properties: properties.map(({ name, sets }, i) => {
      const diagram = unions[i] as (typeof unions)[number];
      const p = vectors.map((q) => compiled.chance(diagram, q));
      const many = vectors.map((q, at) => {
        if (shared.length === 0) return atLeastOnce(p[at] as number, cases);
        const given = q.slice();
        for (const place of shared) given[place] = random.uniform() < (q[place] as number) ? 1 : 0;
        return atLeastOnce(compiled.chance(diagram, given), cases);
      });
      const ids = perId ? importances(compiled, { name, sets }, vectors, p) : undefined;
      return { name, p: intervalOf(p), atLeastOnce: average(many), ...(ids && { ids }) };
    }),
    expectedLoss: { mean, monteCarloError: spread, ...intervalOf(losses) },
  };
}

const atLeastOnce = (p: number, n: number): number => -Math.expm1(n * Math.log1p(-Math.min(1, p)));

function importances(
  compiled: CompiledLoss,
  { name, sets }: { readonly name: string; readonly sets: readonly (readonly string[])[] },
  vectors: readonly Float64Array[],
  p: readonly number[],
) {
  const diagram = compiled.union([name]);
  return [...new Set(sets.flat())].sort().map((id) => {
    const [at, within] = [compiled.place(id), compiled.withId(name, id)];
    const birnbaum = vectors.map((q) => {
      const set = (to: number): number => {
        const given = q.slice();
        given[at] = to;
        return chanceSet(compiled, diagram, given, at, to);
      };
      return set(1) - set(0);
    });
    const fussellVesely = vectors.map((q, i) =>
      p[i] === 0 ? 0 : compiled.chance(within, q) / (p[i] as number),
    );
    return { id, birnbaum: intervalOf(birnbaum), fussellVesely: intervalOf(fussellVesely) };
  });
}

/** P with an id set, whatever its common causes do: set, never conditioned on. */
function chanceSet(
  { causes }: CompiledLoss,
  diagram: ReturnType<CompiledLoss['union']>,
  q: Float64Array,
  at: number,
  to: number,
): number {
  let sum = 0;
  for (const { chance, struck } of causes) {
    const given = q.slice();
    for (const place of struck) given[place] = 1;
    given[at] = to;
    sum += chance * diagram.probability(given);
  }
  return sum;
}

/** What each measure avoids, the best for its money first; on the same draws of the rates. */
export function rankedMeasures(compiled: CompiledLoss, seed: number): readonly RankedMeasure[] {
  const { cases, uncertain } = compiled.question;
  const measures = uncertain?.measures ?? [];
  if (measures.length === 0) return [];
  const nodes = compiled.groups.flat().length * (compiled.union(compiled.groups.flat()).size + 1);
  const draws = Math.floor(
    Math.max(
      MIN_DRAWS,
      Math.min(MAX_DRAWS, MAX_NODES_WEIGHED / (nodes * compiled.causes.length * measures.length)),
    ),
  );
  const random = new Random(seed);
  const vectors = rateDraws(compiled, draws, random);
  const before = vectors.map((q) => compiled.expected(q));
  return measures
    .map((measure): RankedMeasure => {
      const avoided = vectors.map(
        (q, at) =>
          cases * ((before[at] as number) - compiled.expected(withMeasure(compiled, q, measure))),
      );
      const mean = average(avoided);
      const { name, costEur } = measure;
      return {
        name,
        costEur,
        avoidedEur: mean,
        interval: intervalOf(avoided),
        perEuro: mean / costEur,
      };
    })
    .sort((a, b) => b.perEuro - a.perEuro);
}

function withMeasure(compiled: CompiledLoss, q: Float64Array, { effects }: Measure): Float64Array {
  const given = q.slice();
  for (const [id, effect] of effects) {
    const at = compiled.place(id);
    given[at] = 'set' in effect ? effect.set : (given[at] as number) * effect.times;
  }
  return given;
}
