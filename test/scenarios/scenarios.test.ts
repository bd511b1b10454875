import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  scenario,
  scenarios,
  type Expected,
  type Scenario,
  type ScenarioModel,
} from '../../src/scenarios/index.ts';
import { ENGINE_NAMES, type EngineName } from '../../src/model/engine.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import type { PropertyReport } from '../../src/model/outcome.ts';

const IMPLICIT = ['withinRange', 'withinCapacity', 'singleWrite', 'defined'];

async function reports(
  model: ScenarioModel,
  engine: EngineName | 'auto',
): Promise<readonly PropertyReport[]> {
  const engines = engine === 'auto' ? engine : [engine];
  const context = {
    signal: new AbortController().signal,
    cacheDir: process.env['PROBITY_CACHE_DIR'] ?? tmpdir(),
    onProgress: () => undefined,
  };
  const result = await checkSubmission(
    { ...model, name: 'model.yaml' },
    { ...DEFAULT_OPTIONS, engines },
    context,
  );
  if (!result.ok && result.problems.every((found) => found.code === 'ENGINE_UNKNOWN')) return [];
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.report.properties;
}

describe.each(scenarios().map((found) => [found.id, found] as const))(
  '%s',
  (_, found: Scenario) => {
    describe.each(['vulnerable', 'fixed'] as const)('%s', (which) => {
      const expected: Expected = found.expected[which];

      it('comes out as expected', async () => {
        const outcomes = Object.fromEntries(
          (await reports(found[which], 'explore')).map((report) => [report.name, report.outcome]),
        );
        expect(outcomes).toEqual({
          ...Object.fromEntries(IMPLICIT.map((name) => [name, 'holds'])),
          ...expected,
        });
      });

      // An engine that is not there, or does not support a kind, says unknown; none may say
      // something else than expected.
      it.each(ENGINE_NAMES.filter((name) => name !== 'explore'))(
        '%s does not contradict',
        async (engine) => {
          for (const report of await reports(found[which], engine)) {
            const right = expected[report.name] ?? 'holds';
            expect(
              [right, 'bounded', 'unknown'].map((outcome) => `${report.name} ${outcome}`),
            ).toContain(`${report.name} ${report.outcome}`);
          }
        },
        120_000,
      );
    });

    it('is broken by an attack that can be replayed, in which the attacker acts', async () => {
      const broken = (await reports(found.vulnerable, 'explore')).filter(
        (report) => report.outcome === 'violated',
      );
      expect(broken.length).toBeGreaterThan(0);
      for (const report of broken) {
        expect(report.assurance).toContain('replayed');
        const steps = report.trace?.steps.map((step) => step.action) ?? [];
        expect(steps.some((action) => untrustedActions(found.vulnerable.source).has(action))).toBe(
          true,
        );
      }
    });

    it('is mended without forbidding the attack', () => {
      const attacks = [...untrustedActions(found.vulnerable.source)];
      expect(attacks.length).toBeGreaterThan(0);
      expect([...untrustedActions(found.fixed.source)]).toEqual(attacks);
    });

    it('can be read', () => {
      expect(found.story.split('\n\n').length).toBeGreaterThan(1);
      expect(found.references.every((reference) => /^[A-Z]/.test(reference))).toBe(true);
      expect(Object.keys(found.expected.fixed)).toEqual(Object.keys(found.expected.vulnerable));
    });
  },
);

/**
 * The actions of untrusted actors, by the layout that the library keeps to: two spaces before each
 * name.
 */
function untrustedActions(source: string): ReadonlySet<string> {
  const actors = new Set(
    [...source.matchAll(/^ {2}(\w+): +\{ trust: untrusted/gm)].map((match) => match[1]),
  );
  return new Set(
    [...source.matchAll(/^ {2}(\w+):\n(?: {4}label:.*\n)? {4}actor: (\w+)/gm)].flatMap((match) =>
      actors.has(match[2]) && match[1] ? [match[1]] : [],
    ),
  );
}

it('a scenario is found by its id', () => {
  expect(scenario('lost-cold-chain-alarm')?.title).toBe('A cold-chain alarm that gets lost');
  expect(scenario('none')).toBeUndefined();
});
