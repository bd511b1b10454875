import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNative } from '../../../src/frontends/native/index.ts';
import { replayWitness } from '../../../src/graph/replay.ts';
import { explore } from '../../../src/engines/explore/index.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { liftRun } from '../../../src/model/lift.ts';
import type { State } from '../../../src/model/layout.ts';
import type { Property } from '../../../src/model/model.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import { starts, valuations } from '../../../src/model/initial.ts';
import { Semantics } from '../../../src/model/semantics.ts';
import { timeOf } from '../../../src/time/time.ts';
import { lamp } from '../lamp.ts';

function read(text: string): { readonly semantics: Semantics; readonly property: Property } {
  const native = readNative(text);
  const model = native.ok ? typecheck(native.value.document, native.value.locate) : native;
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  return { semantics: new Semantics(model.value), property: model.value.properties[0] as Property };
}

async function answer({ semantics, property }: ReturnType<typeof read>): Promise<Outcome> {
  const { outcomes } = await explore.run(
    { semantics, digest: '', properties: [property] },
    { memoryMb: 500, maxStates: 10_000, cacheDir: '' },
    timeOf(30_000),
    () => undefined,
  );
  return outcomes.get(property.name) as Outcome;
}

const LAMP = (ltl: string, fair = ''): string => lamp(`  asked: { ltl: "${ltl}" }\n`, fair);

describe('linear temporal logic, on the graph', () => {
  it.each([
    ['[]<> (lamp or broken)', '', 'violated'],
    ['[]<> (lamp or broken)', ', fair: weak', 'holds'],
    ['[]<> lamp', ', fair: weak', 'violated'],
    ['G (broken -> G not(lamp))', '', 'holds'],
    ['not(lamp) W (lamp or broken)', '', 'holds'],
    ['not(lamp) U (lamp or broken)', '', 'violated'],
    ['(F lamp) or (G not(lamp))', '', 'holds'],
    ['(<>[] broken) or ([]<> lamp)', ', fair: weak', 'holds'],
    ['broken R (lamp or not(lamp))', '', 'holds'],
  ])('%s%s: %s', async (ltl, fair, expected) => {
    const asked = read(LAMP(ltl, fair));
    const outcome = await answer(asked);
    expect(outcome.outcome).toBe(expected);
    if (outcome.outcome === 'violated')
      expect(
        replayWitness(
          asked.semantics,
          asked.property,
          'lasso',
          outcome.trace as NonNullable<typeof outcome.trace>,
        ),
      ).toEqual({ ok: true });
  });

  it('a run that satisfies the formula is no witness against it', async () => {
    const never = read(LAMP('G not(lamp)'));
    const always = read(LAMP('G (lamp or not(lamp))'));
    const outcome = await answer(never);
    const trace = outcome.outcome === 'violated' ? outcome.trace : undefined;
    expect(
      replayWitness(always.semantics, always.property, 'lasso', trace as NonNullable<typeof trace>),
    ).toEqual({ ok: false, why: 'the run satisfies the formula' });
  });

  it('a problem in the formula has its place', () => {
    expect(() => read(LAMP('G (lamp -> X lamp)'))).toThrow(/EXPRESSION_UNSUPPORTED.*"column":29/);
    expect(() => read(LAMP('G (lamp -> F nobody)'))).toThrow(/NAME_UNKNOWN.*"column":31/);
  });
});

/** Up to six values, some steps between them, some of them fair. */
const models = fc
  .record({
    steps: fc.array(
      fc.record({
        from: fc.nat(4),
        to: fc.nat(4),
        fair: fc.constantFrom('', '', ', fair: weak', ', fair: strong'),
      }),
      { minLength: 3, maxLength: 7 },
    ),
    formula: fc.letrec<{ f: string }>((tie) => ({
      f: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('x = 0', 'x = 1', 'x > 1', 'x < 3', 'true', 'x = 4'),
        fc
          .tuple(fc.constantFrom('G', 'eventually', 'not'), tie('f'))
          .map(([op, f]) => `${op} (${f})`),
        fc
          .tuple(tie('f'), fc.constantFrom('and', 'or', '->', 'U', 'R', 'W'), tie('f'))
          .map(([a, op, b]) => `((${a}) ${op} (${b}))`),
      ),
    })).f,
  })
  .map(
    ({ steps, formula }) => `
probity: 1
name: random
variables: { x: { type: int 0..4, init: 0 } }
actors: { a: {} }
actions:
${steps.map(({ from, to, fair }, i) => `  s${i}: { actor: a, when: x = ${from}, then: { x: ${to} }${fair} }`).join('\n')}
properties: { asked: { ltl: "${formula}" } }
`,
  );

/**
 * Whether some run of at most `length` states that goes round, or stops, is a witness against the
 * property: all are tried.
 */
function someRunBreaks({ semantics, property }: ReturnType<typeof read>, length: number): boolean {
  const isWitness = (states: readonly State[], loopStart: number): boolean => {
    const trace = liftRun(semantics, { states: [...states], loopStart });
    return trace !== undefined && replayWitness(semantics, property, 'lasso', trace).ok;
  };
  const walk = (path: readonly State[]): boolean => {
    const last = path.at(-1) as State;
    if (isWitness(path, path.length - 1)) return true;
    for (let at = 0; at < path.length - 1; at += 1)
      if (path[at]?.join() === last.join() && isWitness(path, at)) return true;
    if (path.length === length) return false;
    const next = new Map<string, State>();
    semantics.successors(last, (_, state) => state && next.set(state.join(), state));
    return [...next.values()].some((state) => walk([...path, state]));
  };
  return [...valuations(semantics)].some((valuation) =>
    [...starts(semantics, valuation)].some(({ state }) => walk([state])),
  );
}

describe('linear temporal logic, on random models', () => {
  it('is violated exactly where some run is a witness', async () => {
    const met = { holds: 0, violated: 0 };
    await fc.assert(
      fc.asyncProperty(models, async (text) => {
        const asked = read(text);
        const outcome = await answer(asked);
        if (outcome.outcome !== 'holds' && outcome.outcome !== 'violated')
          throw new Error(JSON.stringify(outcome));
        met[outcome.outcome] += 1;
        if (outcome.outcome === 'violated')
          expect(
            replayWitness(
              asked.semantics,
              asked.property,
              'lasso',
              outcome.trace as NonNullable<typeof outcome.trace>,
            ),
          ).toEqual({ ok: true });
        else expect(someRunBreaks(asked, 7)).toBe(false);
      }),
      { numRuns: Number(globalThis.process.env['PROBITY_RUNS'] ?? 400), seed: 23 },
    );
    expect(Math.min(met.holds, met.violated)).toBeGreaterThan(60);
  }, 240_000);
});
