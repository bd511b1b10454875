import { barsSvg, chartSvg, type Axis } from '../drawing/chart.ts';
import type { EventLog } from '../eventLog/log.ts';
import type { LearnedDraws, RiskAssessment } from './assess.ts';
import { quantile } from './distributions.ts';
import { drawProbabilities } from './draws.ts';
import { learn } from './learned.ts';
import { Posterior } from './posterior.ts';
import { predictiveInterval } from './predictive.ts';
import { LEVEL } from './request.ts';
import type { AssessedLoss } from './attacks/assessLoss.ts';

/** How many losses were forecast for a window of cases, from what was known before it began. */
export interface WindowForecast {
  readonly from: number;
  readonly cases: number;
  readonly lower: number;
  readonly upper: number;
  readonly mean: number;
  /** Cases that the whole log shows to be lost. */
  readonly lost: number;
}

const WINDOWS = 10;
/** The first windows are learned from, and not forecast. */
const LEARNED_FIRST = 2;
const DRAWS = 400;
const CURVE = 60;

/** Of each window: learned from the cases and events before it, and held against what came. */
export async function windowForecasts(
  { learned, log, options }: LearnedDraws,
  turn: (reached: string) => Promise<void>,
): Promise<readonly WindowForecast[]> {
  const size = Math.floor(log.cases.length / WINDOWS);
  if (size === 0) return [];
  const forecasts: WindowForecast[] = [];
  for (let window = LEARNED_FIRST; window < WINDOWS; window += 1) {
    await turn(`forecast ${window + 1} of ${WINDOWS}`);
    const from = window * size;
    const cases = window === WINDOWS - 1 ? log.cases.length - from : size;
    const before = learn(learned.chain, logBefore(log, from), options);
    const draws = await drawProbabilities(before, DRAWS, 1, turn);
    if (!draws) continue;
    const { lower, upper } = predictiveInterval(draws.values, cases, LEVEL);
    const mean = draws.values.reduce((a, b) => a + b, 0) / draws.values.length;
    const ends = learned.alignment.ends.slice(from, from + cases);
    const lost = ends.filter((end) => end === 'lost').length;
    forecasts.push({ from, cases, lower, upper, mean: mean * cases, lost });
  }
  return forecasts;
}

/** The cases before one, as they were known when it began. */
function logBefore(log: EventLog, from: number): EventLog {
  const until = log.cases[from]?.events[0]?.timeMs;
  const cases = log.cases.slice(0, from).map(({ id, events }) => ({
    id,
    events: until === undefined ? events : events.filter(({ timeMs }) => (timeMs ?? 0) <= until),
  }));
  return { ...log, cases, ...(until !== undefined && { untilMs: until }) };
}

/** A picture as a file. */
export interface PictureFile {
  readonly name: string;
  readonly text: string;
}

/** Pictures of a learned risk, as SVG. */
export async function riskPictures(
  assessed: RiskAssessment,
  found: LearnedDraws,
  turn: (reached: string) => Promise<void>,
): Promise<readonly PictureFile[]> {
  const pictures: PictureFile[] = [];
  const { learned } = found;
  const { topology } = learned.question;
  const none = { counts: new Float64Array(topology.targets.length), cascades: new Map() };
  const unlearned = { ...learned, posterior: new Posterior(topology, none, learned.prior) };
  const prior = await drawProbabilities(unlearned, DRAWS, 1, turn);
  if (prior)
    pictures.push({
      name: 'posterior.svg',
      text: posteriorSvg(assessed, found.draws.sorted, prior.sorted),
    });
  const forecasts = await windowForecasts(found, turn);
  if (forecasts.length > 0)
    pictures.push({ name: 'forecasts.svg', text: forecastsSvg(assessed.property, forecasts) });
  return pictures;
}

const percent = (p: number): string => `${Number((p * 100).toPrecision(3))} %`;
const amount = (value: number): string =>
  value >= 10_000
    ? `${Number((value / 1_000).toPrecision(3))}k`
    : String(Number(value.toPrecision(3)));

/** Where the belief lies before and after the log, as shares of it below each probability. */
function posteriorSvg(
  { property, probability, card }: RiskAssessment,
  posterior: readonly number[],
  prior: readonly number[],
): string {
  const to = Math.min(1, Math.max(quantile(posterior, 0.995) * 1.6, 1e-6));
  const below = (sorted: readonly number[]): (readonly [number, number])[] =>
    Array.from({ length: CURVE + 1 }, (_, i) => {
      const x = (to * i) / CURVE;
      return [x, shareBelow(sorted, x)];
    });
  const { mean, lower, upper } = probability;
  return chartSvg({
    title: `${property}: what is believed of the probability that a case is lost`,
    description: `Learned from ${card.data.cases} cases, ${card.data.lossCases} of them lost: mean ${percent(mean)}, 95 % of the belief between ${percent(lower)} and ${percent(upper)}. Before the log half of the belief was below ${percent(quantile(prior, 0.5))}.`,
    x: { label: 'probability that a case is lost', from: 0, to, text: percent },
    y: { label: 'share of the belief below it', from: 0, to: 1, text: percent },
    marks: [
      {
        kind: 'band',
        label: `95 % interval, ${percent(lower)} to ${percent(upper)}`,
        points: [
          [lower, 0, 1],
          [Math.min(upper, to), 0, 1],
        ],
      },
      { kind: 'line', label: 'after the log (posterior)', points: below(posterior) },
      { kind: 'line', label: 'before it (prior)', points: below(prior), isDashed: true },
    ],
  });
}

/** The share of sorted values that are at most x. */
function shareBelow(sorted: readonly number[], x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((sorted[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

function forecastsSvg(property: string, forecasts: readonly WindowForecast[]): string {
  const most = forecasts.reduce((high, { upper, lost }) => Math.max(high, upper, lost), 1);
  const held = forecasts.filter(({ lower, upper, lost }) => lost >= lower && lost <= upper).length;
  const x: Axis = {
    label: 'first case of the window, in the order in which they began',
    from: forecasts[0]?.from ?? 0,
    to: Math.max(forecasts.at(-1)?.from ?? 1, 1),
    text: amount,
  };
  return chartSvg({
    title: `${property}: losses forecast and seen, window by window`,
    description: `Each window of cases is forecast from what was known before it began. The 95 % predictive interval held what came in ${held} of ${forecasts.length} windows: ${forecasts.map(({ lower, upper, lost }) => `${lost} of ${lower} to ${upper}`).join(', ')}.`,
    x,
    y: { label: 'lost cases in the window', from: 0, to: most * 1.05, text: amount },
    marks: [
      {
        kind: 'band',
        label: '95 % predictive interval',
        points: forecasts.map(({ from, lower, upper }) => [from, lower, upper]),
      },
      {
        kind: 'line',
        label: 'expected',
        points: forecasts.map(({ from, mean }) => [from, mean]),
        isDashed: true,
      },
      {
        kind: 'points',
        label: 'lost, as far as the log tells',
        points: forecasts.map(({ from, lost }) => [from, lost]),
      },
    ],
  });
}

/** Pictures of losses from attacks, as SVG. */
export function lossPictures({ period, measures, cases }: AssessedLoss): readonly PictureFile[] {
  const pictures: PictureFile[] = [];
  const curve = period?.exceedance.filter(({ lossEur }) => lossEur > 0) ?? [];
  if (period && curve.length > 1)
    pictures.push({ name: 'exceedance.svg', text: exceedanceSvg(cases, period, curve) });
  if (measures.length > 0)
    pictures.push({
      name: 'measures.svg',
      text: barsSvg({
        title: 'Measures by the loss that they avoid for each euro',
        description: measures
          .map(
            ({ name, avoidedEur, interval, perEuro }) =>
              `${name}: avoids ${amount(avoidedEur)} EUR (${amount(interval.lower)} to ${amount(interval.upper)}), ${amount(perEuro)} EUR for each euro`,
          )
          .join('. '),
        axis: 'expected loss that is avoided in a period, EUR; with its 95 % interval',
        bars: measures.map(({ name, avoidedEur, interval, perEuro }) => ({
          label: name,
          value: avoidedEur,
          ...interval,
          note: `${amount(avoidedEur)} EUR, ${amount(perEuro)} for each`,
        })),
      }),
    });
  return pictures;
}

function exceedanceSvg(
  cases: number,
  period: NonNullable<AssessedLoss['period']>,
  curve: NonNullable<AssessedLoss['period']>['exceedance'],
): string {
  const [least, most] = [curve[0]?.lossEur ?? 1, curve.at(-1)?.lossEur ?? 1];
  const low = curve.reduce((p, { probability }) => Math.min(p, probability), 1);
  return chartSvg({
    title: `Loss in a period of ${cases} ${cases === 1 ? 'unit' : 'units'}: how likely more than x`,
    description: `${percent(period.someLoss.value)} of the periods lose something, ${amount(period.mean.value)} EUR on average. ${period.tails
      .map(
        ({ level, valueAtRisk, conditional }) =>
          `With ${percent(1 - level)} probability more than ${amount(valueAtRisk.value)} EUR, and then ${amount(conditional.value)} EUR on average`,
      )
      .join('. ')}. From ${period.replicates} simulated periods.`,
    x: {
      label: 'loss of the period, EUR',
      from: least,
      to: Math.max(most, least * 10),
      logarithmic: true,
      text: amount,
    },
    y: { label: 'probability of more', from: low, to: 1, logarithmic: true, text: percent },
    marks: [
      {
        kind: 'line',
        label: 'simulated periods',
        points: curve.map(({ lossEur, probability }) => [lossEur, probability]),
      },
      {
        kind: 'points',
        label: 'values at risk: 90, 95 and 99 %',
        points: period.tails
          .filter(({ valueAtRisk }) => valueAtRisk.value > 0)
          .map(({ level, valueAtRisk }) => [valueAtRisk.value, 1 - level]),
      },
    ],
  });
}

/** Forecasts of running cases against what became of them, by how likely the loss was said. */
export function reliabilitySvg(
  bins: readonly { readonly forecasts: number; readonly mean: number; readonly lost: number }[],
): string {
  const shown = bins.filter(({ mean, lost }) => mean > 0 && lost > 0);
  const from = shown.reduce((low, { mean, lost }) => Math.min(low, mean, lost), 1);
  const axis = { from, to: 1, logarithmic: true, text: percent };
  return chartSvg({
    title: 'Forecasts of running cases, and how many were lost',
    description: shown
      .map(
        ({ forecasts, mean, lost }) =>
          `of ${forecasts} forecasts of ${percent(mean)} on average, ${percent(lost)} were lost`,
      )
      .join('; '),
    x: { label: 'forecast (mean of the bin)', ...axis },
    y: { label: 'share that was lost', ...axis },
    marks: [
      {
        kind: 'line',
        label: 'as forecast',
        points: [
          [from, from],
          [1, 1],
        ],
        isDashed: true,
      },
      { kind: 'points', label: 'what came', points: shown.map(({ mean, lost }) => [mean, lost]) },
    ],
  });
}
