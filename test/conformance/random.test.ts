import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CELL_TYPES,
  ENGINE_KINDS,
  supported,
  type CellType,
  type EngineKind,
} from '../../src/checking/support.ts';
import { ENGINE_NAMES, type EngineName } from '../../src/model/engine.ts';
import type { PropertyReport } from '../../src/model/outcome.ts';
import { onPackagedZ3, reportOn, tlcAbsence } from './checking.ts';
import { FEATURES, randomModel, type Feature } from './randomModel.ts';
import { IMPLICIT_KINDS } from '../../src/model/propertyKinds.ts';

/**
 * Random models hold the engines to one answer. `PROBITY_RANDOM_MODELS` and `PROBITY_RANDOM_SEED`
 * ask for more, or for others; a failure prints the model.
 */
const COUNT = Number(process.env['PROBITY_RANDOM_MODELS'] ?? 22);
const SEED = Number(process.env['PROBITY_RANDOM_SEED'] ?? 20261123);
/** Explore against its own replay is cheap: many models. */
const EXPLORE_COUNT = Number(process.env['PROBITY_RANDOM_EXPLORE'] ?? 600);

/**
 * TLC takes a JVM for every answer, most of the time of this suite: of this many models each
 * feature is the first of one, so that every cell is tried.
 */
const TLC_COUNT = Number(process.env['PROBITY_RANDOM_TLC'] ?? FEATURES.length);
/** Where there is a native Z3, every so-manieth model is put to the packaged one. */
const PACKAGED_EVERY = 6;

/** Machines that run tests are loaded: what an engine can decide must not hang on it. */
const PATIENCE_MS = 180_000;

const absence = await tlcAbsence();
const engines: EngineName[] = ENGINE_NAMES.filter(
  (name) => name !== 'tlc' || absence === undefined,
);
/** The models tried per cell. */
const tried = new Map<string, Set<number>>();

function note(cell: string, model: number): void {
  tried.set(cell, (tried.get(cell) ?? new Set()).add(model));
}

function featuresOf(index: number): Feature[] {
  const first = FEATURES[index % FEATURES.length] as Feature;
  const second = FEATURES[
    (index * 7 + 3 + Math.floor(index / FEATURES.length)) % FEATURES.length
  ] as Feature;
  return [...new Set<Feature>([first, second, 'bool'])];
}

function sampled(index: number): { readonly features: Feature[]; readonly source: string } {
  const features = featuresOf(index);
  const [document] = fc.sample(randomModel(features), { seed: SEED + index, numRuns: 1 });
  return { features, source: JSON.stringify(document) };
}

function kindOf(property: PropertyReport): EngineKind {
  return (IMPLICIT_KINDS as readonly string[]).includes(property.kind)
    ? 'implicit'
    : (property.kind as EngineKind);
}

/** Runs of so many steps Z3 looks at in far less than its time, also on a loaded machine. */
const SHORT_LASSO = 6;

/** What explore breaks by a short run, Z3 breaks too. */
function expectShortLasso(property: PropertyReport, shown: string): void {
  const z3 = property.engines.find((e) => e.name === 'z3');
  if (property.witness === 'lasso' && z3?.outcome === 'bounded')
    expect(property.trace?.steps.length, shown).toBeGreaterThan(SHORT_LASSO);
}

describe('random models', () => {
  it(
    `explore: every witness of ${EXPLORE_COUNT} models replays, and nothing is left unknown`,
    async () => {
      const outcomes = new Map<string, number>();
      for (let index = 0; index < EXPLORE_COUNT; index += 1) {
        const { source } = sampled(index + 10_000);
        const report = await reportOn(source, ['explore']);
        for (const p of report.properties) {
          expect(p.outcome, `${p.name}: ${p.message ?? ''}\n${source}`).not.toBe('unknown');
          if (p.outcome === 'violated')
            expect(p.assurance, `${p.name}\n${source}`).toContain('replayed');
          outcomes.set(p.outcome, (outcomes.get(p.outcome) ?? 0) + 1);
        }
      }
      // A generator whose models all hold, or all break, would prove little.
      for (const outcome of ['holds', 'violated', 'bounded'])
        expect(outcomes.get(outcome) ?? 0).toBeGreaterThan(EXPLORE_COUNT / 4);
    },
    2 * PATIENCE_MS,
  );

  for (let index = 0; index < COUNT; index += 1) {
    const { features, source } = sampled(index);
    const asked = engines.filter((name) => name !== 'tlc' || index < TLC_COUNT);
    const packaged = index % PACKAGED_EVERY === 0;
    it(
      `${asked.join(', ')}${packaged ? ' as packaged' : ''} agree on model ${index} (${features.join(', ')})`,
      async () => {
        const ask = (): ReturnType<typeof reportOn> =>
          reportOn(source, asked, { maxStates: 50_000, timeoutMs: PATIENCE_MS });
        const report = await (packaged ? onPackagedZ3(ask) : ask());
        for (const property of report.properties) {
          const kind = kindOf(property);
          const support = (name: string): readonly string[] =>
            features.map((type: CellType) => supported(name as EngineName, kind, type));
          const answers = property.engines.filter((e) => e.reason !== 'unsupported');
          const said = new Set(answers.map((e) => e.outcome));
          const shown = `${property.name}: ${answers.map((e) => `${e.name} ${e.outcome} ${e.reason ?? ''} ${e.message ?? ''}`).join(' | ')}\n${source}`;
          expect(said.has('holds') && said.has('violated'), shown).toBe(false);
          // `limited` may decline, or go no further than a bound; whoever supports every column
          // must answer, and answer the same.
          const sure = answers.filter((e) => support(e.name).every((s) => s === 'yes'));
          expect(new Set(sure.map((e) => e.outcome)).size, shown).toBeLessThanOrEqual(1);
          for (const engine of property.engines) {
            if (engine.outcome === 'unknown')
              expect(
                support(engine.name).some((s) => s !== 'yes'),
                shown,
              ).toBe(true);
            else for (const type of features) note(`${engine.name} × ${kind} × ${type}`, index);
          }
          expectShortLasso(property, shown);
        }
      },
      2 * PATIENCE_MS,
    );
  }

  it('tries every supported cell at least once', () => {
    const empty = engines.flatMap((engine) =>
      ENGINE_KINDS.flatMap((kind) =>
        CELL_TYPES.filter(
          (type) =>
            supported(engine, kind, type) !== 'no' && !tried.has(`${engine} × ${kind} × ${type}`),
        ).map((type) => `${engine} × ${kind} × ${type}`),
      ),
    );
    expect(empty).toEqual([]);
  });

  afterAll(() => {
    const lines = engines.map((engine) =>
      ENGINE_KINDS.filter((kind) => supported(engine, kind, 'bool') !== 'no')
        .map(
          (kind) =>
            `${engine.padEnd(8)}${kind.padEnd(14)}${CELL_TYPES.map((type) => String(tried.get(`${engine} × ${kind} × ${type}`)?.size ?? 0).padStart(4)).join('')}`,
        )
        .join('\n'),
    );
    process.stdout.write(
      `\nmodels tried per cell (${CELL_TYPES.join(', ')})\n${lines.join('\n')}\n`,
    );
  });
});
