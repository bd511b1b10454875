import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { EngineName } from '../../src/model/engine.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { findNativeZ3 } from '../../src/engines/z3/nativeZ3.ts';
import { CACHE_DIR, onPackagedZ3, reportOn, tlcAbsence } from './checking.ts';

const isLiveness = (kind: string): boolean =>
  ['eventually', 'eventuallyAlways', 'leadsTo'].includes(kind);

interface ExpectedCase {
  readonly states: number;
  readonly properties: readonly {
    readonly name: string;
    readonly kind: string;
    readonly outcome: string;
    readonly traceLength?: number;
  }[];
}

/** Machines that run tests are loaded: what an engine can decide must not hang on it. */
const PATIENCE_MS = 180_000;

const absence = await tlcAbsence();
const native = (await findNativeZ3(CACHE_DIR)) !== undefined;

/**
 * Where a native Z3 decides all cases, the packaged one decides these as well: channels as counters
 * and as slots, sets, parameters, both answers. Random models add the rest.
 */
const ON_PACKAGED = [
  'aggregate-functions.yaml',
  'deadlock-vs-final.yaml',
  'design-tampered.yaml',
  'param-reachable-for-every.yaml',
  'self-message-fifo-rotates.yaml',
];

describeShared('published native models', () => {
  const expected = JSON.parse(
    readFileSync(sharedPath('cases', 'native', 'expected.json'), 'utf8'),
  ) as Record<string, ExpectedCase>;
  const meets = async (engine: EngineName, file: string): Promise<void> => {
    const wanted = expected[file] as ExpectedCase;
    const report = await reportOn(
      readFileSync(sharedPath('cases', 'native', file), 'utf8'),
      [engine],
      { timeoutMs: PATIENCE_MS },
    );
    expect(report.properties.map((p) => p.name).sort()).toEqual(
      wanted.properties.map((p) => p.name).sort(),
    );
    let decided = 0;
    for (const property of wanted.properties) {
      const got = report.properties.find((p) => p.name === property.name);
      // Only a cell that the engine refuses may stay open; explore refuses none of these.
      if (engine !== 'explore' && got?.reason === 'unsupported') continue;
      // That what should happen does, Z3 proves by a ranking, or leaves open.
      if (
        engine === 'z3' &&
        property.outcome === 'holds' &&
        isLiveness(property.kind) &&
        got?.outcome === 'bounded'
      )
        continue;
      decided += 1;
      expect({ name: property.name, outcome: got?.outcome, message: got?.message }).toEqual({
        name: property.name,
        outcome: property.outcome,
        message: undefined,
      });
      if (property.traceLength !== undefined)
        expect({ name: property.name, length: got?.trace?.steps.length }).toEqual({
          name: property.name,
          length: property.traceLength,
        });
    }
    expect(decided).toBeGreaterThanOrEqual(4);
    for (const counted of report.properties[0]?.engines ?? [])
      if (counted.states !== undefined) expect(counted.states).toBe(wanted.states);
  };
  for (const engine of ['explore', 'tlc', 'z3'] as const satisfies readonly EngineName[]) {
    for (const file of Object.keys(expected))
      it.skipIf(engine === 'tlc' && absence !== undefined)(
        `${engine}: ${file}`,
        () => meets(engine, file),
        2 * PATIENCE_MS,
      );
  }
  if (native)
    for (const file of ON_PACKAGED)
      it(`z3 as packaged: ${file}`, () => onPackagedZ3(() => meets('z3', file)), 2 * PATIENCE_MS);
});
