import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApi } from '../../src/api/server.ts';
import type { Position } from '../../src/lessons/play.ts';
import { scenario } from '../../src/scenarios/index.ts';
import { ATTEMPT_LIMITS } from '../../src/service/lessons.ts';
import { openTestApi, type TestApi } from '../service/bench.ts';
import { repository } from '../golden.ts';
import { post } from './client.ts';

const run = promisify(execFile);

let running: TestApi;
let api: RunningApi;
let keys: Record<'learner' | 'other' | 'trainer' | 'officer', string>;

beforeAll(async () => {
  running = await openTestApi('lessons-worker');
  ({ api } = running);
  const { store } = running.opened.service;
  const make = async (name: string, role: 'learner' | 'trainer' | 'compliance') =>
    (await store.keys.create({ name, role })).key;
  keys = {
    learner: await make('learner', 'learner'),
    other: await make('other', 'learner'),
    trainer: await make('trainer', 'trainer'),
    officer: await make('officer', 'compliance'),
  };
}, 240_000);

afterAll(async () => {
  await running?.stop();
}, 60_000);

const ID = 'token-of-a-cheap-order/bind-the-token';
const GRADE = `mutation ($input: GradeAttemptInput!) { gradeAttempt(input: $input) {
  exercise kind verdict score problems { code path line column message } lostRuns { name how taken next trace }
  attacks { property threats trace } hint { stage of text path line } carriers { part name falls loses }
  predictions { question predicted outcome isRight attack { threats } } nature followed { steps instead } explanation open xapi
} }`;

const grade = async (input: object, key = keys.learner) => {
  const { data, codes } = await post(api.url, key, GRADE, { input });
  return {
    codes,
    graded: (data as { gradeAttempt?: Record<string, unknown> } | null)?.gradeAttempt,
  };
};

describe('a lesson through GraphQL', () => {
  it.each([
    ['TypeScript', process.execPath, ['--import', 'tsx', 'docs/examples/lesson.ts']],
    ['Python', 'python3', ['docs/examples/lesson.py']],
  ])(
    'is taken as the example in %s shows',
    async (_, program, args) => {
      const { stdout } = await run(program, [...args, api.url, keys.learner], {
        cwd: repository('.'),
      });
      expect(stdout).toMatch(/^wrong: wrong, .+(line|Zeile) \d+: /mu);
      expect(stdout).toMatch(/^right: right, /mu);
      const cheats = [...stdout.matchAll(/^cheat: .*$/gmu)].map(([line]) => line);
      expect(cheats.length).toBeGreaterThan(0);
      for (const line of cheats)
        expect(line).toMatch(/refused, ATTEMPT_(LOCKED|HAPPY_PATH) in line \d+/u);
    },
    120_000,
  );

  it('is found by threat, goal, words and language, and nothing of a solution is searched', async () => {
    const ids = async (args: string): Promise<string[]> => {
      const { data, errors } = await post(
        api.url,
        keys.learner,
        `{ scenarios(${args}) { id exercises { id kind task } } }`,
      );
      expect(errors).toBeUndefined();
      return (data as unknown as { scenarios: { id: string }[] }).scenarios.map(({ id }) => id);
    };
    expect(await ids('threat: "replay.receipt"')).toEqual(['paid-token-replayed']);
    expect(await ids('threat: "unavailable"')).toContain('payment-partner-unavailable');
    expect(await ids('threat: "CWE-639"')).toContain('token-of-a-cheap-order');
    expect(await ids('goal: "genuine token"')).toEqual(['token-of-a-cheap-order']);
    expect(await ids('language: "de", search: "postkarte UHR"')).toEqual([
      'token-of-a-cheap-order',
    ]);
    expect(await ids('search: "no such words"')).toEqual([]);
    const { solution } = scenario('token-of-a-cheap-order')?.texts.get('en') ?? { solution: '' };
    expect(solution).toContain('secrecy');
    expect(await ids('search: "not secrecy but the tie"')).toEqual([]);
  });

  it('shows a learner the exercise, and to nobody but staff how it is solved', async () => {
    const asked = `{ exercise(id: "${ID}", language: "de") { id kind language task properties threats
      start { source format } opens { change { action parts } newActionsOf newVariables writes { variable values } hidden { actor names } }
      hintStages goodRuns { name steps reaches } questions { id } candidates { id title } } }`;
    const { data, errors } = await post(api.url, keys.learner, asked);
    expect(errors).toBeUndefined();
    const text = JSON.stringify(data);
    expect(data).toMatchObject({ exercise: { kind: 'fix', language: 'de', hintStages: 4 } });
    const found = scenario('token-of-a-cheap-order');
    for (const hidden of [
      ...(found?.texts.get('de')?.exercises?.['bind-the-token']?.hints ?? []),
      'tokenIsOfOrder',
    ])
      expect(text).not.toContain(hidden);
    const solution = `{ exerciseSolution(id: "${ID}") { explanation hints { text path } model { source } } }`;
    expect((await post(api.url, keys.learner, solution)).codes).toEqual(['FORBIDDEN']);
    const solved = await post(api.url, keys.trainer, solution);
    expect(JSON.stringify(solved.data)).toContain('tokenIsOfOrder');
    const other = `{ a: exerciseSolution(id: "paid-token-replayed/show-it-again") { attacks { threats trace } }
      b: exerciseSolution(id: "denial-of-inventory/which-threat") { predictions { question outcome } }
      c: exerciseSolution(id: "currency-swapped/which-control") { candidates { id nature change } }
      d: exerciseSolution(id: "currency-swapped/none") { id } }`;
    expect((await post(api.url, keys.trainer, other)).data).toMatchObject({
      a: { attacks: [{ threats: ['replay.receipt'] }] },
      b: {
        predictions: expect.arrayContaining([
          { question: 'forged', outcome: 'violated' },
        ]) as unknown,
      },
      c: {
        candidates: expect.arrayContaining([
          expect.objectContaining({ id: 'currency-too', nature: 'right' }),
        ]) as unknown,
      },
      d: null,
    });
  });

  it('grades every kind, and says coded what cannot be graded', async () => {
    const found = await grade({
      exerciseId: 'paid-token-replayed/show-it-again',
      steps: [{ do: 'pay' }, { do: 'load' }, { do: 'replay.receipt' }, { do: 'load' }],
    });
    expect(found.graded).toMatchObject({
      verdict: 'right',
      kind: 'find',
      attacks: [{ threats: ['replay.receipt'] }],
    });
    const chosen = await grade({
      exerciseId: 'currency-swapped/which-control',
      candidate: 'amount-twice',
      language: 'de',
    });
    expect(chosen.graded).toMatchObject({
      verdict: 'wrong',
      nature: 'stillBroken',
      explanation: expect.stringContaining('Rupien') as unknown,
    });
    const predicted = await grade({
      exerciseId: 'coupon-in-a-race/what-holds',
      outcomes: [{ question: 'once', outcome: 'violated' }],
    });
    expect(predicted.graded).toMatchObject({ verdict: 'wrong', score: 1 / 3 });
    const unreadable = await grade({ exerciseId: ID, model: 'probity: 1\nname: [' });
    expect(unreadable.graded).toMatchObject({
      verdict: 'unreadable',
      problems: [{ code: 'YAML_SYNTAX' }],
    });
    expect(
      (await grade({ exerciseId: 'token-of-a-cheap-order/bind-the-tokn', model: '' })).codes,
    ).toEqual(['NOT_FOUND']);
    expect((await grade({ exerciseId: ID, model: 'x'.repeat(300_000) })).codes).toEqual([
      'INPUT_TOO_LARGE',
    ]);
    expect((await grade({ exerciseId: ID, model: '', hint: 0 })).codes).toEqual(['OPTION_INVALID']);
    expect((await grade({ exerciseId: ID, model: '', learner: 'not a pseudonym' })).codes).toEqual([
      'REQUEST_SHAPE',
    ]);
  });

  it('says it as an xAPI statement too, where the portal says whose attempt it is', async () => {
    const model = scenario('token-of-a-cheap-order')?.vulnerable.source;
    expect((await grade({ exerciseId: ID, model })).graded).toMatchObject({ xapi: null });
    const { graded } = await grade({ exerciseId: ID, model, learner: 'pupil-17', language: 'de' });
    expect(graded?.['xapi']).toMatchObject({
      actor: { account: { homePage: 'https://test.probity', name: 'pupil-17' } },
      verb: { id: 'http://adlnet.gov/expapi/verbs/answered' },
      object: { id: `urn:probity:exercise:${ID}` },
      result: {
        score: { scaled: 0 },
        success: false,
        extensions: { 'urn:probity:verdict': 'wrong' },
      },
      context: { language: 'de' },
    });
  });

  it('keeps nothing: no model, no run, no verdict, and the log is as it was', async () => {
    const kept = async (): Promise<unknown> => {
      const counts = '{ models { totalCount } runs { totalCount } verdicts { totalCount } }';
      const { data } = await post(api.url, keys.officer, counts);
      return [data, await (await fetch(`${api.url}/log/checkpoint`)).text()];
    };
    const before = await kept();
    const model = scenario('token-of-a-cheap-order')?.fixed.source;
    expect((await grade({ exerciseId: ID, model })).graded).toMatchObject({ verdict: 'right' });
    expect(await kept()).toEqual(before);
    expect(before).toEqual([
      { models: { totalCount: 0 }, runs: { totalCount: 0 }, verdicts: { totalCount: 0 } },
      'the log is empty\n',
    ]);
  });

  it('makes exercises without end, the same for the same seed', async () => {
    const make = async (seed: number, attackLength?: number) =>
      post(
        api.url,
        keys.learner,
        'mutation ($input: GenerateExerciseInput!) { generateExercise(input: $input) { id kind task properties start { source } opens { change { action parts } } } }',
        {
          input: {
            scenarioId: 'tampered-payment-redirect',
            seed,
            ...(attackLength && { attackLength }),
          },
        },
      );
    const first = await make(7, 5);
    expect(first.errors).toBeUndefined();
    expect(first.data).toMatchObject({
      generateExercise: { id: 'tampered-payment-redirect/generated-7-5', kind: 'fix' },
    });
    expect((await make(7, 5)).data).toEqual(first.data);
    const { id, start } = (
      first.data as unknown as { generateExercise: { id: string; start: { source: string } } }
    ).generateExercise;
    expect((await grade({ exerciseId: id, model: start.source })).graded).toMatchObject({
      verdict: 'wrong',
    });
    const solution = await post(
      api.url,
      keys.trainer,
      `{ exerciseSolution(id: "${id}") { model { source } } }`,
    );
    const { source } = (
      solution.data as unknown as { exerciseSolution: { model: { source: string } } }
    ).exerciseSolution.model;
    expect((await grade({ exerciseId: id, model: source })).graded).toMatchObject({
      verdict: 'right',
    });
    expect((await make(7, 99)).codes).toEqual(['NOT_FOUND']);
    expect((await make(-1)).codes).toEqual(['OPTION_INVALID']);
  });
});

describe('progress', () => {
  const ASKED =
    'query ($learner: String, $class: String) { learnerProgress(learner: $learner, class: $class) { csv rows { learner class exercise isRight bestScore isStuck attempts { at verdict score hint answerDigest } } } }';
  const progress = async (variables: object, key = keys.trainer) => {
    const { data, codes } = await post(api.url, key, ASKED, variables);
    const found = (data as unknown as { learnerProgress: { csv: string; rows: Row[] } } | null)
      ?.learnerProgress;
    return { codes, csv: found?.csv ?? '', rows: found?.rows ?? [] };
  };
  interface Row {
    readonly learner: string;
    readonly isRight: boolean;
    readonly isStuck: boolean;
    readonly attempts: readonly { readonly verdict: string; readonly answerDigest: string }[];
  }

  it('is kept by learner and class, for trainers, and says who is stuck', async () => {
    const found = scenario('token-of-a-cheap-order');
    const by = (learner: string) => ({ exerciseId: ID, learner, class: '7b' });
    for (let i = 0; i < 3; i += 1)
      await grade({ ...by('ada'), model: found?.vulnerable.source, hint: i + 1 });
    await grade({ ...by('=bob'), model: found?.vulnerable.source });
    await grade({ ...by('+bob'), model: found?.vulnerable.source });
    await grade({ ...by('+bob'), model: found?.fixed.source });
    const { rows, csv } = await progress({ class: '7b' });
    expect(rows).toMatchObject([
      {
        learner: 'ada',
        class: '7b',
        isRight: false,
        isStuck: true,
        bestScore: 0,
        attempts: [{ hint: 1 }, { hint: 2 }, { hint: 3 }],
      },
      {
        learner: '+bob',
        isRight: true,
        isStuck: false,
        bestScore: 1,
        attempts: [{ verdict: 'wrong' }, { verdict: 'right' }],
      },
    ]);
    expect(
      new Set(rows.flatMap(({ attempts }) => attempts.map((each) => each.answerDigest))).size,
    ).toBe(2);
    expect(JSON.stringify(rows)).not.toContain('probity: 1');
    expect(csv.split('\r\n')).toHaveLength(7);
    expect(csv).toMatch(/^at,class,learner,exercise,verdict,score,hint\r\n/u);
    expect(csv).toContain(",7b,'+bob,token-of-a-cheap-order/bind-the-token,right,1,1\r\n");
    expect((await progress({ learner: 'nobody' })).rows).toEqual([]);
    expect((await progress({}, keys.learner)).codes).toEqual(['FORBIDDEN']);
  });

  it('of a learner can be erased', async () => {
    const erase = 'mutation { eraseLearner(learner: "ada") }';
    expect((await post(api.url, keys.learner, erase)).codes).toEqual(['FORBIDDEN']);
    expect((await post(api.url, keys.trainer, erase)).data).toEqual({ eraseLearner: 3 });
    const { rows, csv } = await progress({ class: '7b' });
    expect(rows.map(({ learner }) => learner)).toEqual(['+bob']);
    expect(csv).not.toContain('ada');
    expect((await post(api.url, keys.trainer, erase)).data).toEqual({ eraseLearner: 0 });
  });
});

describe('a game through GraphQL', () => {
  const FIELDS =
    '{ token as threats trace enabled { choice side label step } broken { property label afterSteps } state { cell value label } messages away }';
  type Shown = Position & { readonly token: string };
  const played = async (
    query: string,
    key = keys.learner,
  ): Promise<{ position: Shown; codes: readonly string[] }> => {
    const { data, codes } = await post(api.url, key, `{ position: ${query} ${FIELDS} }`);
    return { position: (data as unknown as { position: Shown } | null)?.position as Shown, codes };
  };
  const start = 'play(input: { scenarioId: "checkout-step-skipped" })';

  it('goes on from its token, breaks what breaks, and goes back', async () => {
    const { position: first } = await played(start);
    expect(first.threats).toEqual(['stepSkip.finish.afterPayment']);
    const skip = first.enabled.find(({ step }) => step?.threats !== undefined);
    const { position: second } = await played(
      `takeStep(token: "${first.token}", choice: ${skip?.choice})`,
    );
    expect(second.state.find(({ cell }) => cell === 'order')).toMatchObject({
      value: 'complete',
      label: 'what the shop has noted',
    });
    const { position: third } = await played(`takeStep(token: "${second.token}", choice: 0)`);
    expect(third.broken).toEqual([
      { property: 'shippedIsPaid', label: 'What has been shipped has been paid', afterSteps: 2 },
    ]);
    const { position: back } = await played(`undoStep(token: "${third.token}")`);
    expect(back.token).toBe(second.token);
    expect((await played(`enabledSteps(token: "${back.token}")`)).position.enabled).toEqual(
      second.enabled,
    );
    expect((await played(`takeStep(token: "${first.token}", choice: 99)`)).codes).toEqual([
      'PLAY_STEP',
    ]);
  });

  it("refuses a token that was changed, made up, another's or of another kind", async () => {
    const { token } = (await played(start)).position;
    const [prefix, body = '', mark] = token.split('.');
    const record = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...record, model: 'fixed' })).toString(
      'base64url',
    );
    for (const forged of [
      `${prefix}.${changed}.${mark}`,
      `${prefix}.${body}.AAAA`,
      'play1',
      '',
      `${token}.x`,
      'x'.repeat(5_000),
    ])
      expect((await played(`enabledSteps(token: "${forged}")`)).codes, forged).toEqual([
        'PLAY_TOKEN',
      ]);
    expect((await played(`enabledSteps(token: "${token}")`, keys.other)).codes).toEqual([
      'PLAY_TOKEN',
    ]);
    const key = join(running.opened.config.dataDir, 'play.key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(statSync(key).size).toBe(32);
  });

  it('draws a run from a seed, and shows the mended model to staff alone', async () => {
    const drawn = (seed: number) =>
      played(
        `simulate(input: { scenarioId: "tampered-payment-redirect", seed: ${seed} }, steps: 40)`,
      );
    const { position } = await drawn(3);
    expect(position.trace.steps.length).toBeGreaterThan(0);
    expect((await drawn(3)).position.trace).toEqual(position.trace);
    const fixed =
      'play(input: { scenarioId: "checkout-step-skipped", model: fixed, as: defender })';
    expect((await played(fixed)).codes).toEqual(['FORBIDDEN']);
    expect((await played(fixed, keys.trainer)).position.as).toBe('defender');
    expect((await played('play(input: { scenarioId: "checkout-step-skipd" })')).codes).toEqual([
      'NOT_FOUND',
    ]);
    expect(
      (await played('play(input: { scenarioId: "checkout-step-skipped", threats: ["drop.x"] })'))
        .codes,
    ).toEqual(['THREAT_UNKNOWN']);
    expect(
      (await played('simulate(input: { scenarioId: "checkout-step-skipped" }, steps: 0)')).codes,
    ).toEqual(['OPTION_INVALID']);
  });
});

it('one learner may not begin more than so many attempts a minute, and others may', async () => {
  const input = { exerciseId: ID, candidate: 'x' };
  const codes: string[] = [];
  for (let i = 0; i <= ATTEMPT_LIMITS.perMinute; i += 1)
    codes.push(...(await grade({ ...input, learner: 'busy' }, keys.trainer)).codes);
  expect(codes).toEqual(['ATTEMPTS_LIMIT']);
  expect((await grade({ ...input, learner: 'calm' }, keys.trainer)).codes).toEqual([]);
}, 60_000);
