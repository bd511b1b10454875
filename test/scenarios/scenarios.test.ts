import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyseThreats } from '../../src/checking/attackSets/analysis.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { inspect, type Inspected } from '../../src/checking/inspect.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { ENGINE_NAMES, type EngineName } from '../../src/model/engine.ts';
import { schemaFrom } from '../../src/yaml/shape.ts';
import type { Model } from '../../src/model/model.ts';
import type { PropertyReport } from '../../src/model/outcome.ts';
import { EXERCISES_SHAPE } from '../../src/scenarios/exercises.ts';
import {
  readLibrary,
  scenario,
  SCENARIO_SHAPE,
  scenarios,
  textOf,
  TEXT_SHAPE,
  type Scenario,
  type ScenarioModel,
} from '../../src/scenarios/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { golden, repository } from '../golden.ts';

/** An engine that needs longer says unknown. */
const PATIENCE_MS = 8_000;

/**
 * TLC and Z3 get a third of the scenarios, another one each day: all of them take some minutes, and
 * `PROBITY_SCENARIO_PARTS=1` asks for them.
 */
const PARTS = Number(process.env['PROBITY_SCENARIO_PARTS'] ?? 3);
const PART = Math.floor(Date.now() / 86_400_000) % PARTS;
const ofTheDay = new Set(
  scenarios()
    .filter((_, at) => at % PARTS === PART)
    .map(({ id }) => id),
);

const IMPLICIT = ['withinRange', 'withinCapacity', 'singleWrite', 'defined'];

async function reports(
  model: ScenarioModel,
  engine: EngineName,
  timeoutMs = DEFAULT_OPTIONS.timeoutMs,
): Promise<readonly PropertyReport[]> {
  const context = {
    signal: new AbortController().signal,
    cacheDir: process.env['PROBITY_CACHE_DIR'] ?? tmpdir(),
    onProgress: () => undefined,
  };
  const result = await checkSubmission(
    { ...model, name: 'model.yaml' },
    { ...DEFAULT_OPTIONS, timeoutMs, engines: [engine] },
    context,
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value.report.properties;
}

async function inspected(model: ScenarioModel): Promise<Inspected> {
  const read = await inspect({ ...model, name: 'model.yaml' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

const ANALYSIS = {
  budget: undefined,
  controls: false,
  timeoutMs: 60_000,
  maxStates: 200_000,
  memoryMb: 1_024,
};

/** The minimal attack sets of each property that has some. */
async function attacksOn(
  model: ScenarioModel,
  threats: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await analyseThreats(
    await inspected(model),
    'native',
    { ...ANALYSIS, threats },
    timeOf(ANALYSIS.timeoutMs),
  );
  if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
  expect(answer.value.properties.filter(({ complete }) => complete !== true)).toEqual([]);
  return Object.fromEntries(
    answer.value.properties
      .filter(({ minimalAttackSets }) => minimalAttackSets.length > 0)
      .map(({ name, minimalAttackSets }) => [name, minimalAttackSets.map((set) => set.threats)]),
  );
}

describe.each(scenarios().map((found) => [found.id, found] as const))(
  '%s',
  (_, found: Scenario) => {
    describe.each(['vulnerable', 'fixed'] as const)('%s', (which) => {
      const { outcomes, attacks } = found.expected[which];

      it('comes out as expected', async () => {
        const told = Object.fromEntries(
          (await reports(found[which], 'explore')).map((report) => [report.name, report.outcome]),
        );
        expect(told).toEqual({
          ...Object.fromEntries(IMPLICIT.map((name) => [name, 'holds'])),
          ...outcomes,
        });
      });

      it('breaks by the attack sets that are told, and by no other', async () => {
        expect(await attacksOn(found[which], found.threats)).toEqual(attacks);
      }, 60_000);

      // An engine that is not there, or does not support a kind, says unknown; none may say
      // something else than expected.
      it.each(ENGINE_NAMES.filter((name) => name !== 'explore' && ofTheDay.has(found.id)))(
        '%s does not contradict',
        async (engine) => {
          for (const report of await reports(found[which], engine, PATIENCE_MS)) {
            const right = outcomes[report.name] ?? 'holds';
            expect(
              [right, 'bounded', 'unknown'].map((outcome) => `${report.name} ${outcome}`),
            ).toContain(`${report.name} ${report.outcome}`);
          }
        },
        180_000,
      );
    });

    it('is broken, and the fixed one holds what broke', () => {
      const broken = Object.keys(found.expected.vulnerable.attacks);
      const mended = broken.filter((name) => !found.expected.fixed.attacks[name]);
      expect(mended.length).toBeGreaterThan(0);
      expect(Object.values(found.expected.fixed.outcomes)).not.toContain('violated');
    });

    it('is mended by no declaration', async () => {
      const [before, after] = [
        (await inspected(found.vulnerable)).semantics.model,
        (await inspected(found.fixed)).semantics.model,
      ];
      expect(declared(after, before)).toEqual(declared(before, after));
    });

    it('can be read in English and in German', () => {
      for (const language of ['en', 'de']) {
        expect(found.texts.has(language)).toBe(true);
        expect(textOf(found, language).story.split('\n\n').length).toBeGreaterThan(1);
      }
      expect(textOf(found, 'de').title).not.toBe(textOf(found, 'en').title);
      expect(textOf(found, 'fr')).toBe(textOf(found, 'en'));
      expect(found.references.every((reference) => /^[A-Z]/.test(reference))).toBe(true);
    });

    if (found.proof)
      it('resists every set of threats, proved for every amount', async () => {
        const proof = found.proof as ScenarioModel;
        const broken = Object.keys(found.expected.vulnerable.attacks);
        const timeoutMs = 240_000;
        const answer = await analyseThreats(
          await inspected(proof),
          'native',
          { ...ANALYSIS, timeoutMs, threats: 'all' },
          timeOf(timeoutMs),
        );
        if (!answer.ok) throw new Error(JSON.stringify(answer.problems));
        const mended = answer.value.properties.filter(({ name }) => broken.includes(name));
        expect(mended.length).toBeGreaterThan(0);
        for (const { engine, complete, resilience } of mended)
          expect({ engine, complete, resilience }).toEqual({
            engine: 'z3',
            complete: true,
            resilience: 'all',
          });
      }, 300_000);

    if (found.proof)
      it('is proved for every amount', async () => {
        const proof = found.proof as ScenarioModel;
        const broken = Object.keys(found.expected.vulnerable.attacks);
        const proved = (await reports(proof, 'z3')).filter(({ name }) => broken.includes(name));
        expect(proved.map(({ outcome, method }) => `${outcome} ${method}`)).toEqual(
          proved.map(() => 'holds inductive'),
        );
        expect(proved.length).toBeGreaterThan(0);
        expect((await inspected(proof)).semantics.model.parameters.length).toBeGreaterThan(0);
      }, 180_000);
  },
);

/**
 * What a fix may not change: whom to trust, who reads what, sets, parameters, what is asked. Of
 * channels those count that both models have.
 */
function declared({ actors, channels, properties, sets, parameters, actions }: Model, of: Model) {
  const has = (items: readonly { readonly name: string }[], name: string): boolean =>
    items.some((item) => item.name === name);
  const untrusted = new Set(actors.flatMap(({ name, trust }) => (trust === 'trusted' ? [] : name)));
  return {
    actors: actors.map(({ name, trust }) => `${name} ${trust}`),
    channels: channels
      .filter(({ name }) => has(of.channels, name))
      .map(({ name, medium, capacity, signed, fresh, unguessable }) =>
        JSON.stringify([name, medium, capacity, signed, fresh, unguessable]),
      ),
    attackers: actions.filter(({ actor }) => untrusted.has(actor)).map(({ name }) => name),
    properties: properties.map(({ name, kind }) => `${name} ${kind}`),
    sets: sets.map(({ name, elements }) => `${name} ${elements.join()}`),
    parameters,
  };
}

it('a scenario is found by its id', () => {
  expect(textOf(scenario('lost-cold-chain-alarm') as Scenario, 'en').title).toBe(
    'A cold-chain alarm that gets lost',
  );
  expect(scenario('none')).toBeUndefined();
});

it('what is wrong in a lesson names the file and the place', () => {
  const library = mkdtempSync(join(tmpdir(), 'probity-lessons-'));
  cpSync(repository('specs/scenarios/currency-swapped'), join(library, 'one'), { recursive: true });
  const change = (file: string, from: string, to: string): void => {
    const path = join(library, 'one', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  expect(readLibrary(library).ok).toBe(true);
  change('scenario.yaml', 'sector: payment', 'sector: pay');
  change('text.de.yaml', 'title:', 'titel:');
  rmSync(join(library, 'one', 'fixed.yaml'));
  const read = readLibrary(library);
  const told = read.ok
    ? []
    : read.problems.map(({ code, path, line }) => `${code} ${path.replace(library, '')} ${line}`);
  expect(told).toEqual([
    'MODEL_SHAPE /one/scenario.yaml: sector 1',
    'MISSING_KEY /one/text.de.yaml 1',
    'UNKNOWN_KEY /one/text.de.yaml: titel 1',
    'MISSING_KEY /one/fixed.yaml undefined',
  ]);
});

it('names in an exercise that the model does not have are told with their place', () => {
  const library = mkdtempSync(join(tmpdir(), 'probity-lessons-'));
  const scenarioId = 'currency-swapped';
  cpSync(repository(`specs/scenarios/${scenarioId}`), join(library, 'one'), { recursive: true });
  const change = (file: string, from: string, to: string): void => {
    const path = join(library, 'one', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  };
  const told = (): string[] => {
    const read = readLibrary(library);
    return read.ok
      ? []
      : read.problems.map(
          ({ code, path, line, message }) =>
            `${code} ${path.replace(library, '')} ${line} ${/did you mean `([^`]+)`/u.exec(message)?.[1] ?? ''}`,
        );
  };
  expect(told()).toEqual([]);
  change('exercises.yaml', 'change: { confirm:', 'change: { confrim:');
  change('exercises.yaml', 'then: [charge,', 'then: [charged,');
  change('exercises.yaml', 'hidden: { shop:', 'hidden: { shopp:');
  change('exercises.yaml', 'properties: [paidInEuro]', 'properties: [payedInEuro]');
  expect(told()).toEqual([
    'NAME_UNKNOWN /one/exercises.yaml: goodRuns.inEuro.then.0 4 charge',
    'PROPERTY_UNKNOWN /one/exercises.yaml: exercises.compare-all-of-it.properties.0 9 paidInEuro',
    'NAME_UNKNOWN /one/exercises.yaml: exercises.compare-all-of-it.opens.change.confrim 11 confirm',
    'ACTOR_UNKNOWN /one/exercises.yaml: exercises.compare-all-of-it.hidden.shopp 14 shop',
  ]);
  cpSync(repository(`specs/scenarios/${scenarioId}`), join(library, 'one'), { recursive: true });
  change('exercises.yaml', 'kind: fix', 'kind: find');
  change('text.de.yaml', 'amount-twice:', 'amount-thrice:');
  expect(told()).toEqual([
    'UNKNOWN_KEY /one/exercises.yaml: exercises.compare-all-of-it.opens 10 ',
    'UNKNOWN_KEY /one/exercises.yaml: exercises.compare-all-of-it.hidden 14 ',
    'UNKNOWN_KEY /one/exercises.yaml: exercises.compare-all-of-it.hints 15 ',
  ]);
  cpSync(
    repository(`specs/scenarios/${scenarioId}/exercises.yaml`),
    join(library, 'one/exercises.yaml'),
  );
  expect(told()).toEqual([
    'MISSING_KEY /one/text.de.yaml: exercises.which-control.candidates undefined ',
    'UNKNOWN_KEY /one/text.de.yaml: exercises.which-control.candidates.amount-thrice 34 amount-twice',
  ]);
});

it('the schemas are printed from the tables that the reader walks', () => {
  golden(
    'schemas/scenario.schema.json',
    schemaFrom('scenario', 'The facts of a scenario', SCENARIO_SHAPE),
  );
  golden(
    'schemas/scenario-text.schema.json',
    schemaFrom('scenario-text', 'The texts of a scenario in one language', TEXT_SHAPE),
  );
  golden(
    'schemas/exercises.schema.json',
    schemaFrom('exercises', 'The exercises of a scenario', EXERCISES_SHAPE),
  );
});
