import { sha256 } from '../../src/canonical/index.ts';
import type { Forecasts } from './forecasts.ts';
import type { Cell, GridSummary } from './grid.ts';

/** `docs/calibration.json`. */
export interface Calibration {
  readonly v: 1;
  readonly method: string;
  readonly seed: number;
  readonly draws: number;
  readonly summary: GridSummary;
  readonly forecasts: Forecasts;
  readonly cells: readonly Cell[];
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** What a card says of the method, each number from the run. */
export function claimsOf({ summary, forecasts }: Calibration): string[] {
  return [
    `95 % posterior intervals held the truth in ${percent(summary.posteriorAverage)} of logs on average over ${summary.cells} cells of ${summary.logsPerCell} logs (least ${percent(summary.posteriorLeast)})`,
    `95 % Clopper-Pearson intervals held it in ${percent(summary.directLeast)} at least`,
    `95 % predictive intervals held the losses of the next 200 cases in ${percent(summary.predictiveAverage)} on average (least ${percent(summary.predictiveLeast)}), and those of ${forecasts.windows} rolling windows in ${percent(forecasts.predictive)}`,
    `the mean was at most ${summary.meanRatioMost} times the truth, wherever a mean was said`,
    `forecasts of running cases: Brier skill ${forecasts.brierSkill} against the base rate, ${forecasts.inTheLarge} losses forecast for each that happened`,
  ];
}

/** The source of `src/risk/calibrated.ts`, from the text of `docs/calibration.json`. */
export function claimsModule(text: string): string {
  const claims = claimsOf(JSON.parse(text) as Calibration)
    .map((claim) => `    '${claim}',\n`)
    .join('');
  return `/** Written by \`npm run calibrate\` from docs/calibration.json, whose SHA-256 it names. */
export const CALIBRATION = {
  digest: '${sha256(text)}',
  claims: [
${claims}  ],
} as const;
`;
}
