import { pertMean, type Pert } from '../sampling.ts';
import type { Incident } from './incidents.ts';
import type { Detected, Rate } from './rates.ts';

/** How long, of how much and how well it was watched. */
export interface Exposure {
  readonly fromMs: number;
  readonly toMs: number;
  /** Units of exposure that were at risk in it: then a rate is of one unit. */
  readonly cases?: number;
  /** Days at risk (else those of the window), and days that one unit is at risk. */
  readonly days?: number;
  readonly unitDays?: number;
  readonly detected: Detected;
}

export interface LearnedRate {
  readonly rate: Rate;
  readonly derivation: string;
}

const DAY_MS = 86_400_000;

/**
 * The posterior of a threat's probability in one unit, from incidents with their exposure. Of cases
 * a Beta with k successes among n; of days a Gamma rate. The prior is Jeffreys', or an expert's
 * range by its first two moments. What was not detected thins what was seen.
 */
export function learnRate(
  threat: string,
  incidents: readonly Incident[],
  observed: Exposure,
  prior: Pert | undefined,
): LearnedRate {
  const { fromMs, toMs, detected, cases } = observed;
  const own = incidents.filter((each) => each.threat === threat);
  const within = own.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
  const k = within.filter(({ outcome }) => outcome === 'succeeded').length;
  const stopped = within.length - k;
  const seen = `${k} succeeded and ${stopped} stopped from ${day(fromMs)} to ${day(toMs)}${
    own.length > within.length ? ` (${own.length - within.length} outside of it left out)` : ''
  }; detected share ${typeof detected === 'number' ? detected : `PERT(${detected.join(', ')})`}`;
  if (cases !== undefined) {
    const { a, b, words } = betaPrior(prior);
    return {
      rate: { kind: 'beta', a: a + k, b: b + cases - k, detected },
      derivation: `${seen}; of ${cases} cases: Beta(${words.a} + ${k}, ${words.b} + ${cases - k}), prior ${words.name}`,
    };
  }
  const days = observed.days ?? (toMs - fromMs) / DAY_MS;
  const unitDays = observed.unitDays ?? 1;
  const { shape, rate, name } = gammaPrior(prior, unitDays);
  return {
    rate: { kind: 'gamma', shape: shape + k, rate: rate + days, days: unitDays, detected },
    derivation: `${seen}; in ${round(days)} days: Gamma(${round(shape)} + ${k}, ${round(rate)} + ${round(days)}) a day, q = 1 − exp(−λ · ${unitDays}), prior ${name}`,
  };
}

/** The variance of PERT with its shape of 4: (mean − least)(most − mean) ÷ 7. */
const pertVariance = (range: Pert): number =>
  ((pertMean(range) - range[0]) * (range[2] - pertMean(range))) / 7;

function betaPrior(prior: Pert | undefined) {
  if (!prior) return { a: 0.5, b: 0.5, words: { a: '½', b: '½', name: 'Jeffreys' } };
  const [mean, variance] = [pertMean(prior), pertVariance(prior)];
  const weight = (mean * (1 - mean)) / variance - 1;
  const [a, b] = [mean * weight, (1 - mean) * weight];
  const name = `of an expert, PERT(${prior.join(', ')}) by its moments`;
  return { a, b, words: { a: round(a), b: round(b), name } };
}

/** Of the rate of a day, where the expert speaks of the probability in a unit. */
function gammaPrior(prior: Pert | undefined, unitDays: number) {
  if (!prior) return { shape: 0.5, rate: 0, name: 'Jeffreys' };
  const [mean, variance] = [pertMean(prior) / unitDays, pertVariance(prior) / unitDays ** 2];
  return {
    shape: mean ** 2 / variance,
    rate: mean / variance,
    name: `of an expert, PERT(${prior.join(', ')}) by its moments`,
  };
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const round = (value: number): string => String(Number(value.toPrecision(6)));
