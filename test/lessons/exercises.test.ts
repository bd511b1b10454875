import { describe, expect, it } from 'vitest';
import type { ExerciseTask } from '../../src/lessons/exercise.ts';
import { candidateModel, natureOf } from '../../src/lessons/gradeOthers.ts';
import { breaksOf } from '../../src/lessons/judged.ts';
import type {
  ChooseExercise,
  FindExercise,
  FixExercise,
  PredictExercise,
} from '../../src/scenarios/exercises.ts';
import { scenarios, type Scenario } from '../../src/scenarios/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { attempt, exerciseTask, patternsOf } from './attempts.ts';

/** What every exercise of the library is held to, by its kind. */

const of = <Kind extends string>(kind: Kind) =>
  scenarios().flatMap((found) =>
    Object.entries(found.exercises).flatMap(([name, exercise]) =>
      exercise.kind === kind ? [[`${found.id}/${name}`, found] as const] : [],
    ),
  );

it('every scenario has exercises of two kinds, and a fix where it is no diagram', () => {
  for (const { id, exercises, vulnerable, goodRuns } of scenarios()) {
    const kinds = new Set(Object.values(exercises).map(({ kind }) => kind));
    expect(kinds.size, id).toBeGreaterThan(1);
    if (vulnerable.format === 'native') expect([...kinds], id).toContain('fix');
    expect(Object.keys(goodRuns).length, id).toBeGreaterThan(0);
  }
});

describe('a fix', () => {
  it.each(of('fix'))('%s: the solution is right, and says what carries it', async (id, found) => {
    const graded = await attempt(id, { model: found.fixed.source }, { language: 'de' });
    expect(graded, JSON.stringify(graded)).toMatchObject({ verdict: 'right', score: 1 });
    expect(graded.explanation).toBe(
      found.texts.get('de')?.exercises?.[id.split('/')[1] ?? '']?.explanation,
    );
    const { exercise } = (await exerciseTask(id)) as ExerciseTask<FixExercise>;
    const fallen = new Set(graded.carriers.flatMap(({ falls }) => falls));
    // A solution has no ornament where it counts: what was broken breaks again without some change.
    expect(exercise.properties.some((name) => fallen.has(name))).toBe(true);
    for (const { path } of graded.carriers) expect(path[0]).toBe('actions');
  });

  it.each(of('fix'))(
    '%s: what it starts from is wrong, with an attack and hints',
    async (id, found) => {
      const { exercise } = (await exerciseTask(id)) as ExerciseTask<FixExercise>;
      const stages = exercise.hints.length + 1;
      for (const language of ['en', 'de'])
        for (let hint = 1; hint <= stages; hint += 1) {
          const graded = await attempt(id, { model: found.vulnerable.source }, { hint, language });
          expect(graded.verdict).toBe('wrong');
          expect(graded.hint).toMatchObject({ stage: hint, of: stages });
          expect(graded.hint?.text.length).toBeGreaterThan(20);
          expect(graded.hint?.line).toBeGreaterThan(1);
          const [first] = graded.attacks;
          expect(exercise.properties).toContain(first?.property);
          expect(first?.trace?.steps.length).toBeGreaterThan(0);
          if (hint > 1) break;
        }
      const last = await attempt(id, { model: found.vulnerable.source }, { hint: 99 });
      expect(last.hint?.stage).toBe(stages);
    },
  );
});

describe('an attack to find', () => {
  it.each(of('find'))(
    '%s: those of the analysis are right, and what breaks nothing is not',
    async (id) => {
      const task = (await exerciseTask(id)) as ExerciseTask<FindExercise>;
      const { exercise, start, threats } = task;
      const { attacks } = await breaksOf(start, threats, timeOf(30_000));
      const meant = attacks.filter(
        ({ property, trace }) =>
          exercise.properties.includes(property) &&
          (trace?.steps.length ?? Infinity) <= (exercise.atMost ?? Infinity),
      );
      expect(meant.length).toBeGreaterThan(0);
      for (const { trace } of meant) {
        const steps = patternsOf(trace ?? { params: {}, initial: {}, steps: [] });
        expect(await attempt(id, { steps })).toMatchObject({ verdict: 'right', attacks: [{}] });
        const short = await attempt(id, { steps: steps.slice(0, -1) });
        expect(short).toMatchObject({ verdict: 'wrong', followed: { steps: steps.length - 1 } });
        expect(short.followed?.instead.length).toBeGreaterThan(0);
        const long = Array.from(
          { length: (exercise.atMost ?? 0) + 1 },
          () => steps[0] ?? { do: '' },
        );
        if (exercise.atMost !== undefined)
          expect(await attempt(id, { steps: long })).toMatchObject({
            verdict: 'wrong',
            attacks: [],
          });
      }
      expect(await attempt(id, { steps: [] })).toMatchObject({ verdict: 'wrong' });
    },
  );
});

describe('a prediction', () => {
  it.each(of('predict'))('%s: cannot be won by always saying the same', async (id) => {
    const { exercise } = (await exerciseTask(id)) as ExerciseTask<PredictExercise>;
    const questions = Object.keys(exercise.questions);
    const none = await attempt(id, { outcomes: {} });
    expect(none).toMatchObject({ verdict: 'wrong', score: 0 });
    const right = Object.fromEntries(none.predictions.map((p) => [p.question, p.outcome]));
    expect(new Set(Object.values(right)).size).toBe(2);
    expect(await attempt(id, { outcomes: right })).toMatchObject({ verdict: 'right', score: 1 });
    const holds = Object.fromEntries(questions.map((question) => [question, 'holds']));
    const half = await attempt(id, { outcomes: holds });
    expect(half.verdict).toBe('wrong');
    expect(half.score).toBeGreaterThan(0);
    for (const { outcome, attack } of half.predictions)
      if (outcome === 'violated') expect(attack?.trace?.steps.length).toBeGreaterThan(0);
  });
});

describe('a choice', () => {
  it.each(of('choose'))('%s: each candidate comes out as its author says', async (id) => {
    const task = (await exerciseTask(id)) as ExerciseTask<ChooseExercise>;
    const natures: string[] = [];
    for (const [name, { expected }] of Object.entries(task.exercise.candidates)) {
      const model = await candidateModel(task, name);
      if (!model.ok) throw new Error(JSON.stringify(model.problems));
      const { nature } = await natureOf(task, model.value, timeOf(30_000));
      expect(nature, name).toBe(expected);
      natures.push(expected);
      const graded = await attempt(id, { candidate: name });
      expect(graded.verdict).toBe(expected === 'right' ? 'right' : 'wrong');
      expect(graded.explanation?.length).toBeGreaterThan(10);
      if (expected === 'stillBroken') expect(graded.attacks.length).toBeGreaterThan(0);
    }
    expect(natures.filter((nature) => nature === 'right').length).toBe(1);
    expect(natures).toContain('breaksBusiness');
    expect(natures).toContain('stillBroken');
  });
});

describe('an answer of the wrong form', () => {
  const code = async (id: string, answer: Parameters<typeof attempt>[1]) => {
    const graded = await attempt(id, answer);
    expect(graded.verdict).toBe('unreadable');
    return graded.problems.map((problem) => `${problem.code} ${problem.path}`);
  };
  it('is told with its place', async () => {
    const fix = 'tampered-payment-redirect/compare-and-refund';
    expect(await code(fix, { candidate: 'x' })).toEqual(['ANSWER_SHAPE candidate']);
    expect(await code(fix, {})).toEqual(['ANSWER_SHAPE model']);
    expect(await code(fix, { model: 'probity: 1', steps: [] })).toEqual(['ANSWER_SHAPE steps']);
    expect((await code(fix, { model: 'a: [' }))[0]).toMatch(/^YAML_SYNTAX/u);
    const choose = await attempt('tampered-payment-redirect/which-control', {
      candidate: 'amount-alon',
    });
    expect(choose.problems[0]?.message).toContain('did you mean `amount-alone`?');
    const find = await attempt('coupon-in-a-race/what-holds', { outcomes: { onc: 'holds' } });
    expect(find.problems[0]?.message).toContain('did you mean `once`?');
    expect(await code('coupon-in-a-race/what-holds', { outcomes: { once: 'maybe' } })).toEqual([
      'ANSWER_SHAPE outcomes.once',
    ]);
    const steps = [{ do: 'pay' }, { do: 'replay.recipt' }];
    const attack = await attempt('paid-token-replayed/show-it-again', { steps });
    expect(attack.problems).toMatchObject([{ code: 'ANSWER_SHAPE', path: 'steps.1' }]);
    expect(attack.problems[0]?.message).toContain('did you mean `replay.receipt`?');
  });

  it('a step that is not possible is said, with what would be', async () => {
    const steps = [{ do: 'load' }];
    expect(await attempt('paid-token-replayed/show-it-again', { steps })).toMatchObject({
      verdict: 'wrong',
      followed: { steps: 0, instead: ['pay'] },
    });
  });

  it('no time is undecided', async () => {
    const found = scenarios().find(({ id }) => id === 'parcel-without-proof') as Scenario;
    const graded = await attempt(
      'parcel-without-proof/ask-for-a-code',
      { model: found.fixed.source },
      { timeoutMs: 0 },
    );
    expect(graded).toMatchObject({ verdict: 'undecided', score: 0 });
  });
});
