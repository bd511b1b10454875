import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { taskOf, type ExerciseTask } from '../../src/lessons/exercise.ts';
import { gradeAttempt } from '../../src/lessons/grade.ts';
import type { GradedAttempt } from '../../src/lessons/graded.ts';
import { readYaml } from '../../src/yaml/yaml.ts';
import type { FixExercise } from '../../src/scenarios/exercises.ts';
import { scenario, scenarios, type Scenario } from '../../src/scenarios/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { repository } from '../golden.ts';
import { CHEATS, type Loose } from './cheats.ts';

/** Every way to win without mending anything is tried on every exercise: none may be right. */

const fixes = scenarios().flatMap((found) =>
  Object.entries(found.exercises).flatMap(([name, exercise]) =>
    exercise.kind === 'fix' ? [[`${found.id}/${name}`, found, name] as const] : [],
  ),
);

async function task(found: Scenario, name: string): Promise<ExerciseTask<FixExercise>> {
  const read = await taskOf(found, name);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value as ExerciseTask<FixExercise>;
}

const grade = async (of: ExerciseTask, model: string, ms = 20_000): Promise<GradedAttempt> =>
  gradeAttempt(of, { model }, { language: 'en', text: undefined, hint: 1 }, timeOf(ms));

function loose(source: string): Loose {
  const read = readYaml(source);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return structuredClone(read.value.value) as Loose;
}

describe.each(fixes)('%s', (_, found, name) => {
  it.each(CHEATS.map((cheat) => [cheat.name, cheat] as const))(
    'refuses: %s',
    async (_name, cheat) => {
      const of = await task(found, name);
      // On a solution, which would be right without it; on what is broken only where that says more.
      const bases = [found.fixed, ...(cheat.comesOut?.includes('wrong') ? [found.vulnerable] : [])];
      for (const { source: base } of bases) {
        const model = loose(base);
        if (!cheat.make(model, of.exercise)) continue;
        const graded = await grade(of, JSON.stringify(model, null, 1));
        expect(cheat.comesOut ?? ['refused'], JSON.stringify(graded.problems)).toContain(
          graded.verdict,
        );
        if (graded.verdict === 'refused')
          for (const problem of graded.problems)
            expect(problem, problem.message).toMatchObject({ line: expect.any(Number) as number });
      }
    },
  );
});

it('every cheat was possible somewhere', () => {
  for (const { name, make } of CHEATS)
    expect(
      fixes.some(([, found, exercise]) =>
        [found.vulnerable, found.fixed].some(({ source }) =>
          make(loose(source), found.exercises[exercise] as FixExercise),
        ),
      ),
      name,
    ).toBe(true);
  expect(fixes.length).toBeGreaterThan(17);
});

/** What only fits one lesson: the text that is replaced, and how it must come out. */
const SINGLE: readonly (readonly [string, string, string, string, string, string])[] = [
  [
    'the warehouse writes what the gateway took',
    'tampered-payment-redirect/compare-and-refund',
    'status[o]: shipped',
    'status[o]: shipped\n      captured[o]: price',
    'refused',
    'ATTEMPT_LOCKED',
  ],
  [
    'a refund that pays the rest',
    'tampered-payment-redirect/compare-and-refund',
    '  ship:\n',
    '  fill: { actor: shop, for: { o: Order }, when: "status[o] = shipped", then: { "captured[o]": price } }\n  ship:\n',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'the price is looked up in the account of the gateway',
    'tampered-payment-redirect/compare-and-refund',
    'status[n.order] = awaiting\n',
    'status[n.order] = awaiting and captured[n.order] = price\n',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'the shop looks into a channel that is not its own',
    'tampered-payment-redirect/compare-and-refund',
    'status[n.order] = awaiting\n',
    'status[n.order] = awaiting and count(redirect) = 0\n',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'what came in is written down as what was asked',
    'invoice-chosen-by-the-payer/compare-the-amount',
    'got: n.amount',
    'got: 3',
    'refused',
    'ATTEMPT_LOCKED',
  ],
  [
    'a cart is paid by writing what was paid',
    'cart-changed-after-checkout/bind-the-sum',
    'asked: n.items',
    'asked: items',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'a forbidden value between allowed ones, by a second spelling of a cell',
    'cart-changed-after-checkout/bind-the-sum',
    'then: { status: paid, asked: n.items }',
    'then: { status: paid, " status": paid, asked: items, "asked ": items }',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'an error in place of an attack',
    'paid-token-replayed/once-only',
    'then: { credit: credit + 1 }',
    'then: { credit: if credit = 1 then 9 else 1 }',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'a full stop: the cart may hold one thing',
    'cart-changed-after-checkout/bind-the-sum',
    'when: status = paying\n    then: { status: paid',
    'when: status = paying and items = 1\n    then: { status: paid',
    'refused',
    'ATTEMPT_HAPPY_PATH',
  ],
  [
    'wrong numbers are no longer counted',
    'card-cracking/lock-it',
    'then: { wrong: wrong + 1 }',
    'then: { state: open }',
    'refused',
    'ATTEMPT_OVERREACHES',
  ],
  [
    'only one of two orders is served',
    'token-of-a-cheap-order/bind-the-token',
    'status[r.order] = paying\n',
    'status[r.order] = paying and r.order = postcard\n',
    'refused',
    'ATTEMPT_HAPPY_PATH',
  ],
];

describe('what fits one lesson alone', () => {
  it.each(SINGLE)('%s', async (_, id, from, to, verdict, code) => {
    const [scenarioId = '', name = ''] = id.split('/');
    const found = scenario(scenarioId) as Scenario;
    const { source } = found.vulnerable;
    expect(source).toContain(from);
    const graded = await grade(await task(found, name), source.replace(from, to));
    expect(graded.verdict).toBe(verdict);
    expect(graded.problems.map((problem) => problem.code)).toContain(code);
    for (const { line } of graded.problems) expect(line).toBeGreaterThan(0);
  });

  it('a run that stops shows how far it comes, and what stands in its way', async () => {
    const found = scenario('token-of-a-cheap-order') as Scenario;
    const source = found.fixed.source.replace('r.token = r.order', 'r.token = postcard');
    const graded = await grade(await task(found, 'bind-the-token'), source);
    expect(graded.problems).toMatchObject([
      { code: 'ATTEMPT_HAPPY_PATH', path: 'actions.complete.controls.tokenIsOfOrder' },
    ]);
    expect(graded.problems[0]?.line).toBe(
      source.split('\n').findIndex((line) => line.includes('tokenIsOfOrder')) + 1,
    );
    expect(graded.lostRuns).toMatchObject([{ how: 'stops', taken: 2, next: 'complete' }]);
    expect(graded.lostRuns[0]?.trace?.steps.map(({ action }) => action)).toEqual(['begin', 'pay']);
  });

  it('a way out for the shop that an honest customer does not want is told as a run', async () => {
    const found = scenario('tampered-payment-redirect') as Scenario;
    const source = found.fixed.source.replace(' and n.amount != price', '');
    const graded = await grade(await task(found, 'compare-and-refund'), source);
    expect(graded.verdict).toBe('refused');
    expect(graded.lostRuns).toMatchObject([{ name: 'honest', how: 'lost' }]);
    expect(graded.lostRuns[0]?.trace?.steps.map(({ action }) => action)).toContain('refund');
  });

  it('an error step is no cure: what it cuts off counts as a new attack', async () => {
    const found = scenario('paid-token-replayed') as Scenario;
    const source = found.fixed.source
      .replace('    controls: { firstUse: "not(list contains(used, r.payment))" }\n', '')
      .replace('type: set of int 1..2, init: "[]"', 'type: int 0..1, init: 0')
      .replace(
        'used: "union(used, [r.payment])"',
        'used: "if r.payment = 1 then used + 1 else used"',
      );
    const graded = await grade(await task(found, 'once-only'), source);
    expect(graded.verdict).toBe('wrong');
    expect(graded.attacks.map(({ property }) => property)).toContain('withinRange');
  });

  it('a model that is too large is undecided, not right', async () => {
    const found = scenario('paid-token-replayed') as Scenario;
    const huge = found.fixed.source
      .replace('variables:\n', 'variables:\n  many: { type: "set of int 1..20", init: "[]" }\n')
      .replace(
        '  load:\n',
        '  count: { actor: shop, for: { n: int 1..20 }, then: { many: "union(many, [n])" } }\n  load:\n',
      );
    expect(found.exercises['once-only']).toMatchObject({ opens: { newVariables: true } });
    const open = await task(found, 'once-only');
    const { exercise } = open;
    const opened = { ...exercise, opens: { ...exercise.opens, newActionsOf: ['shop'] } };
    const graded = await grade({ ...open, exercise: opened } as ExerciseTask, huge, 3_000);
    expect(graded.verdict).toBe('undecided');
    expect(graded.score).toBe(0);
  });
});

it('none of it is signed, logged or stored: the grader reaches nothing that could', () => {
  for (const file of ['grade', 'gradeFix', 'gradeOthers', 'goodRuns', 'judged', 'carriers'])
    expect(readFileSync(repository(`src/lessons/${file}.ts`), 'utf8')).not.toMatch(
      /\/(evidence|store|service|queue)\//u,
    );
});
