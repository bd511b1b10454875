import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Exploration } from '../../../src/engines/explore/exploration.ts';
import { programText } from '../../../src/graph/compiled/program.ts';
import type { Generator } from '../../../src/graph/compiled/walker.ts';
import { readNative } from '../../../src/frontends/native/index.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { ENDLESS } from '../../../src/time/time.ts';
import { FEATURES, randomModel, type Feature } from '../../conformance/randomModel.ts';
import { tiny } from '../../model/tiny.ts';
import { walked } from './both.ts';

/** Counts up to 9,999 and starts anew at any time. */
const COUNTER = tiny(`
variables: { n: { type: "int 0..9999", init: 0 } }
actions:
  up: { actor: me, when: n < 9999, then: { n: n + 1 } }
  home: { actor: me, then: { n: 0 } }
properties: { never: { never: n > 9999 } }`);

/** A generator that makes a mistake. */
function mistaken(right: string, wrong: string): Generator {
  return (semantics, predicates, level) => {
    const made = programText(semantics, predicates, level);
    expect(made.text).toContain(right);
    return { ...made, text: made.text.replace(right, wrong) };
  };
}

describe('the referee', () => {
  it.each([
    ['another value', 'const v0 = (S[0] + 1)', 'const v0 = S[0] < 7 ? S[0] + 1 : S[0]'],
    ['another label', 'N(0)', 'N(1)'],
    ['a step too few', 'N(1)', 'S[0] === 7 || N(1)'],
    ['a step too many', 'N(1);', '{ N(1); if (S[0] === 7) N(1); }'],
    ['an error where there is none', 'if (e !== 0)', 'if (S[0] === 7) E(0, 1); else if (e !== 0)'],
    ['a predicate', 'return (S[0] > 9999)', 'return S[0] === 7'],
  ])('notices %s, and the exploration ends there', async (_, right, wrong) => {
    const { graph } = await walked(COUNTER, { generate: mistaken(right, wrong) });
    const { disagreement } = graph;
    expect(disagreement?.state).toEqual([right === 'N(0)' ? 0 : 7]);
    expect(disagreement?.generated).not.toEqual(disagreement?.interpreted);
    expect(graph.bounds).toEqual(['states on which generated code and the rules agree']);
    expect(graph.compared).toBe(graph.expanded + 1);
  });

  it('looks at states far out too, and not at all of them', async () => {
    const right = await walked(COUNTER, {}, 20_000);
    expect(right.graph.store.count).toBe(10_000);
    expect(right.graph.compared).toBeGreaterThan(2_100);
    expect(right.graph.compared).toBeLessThan(3_000);
    const generate = mistaken('N(1)', 'S[0] > 5000 || N(1)');
    const { graph } = await walked(COUNTER, { generate }, 20_000);
    expect(graph.disagreement?.state[0]).toBeGreaterThan(5_000);
  });

  it('makes every answer unknown, and keeps both', async () => {
    const properties = COUNTER.model.properties;
    const task = { semantics: COUNTER, digest: '', properties };
    const budget = { maxStates: 20_000, memoryMb: 100, cacheDir: '' };
    const run = (generate?: Generator) =>
      new Exploration(task, generate && { generate }).run(budget, ENDLESS, () => undefined);
    const found = await run(mistaken('const v0 = (S[0] + 1)', 'const v0 = (S[0] + 2)'));
    expect([...found.outcomes.keys()]).toEqual(properties.map(({ name }) => name));
    for (const outcome of found.outcomes.values())
      expect(outcome).toMatchObject({ outcome: 'unknown', reason: 'disagreement' });
    const [artifact] = found.artifacts;
    expect(artifact?.name).toBe('explore/disagreement.json');
    expect(JSON.parse(artifact?.text ?? '')).toMatchObject({
      state: [0],
      generated: ['0 to 2', 'predicates: false,true'],
      interpreted: ['0 to 1', 'predicates: false,true'],
    });
    const right = await run();
    for (const outcome of right.outcomes.values())
      expect(outcome).toMatchObject({
        outcome: 'holds',
        evidence: { path: 'compiled', translationValidated: true },
      });
  });
});

const COUNT = Number(process.env['PROBITY_RANDOM_COMPILED'] ?? 250);
const SEED = Number(process.env['PROBITY_RANDOM_SEED'] ?? 20261129);

describe('random models', () => {
  it(`have the same graph by generated code, all ${COUNT} of them`, async () => {
    for (let index = 0; index < COUNT; index += 1) {
      const features: Feature[] = [
        ...new Set([
          FEATURES[index % FEATURES.length] as Feature,
          FEATURES[
            (index * 7 + 3 + Math.floor(index / FEATURES.length)) % FEATURES.length
          ] as Feature,
          FEATURES[(index * 5 + 1) % FEATURES.length] as Feature,
        ]),
      ];
      const [document] = fc.sample(randomModel(features), { seed: SEED + index, numRuns: 1 });
      const source = JSON.stringify(document);
      const read = readNative(source);
      const model = read.ok ? typecheck(read.value.document, read.value.locate) : read;
      if (!model.ok) throw new Error(JSON.stringify(model.problems));
      const semantics = new Semantics(model.value);
      const compiled = await walked(semantics);
      const interpreted = await walked(semantics, { path: 'interpreted' });
      expect(compiled.graph.interpretedFor, source).toBeUndefined();
      expect(compiled.graph.disagreement, source).toBeUndefined();
      expect(compiled.found, source).toEqual(interpreted.found);
    }
  }, 120_000);
});
