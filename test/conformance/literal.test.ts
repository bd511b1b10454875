import { describe, expect, it } from 'vitest';
import { readNative } from '../../src/frontends/native/index.ts';
import { type Model } from '../../src/model/model.ts';
import { typecheck } from '../../src/model/typecheck.ts';
import type { PropertyReport } from '../../src/model/outcome.ts';
import { answersOf, type Answers } from './literal/answers.ts';
import { drawnModel } from './literal/drawn.ts';
import { reportOn } from './checking.ts';
import { IMPLICIT_KINDS } from '../../src/model/propertyKinds.ts';

/**
 * The rules once more, by an interpreter that is slow and prepares nothing, against `explore`:
 * outcomes, states, lengths of traces. `PROBITY_LITERAL_MODELS` and `PROBITY_LITERAL_SEED` ask for
 * more, or for others.
 */
const COUNT = Number(process.env['PROBITY_LITERAL_MODELS'] ?? 200);
const SEED = Number(process.env['PROBITY_LITERAL_SEED'] ?? 20261129);

function checked(source: string): Model | undefined {
  const read = readNative(source);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const model = typecheck(read.value.document, read.value.locate);
  if (!model.ok) throw new Error(`${source}\n${JSON.stringify(model.problems)}`);
  return model.value;
}

/** Where an error cuts paths, that there is no way may be a bound wherever the error is. */
const RULES_OUT: ReadonlySet<string> = new Set(['reachable', 'recoverable']);

/** How a report differs from what the rules say. */
function differences(report: readonly PropertyReport[], { properties, isCut }: Answers): string[] {
  return report.flatMap(({ name, kind, outcome, trace }) => {
    const expected = properties.get(name);
    if (isCut && outcome === 'bounded' && RULES_OUT.has(kind)) return [];
    const length = trace?.steps.length;
    if (outcome !== expected?.outcome) return [`${name}: ${outcome}, not ${expected?.outcome}`];
    return outcome === 'violated' && expected.length !== undefined && length !== expected.length
      ? [`${name}: ${length} steps, not ${expected.length}`]
      : [];
  });
}

const ANSWERED = [
  ...IMPLICIT_KINDS,
  'always',
  'never',
  'eventually',
  'eventuallyAlways',
  'leadsTo',
  'reachable',
  'recoverable',
  'deadlockFree',
] as const;

const isImplicit = (name: string): boolean => (IMPLICIT_KINDS as readonly string[]).includes(name);

describe(`${COUNT} drawn models`, () => {
  it('explore says what the rules say, read literally', async () => {
    const wrong: string[] = [];
    const seen = new Map<string, number>();
    let judged = 0;
    for (let i = 0; i < COUNT; i += 1) {
      const source = JSON.stringify(drawnModel(SEED + i));
      const model = checked(source);
      const answers = model && answersOf(model);
      if (!answers) continue;
      judged += 1;
      const report = await reportOn(source, ['explore'], { reduction: 'never' });
      const found = differences(report.properties, answers);
      const states = report.properties[0]?.engines[0]?.states;
      if (states !== answers.states) found.push(`${states} states, not ${answers.states}`);
      if (found.length > 0) wrong.push(`${found.join('; ')}\n${source}`);
      for (const { kind, outcome } of report.properties) {
        const cell = `${kind} ${outcome}`;
        seen.set(cell, (seen.get(cell) ?? 0) + 1);
      }
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(judged).toBeGreaterThan(COUNT / 2);
    // A generator whose models all hold, or all break, would prove little.
    for (const kind of ANSWERED)
      for (const outcome of ['holds', 'violated'])
        expect(seen.get(`${kind} ${outcome}`) ?? 0, `${kind} ${outcome}`).toBeGreaterThan(0);
  });

  it('answers the implicit properties the same, whatever else is asked', async () => {
    for (let i = 0; i < COUNT; i += 10) {
      const source = JSON.stringify(drawnModel(SEED + i));
      const answers = async (properties: string[]): Promise<Record<string, string>> => {
        const report = await reportOn(source, ['explore'], { properties });
        const implicit = report.properties.filter(({ name }) => isImplicit(name));
        return Object.fromEntries(implicit.map(({ name, outcome }) => [name, outcome]));
      };
      expect(await answers(['reachable0']), source).toEqual(await answers([]));
    }
  });
});
