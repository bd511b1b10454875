import { Random } from '../../src/risk/random.ts';
import { SURELY } from '../../src/risk/question.ts';
import { FAMILIES, truthOf } from './graphs.ts';
import { Bench, drawsOf, isPredicted, runCase, type Run } from './trial.ts';

/** Forecasts of running cases in windows that were not learned from, log after log. */
export interface Forecasts {
  readonly logs: number;
  readonly windows: number;
  readonly casesPerWindow: number;
  /** Share of the windows whose losses were within the predictive interval. */
  readonly predictive: number;
  /** Mean logarithm of the probability given to what happened: from the state, and base rate. */
  readonly logScore: number;
  readonly logScoreOfBaseRate: number;
  /** 1 − Brier score ÷ that of the base rate of the cases before. */
  readonly brierSkill: number;
  /** Losses forecast for whole cases ÷ losses that happened. */
  readonly inTheLarge: number;
  readonly reliability: readonly Bin[];
}

/** Forecasts between two bounds: their mean, and the share of them that were lost. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly forecasts: number;
  readonly mean: number;
  readonly lost: number;
}

export interface ForecastOptions {
  readonly truths: readonly number[];
  readonly logs: number;
  readonly windows: number;
  readonly casesPerWindow: number;
  readonly draws: number;
  readonly seed: number;
}

const EDGES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 1] as const;

/** A window is forecast from all before it, then learned from; the first one only learned from. */
export function runForecasts(options: ForecastOptions): Forecasts {
  const score = new Score();
  const random = new Random(options.seed);
  for (const family of FAMILIES)
    for (const truth of options.truths) {
      const bench = new Bench(truthOf(family, truth));
      for (let log = 0; log < options.logs; log += 1) rollOn(bench, options, random, score);
    }
  return score.forecasts(options);
}

function rollOn(
  bench: Bench,
  { windows, casesPerWindow, draws }: ForecastOptions,
  random: Random,
  score: Score,
): void {
  const { topology } = bench.truth;
  const counts = new Float64Array(topology.targets.length);
  let [cases, lost] = [0, 0];
  for (let window = 0; window < windows; window += 1) {
    const runs: Run[] = [];
    const before = counts.slice();
    for (let i = 0; i < casesPerWindow; i += 1) runs.push(runCase(bench, random, counts));
    const losses = runs.filter((run) => run.lost).length;
    if (window > 0) {
      score.addWindow(isPredicted(drawsOf(bench, before, draws, random), casesPerWindow, losses));
      const values = new Float64Array(topology.nodes);
      bench.solver.solve(bench.posterior(before).mean(), values);
      const baseRate = (lost + 0.5) / (cases + 1);
      for (const { lost: happened, by } of runs) {
        const surely = bench.question.verdicts[by] === SURELY ? 1 : (values[by] as number);
        score.addCase(surely, baseRate, happened);
      }
      score.addLarge((values[topology.start] as number) * casesPerWindow, losses);
    }
    cases += casesPerWindow;
    lost += losses;
  }
}

class Score {
  #windows = 0;
  #predicted = 0;
  #cases = 0;
  #log = 0;
  #logBase = 0;
  #brier = 0;
  #brierBase = 0;
  #expected = 0;
  #happened = 0;
  readonly #bins = EDGES.slice(1).map(() => ({ forecasts: 0, sum: 0, lost: 0 }));

  addWindow(predicted: boolean): void {
    this.#windows += 1;
    if (predicted) this.#predicted += 1;
  }

  addLarge(expected: number, happened: number): void {
    this.#expected += expected;
    this.#happened += happened;
  }

  addCase(forecast: number, baseRate: number, lost: boolean): void {
    this.#cases += 1;
    this.#log += Math.log(lost ? forecast : 1 - forecast);
    this.#logBase += Math.log(lost ? baseRate : 1 - baseRate);
    this.#brier += ((lost ? 1 : 0) - forecast) ** 2;
    this.#brierBase += ((lost ? 1 : 0) - baseRate) ** 2;
    const at = EDGES.findIndex((edge, i) => i > 0 && forecast <= edge) - 1;
    const bin = this.#bins[Math.max(0, at)];
    if (!bin) return;
    bin.forecasts += 1;
    bin.sum += forecast;
    if (lost) bin.lost += 1;
  }

  forecasts({ logs, casesPerWindow }: ForecastOptions): Forecasts {
    const short = (x: number): number => Number(x.toPrecision(4));
    return {
      logs,
      windows: this.#windows,
      casesPerWindow,
      predictive: short(this.#predicted / this.#windows),
      logScore: short(this.#log / this.#cases),
      logScoreOfBaseRate: short(this.#logBase / this.#cases),
      brierSkill: short(1 - this.#brier / this.#brierBase),
      inTheLarge: short(this.#expected / this.#happened),
      reliability: this.#bins.map(({ forecasts, sum, lost }, i) => ({
        from: EDGES[i] as number,
        to: EDGES[i + 1] as number,
        forecasts,
        mean: forecasts === 0 ? 0 : short(sum / forecasts),
        lost: forecasts === 0 ? 0 : short(lost / forecasts),
      })),
    };
  }
}
