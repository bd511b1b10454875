import { describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/model/engine.ts';
import { describeShared } from '../shared.ts';
import { reportOn, tlcAbsence } from './checking.ts';
import { differences, rows, type Row } from './reference.ts';

/**
 * TLC and Z3 take seconds for each of the reference's models: they get a part that moves on every
 * day, so that in the course of a year they see all. `PROBITY_REFERENCE_PART` names one by number.
 */
const PART = 3;
const DAY_MS = 86_400_000;
const part = Number(process.env['PROBITY_REFERENCE_PART'] ?? Math.floor(Date.now() / DAY_MS));

/** Every so-manieth model, another selection for each part, so that both halves of the file come. */
function rotating(engine: EngineName): readonly Row[] {
  const stride = Math.floor(rows.length / PART);
  const first = (part + (engine === 'tlc' ? 3 : 0)) % stride;
  return rows.filter((_, index) => index % stride === first);
}

describeShared('a part of cases/random, another one every day', async () => {
  const absence = await tlcAbsence();
  for (const engine of ['tlc', 'z3'] as const) {
    const isAway = engine === 'tlc' && absence !== undefined;
    describe.skipIf(isAway)(`${engine}${isAway ? `: skipped, ${absence}` : ''}`, () => {
      it.each(rotating(engine).map((row) => [row.name, row] as const))(
        'never says the opposite of the reference on %s',
        async (_, row) => {
          const report = await reportOn(row.model, [engine], { timeoutMs: 30_000 });
          expect(differences(row, report, false), row.model).toEqual([]);
        },
        180_000,
      );
    });
  }
});
