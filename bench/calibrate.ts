import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { METHOD_VERSION } from '../src/risk/index.ts';
import { claimsModule, type Calibration } from './calibration/claims.ts';
import { runForecasts } from './calibration/forecasts.ts';
import { FAMILIES } from './calibration/graphs.ts';
import { runGrid, SIZES, summaryOf, TRUTHS } from './calibration/grid.ts';

/**
 * `npm run calibrate`: whether the intervals of learned risk hold what they say, on logs with a
 * known truth. Writes `docs/calibration.json` and, from it, what a model card claims
 * (`src/risk/calibrated.ts`).
 */
const [LOGS, DRAWS, SEED] = [500, 500, 20_260];

const file = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const began = performance.now();
const cells = runGrid({
  graphs: FAMILIES.map(({ name }) => name),
  truths: TRUTHS,
  sizes: SIZES,
  logs: LOGS,
  draws: DRAWS,
  seed: SEED,
  onCell: (cell) =>
    process.stderr.write(
      `${cell.graph}, ${cell.truth}, ${cell.cases} cases: ${cell.posterior} posterior, ${cell.direct} direct, ${cell.predictive} predictive\n`,
    ),
});
const forecasts = runForecasts({
  truths: TRUTHS,
  logs: 20,
  windows: 10,
  casesPerWindow: 200,
  draws: DRAWS,
  seed: SEED,
});
const calibration: Calibration = {
  v: 1,
  method: METHOD_VERSION,
  seed: SEED,
  draws: DRAWS,
  summary: summaryOf(cells),
  forecasts,
  cells,
};
const text = `${JSON.stringify(calibration, null, 2)}\n`;
await writeFile(file('docs/calibration.json'), text);
await writeFile(file('src/risk/calibrated.ts'), claimsModule(text));
process.stderr.write(
  `${JSON.stringify(calibration.summary, null, 2)}\n${((performance.now() - began) / 60_000).toFixed(1)} min\n`,
);
