import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { EngineName } from '../../src/verification/types.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { reportOn, tlcAbsence } from './checking.ts';

interface ExpectedCase {
  readonly states: number;
  readonly properties: readonly { readonly name: string; readonly outcome: string; readonly traceLength?: number }[];
}

/** Machines that run tests are loaded: what an engine can decide must not hang on it. */
const PATIENCE_MS = 180_000;

const absence = await tlcAbsence();

describeShared('published native models', () => {
  const expected = JSON.parse(readFileSync(sharedPath('cases', 'native', 'expected.json'), 'utf8')) as Record<string, ExpectedCase>;
  for (const engine of ['explore', 'tlc', 'z3'] as const satisfies readonly EngineName[]) {
    for (const [file, wanted] of Object.entries(expected)) {
      it.skipIf(engine === 'tlc' && absence !== undefined)(`${engine}: ${file}`, async () => {
        const report = await reportOn(readFileSync(sharedPath('cases', 'native', file), 'utf8'), [engine], { timeoutMs: PATIENCE_MS });
        expect(report.properties.map((p) => p.name).sort()).toEqual(wanted.properties.map((p) => p.name).sort());
        let decided = 0;
        for (const property of wanted.properties) {
          const got = report.properties.find((p) => p.name === property.name);
          // Only a cell that the engine refuses may stay open; explore refuses none of these.
          if (engine !== 'explore' && got?.reason === 'unsupported') continue;
          decided += 1;
          expect({ name: property.name, outcome: got?.outcome, message: got?.message }).toEqual({ name: property.name, outcome: property.outcome, message: undefined });
          if (property.traceLength !== undefined) expect({ name: property.name, length: got?.trace?.steps.length }).toEqual({ name: property.name, length: property.traceLength });
        }
        expect(decided).toBeGreaterThanOrEqual(4);
        for (const counted of report.properties[0]?.engines ?? []) if (counted.states !== undefined) expect(counted.states).toBe(wanted.states);
      }, 2 * PATIENCE_MS);
    }
  }
});
