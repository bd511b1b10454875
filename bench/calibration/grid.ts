import { Random } from '../../src/risk/random.ts';
import { FAMILIES, truthOf } from './graphs.ts';
import { Bench, trial } from './trial.ts';

export const TRUTHS = [1e-4, 1e-3, 0.01, 0.05, 0.1, 0.3] as const;
export const SIZES = [200, 1_000, 5_000] as const;
/** The cases that come next, for the predictive interval. */
const WINDOW = 200;

/** What all logs of one truth, graph and size came to. */
export interface Cell {
  readonly graph: string;
  readonly truth: number;
  readonly cases: number;
  readonly logs: number;
  /** Shares of the logs whose interval held the truth, or the next cases. */
  readonly posterior: number;
  readonly direct: number;
  readonly predictive: number;
  /** Average mean ÷ truth. */
  readonly meanRatio: number;
  /** Share of the logs for which an upper bound was said instead of a mean. */
  readonly upperBound: number;
}

export interface GridOptions {
  readonly graphs: readonly string[];
  readonly truths: readonly number[];
  readonly sizes: readonly number[];
  readonly logs: number;
  readonly draws: number;
  readonly seed: number;
  readonly onCell?: (cell: Cell) => void;
}

export function runGrid(options: GridOptions): Cell[] {
  const cells: Cell[] = [];
  for (const family of FAMILIES.filter(({ name }) => options.graphs.includes(name)))
    for (const truth of options.truths) {
      const bench = new Bench(truthOf(family, truth));
      for (const cases of options.sizes) {
        const cell = cellOf(bench, cases, options);
        options.onCell?.(cell);
        cells.push(cell);
      }
    }
  return cells;
}

function cellOf(bench: Bench, cases: number, { logs, draws, seed }: GridOptions): Cell {
  const random = new Random(seed);
  const sums = { posterior: 0, direct: 0, predictive: 0, mean: 0, upperBound: 0 };
  for (let i = 0; i < logs; i += 1) {
    const { covered, directCovered, predicted, mean, headline } = trial(
      bench,
      { cases, draws, window: WINDOW },
      random,
    );
    if (covered) sums.posterior += 1;
    if (directCovered) sums.direct += 1;
    if (predicted) sums.predictive += 1;
    if (headline === 'upperBound') sums.upperBound += 1;
    sums.mean += mean;
  }
  const { graph, probability } = bench.truth;
  return {
    graph,
    truth: Number(probability.toPrecision(6)),
    cases,
    logs,
    posterior: sums.posterior / logs,
    direct: sums.direct / logs,
    predictive: sums.predictive / logs,
    meanRatio: Number((sums.mean / logs / probability).toPrecision(4)),
    upperBound: sums.upperBound / logs,
  };
}

/** What the criteria of the grid are, and how they were met. */
export interface GridSummary {
  readonly cells: number;
  readonly logsPerCell: number;
  readonly posteriorAverage: number;
  readonly posteriorLeast: number;
  readonly directLeast: number;
  readonly predictiveAverage: number;
  readonly predictiveLeast: number;
  /** The largest mean ÷ truth of a cell in which a mean was said at least once in twenty logs. */
  readonly meanRatioMost: number;
}

export function summaryOf(cells: readonly Cell[]): GridSummary {
  const average = (of: (cell: Cell) => number): number =>
    Number((cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length).toPrecision(4));
  const least = (of: (cell: Cell) => number): number => Math.min(...cells.map(of));
  return {
    cells: cells.length,
    logsPerCell: least(({ logs }) => logs),
    posteriorAverage: average(({ posterior }) => posterior),
    posteriorLeast: least(({ posterior }) => posterior),
    directLeast: least(({ direct }) => direct),
    predictiveAverage: average(({ predictive }) => predictive),
    predictiveLeast: least(({ predictive }) => predictive),
    meanRatioMost: Math.max(
      0,
      ...cells.filter(({ upperBound }) => upperBound < 0.95).map(({ meanRatio }) => meanRatio),
    ),
  };
}
