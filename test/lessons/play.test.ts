import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readModelText } from '../../src/lessons/exercise.ts';
import { Game, MOST_MOVES, type GameSetup, type Position } from '../../src/lessons/play.ts';
import { gameToken, readGameToken } from '../../src/lessons/token.ts';
import { scenario } from '../../src/scenarios/index.ts';
import { timeOf } from '../../src/time/time.ts';
import { fileOf, probity } from '../cli/run.ts';
import { repository } from '../golden.ts';

async function game(id: string, setup: Partial<GameSetup> = {}): Promise<Game> {
  const model = scenario(id)?.vulnerable;
  const read = model && (await readModelText(model));
  if (!read?.ok) throw new Error(`no scenario ${id}`);
  const made = await Game.of(
    read.value,
    { as: 'attacker', threats: [], seed: 0, ...setup },
    timeOf(20_000),
  );
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.value;
}

const at = (of: Game, choices: readonly number[]): Position => {
  const position = of.position(choices);
  if (!position.ok) throw new Error(JSON.stringify(position.problems));
  return position.value;
};

describe('a game', () => {
  it('follows the semantics step by step, and the same choices lead to the same place', async () => {
    const of = await game('coupon-in-a-race');
    const names = (choices: readonly number[]): string[] =>
      at(of, choices).enabled.map(({ step }) => `${step?.action} ${String(step?.binding['b'])}`);
    expect(names([])).toEqual(['look left', 'look right']);
    expect(names([0])).toEqual(['look right', 'redeem left']);
    expect(at(of, [0, 0, 0, 0]).broken).toMatchObject([{ property: 'onceOnly', afterSteps: 4 }]);
    expect(at(of, [0, 0, 0, 0])).toEqual(at(of, [0, 0, 0, 0]));
    expect(at(of, [0, 0, 0, 0]).enabled).toEqual([]);
    const over = of.position([0, 0, 0, 0, 0]);
    expect(over.ok ? [] : over.problems).toMatchObject([{ code: 'PLAY_STEP' }]);
    const long = of.position(new Array<number>(MOST_MOVES + 1).fill(0));
    expect(long.ok ? [] : long.problems).toMatchObject([{ code: 'PLAY_STEP' }]);
  });

  it('begins by a choice where there are several ways to begin', async () => {
    const of = await game('tampered-payment-redirect');
    expect(at(of, []).enabled.map(({ side }) => side)).toEqual(['start', 'start']);
    expect(at(of, [1]).trace.params).toEqual({ price: 3 });
    expect(at(of, [1]).trace.steps).toEqual([]);
  });

  it('leaves the other side to chance, drawn from the seed', async () => {
    const setup = { as: 'defender', threats: ['forge.comeback'] } as const;
    const of = await game('token-of-a-cheap-order', { ...setup, seed: 1 });
    expect(at(of, []).enabled.map(({ side }) => side)).toEqual(['others']);
    expect(JSON.stringify(at(of, []).enabled)).not.toContain('begin');
    const moved = at(of, [0]);
    expect(moved.trace.steps).toHaveLength(1);
    expect(moved).toEqual(at(await game('token-of-a-cheap-order', { ...setup, seed: 1 }), [0]));
    const drawn = new Set<string>();
    for (let seed = 0; seed < 8; seed += 1)
      drawn.add(
        JSON.stringify(at(await game('token-of-a-cheap-order', { ...setup, seed }), [0]).trace),
      );
    expect(drawn.size).toBeGreaterThan(1);
  });

  it('draws whole runs, which end where something breaks', async () => {
    const of = await game('coupon-in-a-race', { seed: 5 });
    const run = of.simulate(50);
    expect(run).toEqual(of.simulate(50));
    expect(at(of, run.choices)).toEqual(run);
    const ends = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map(async (seed) =>
        (await game('coupon-in-a-race', { seed })).simulate(50),
      ),
    );
    expect(ends.some(({ broken }) => broken.length > 0)).toBe(true);
    expect(ends.some(({ broken }) => broken.length === 0)).toBe(true);
  });
});

it('a token is of one key, one player, one position', () => {
  const record = {
    scenario: 's',
    model: 'vulnerable',
    digest: 'd',
    as: 'attacker',
    threats: [],
    seed: 0,
    choices: [1, 2],
  } as const;
  const [key, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const token = gameToken(key, 'me', record);
  expect(readGameToken(key, 'me', token)).toEqual({ ok: true, value: record });
  for (const [with_, who, text] of [
    [other, 'me', token],
    [key, 'you', token],
    [key, 'me', token.slice(0, -1)],
    [
      key,
      'me',
      gameToken(key, 'me', { ...record, choices: [1] }).replace(
        /\.[^.]+$/u,
        `.${token.split('.')[2]}`,
      ),
    ],
  ] as const)
    expect(readGameToken(with_, who, text)).toMatchObject({ problems: [{ code: 'PLAY_TOKEN' }] });
});

describe('probity play', () => {
  const file = repository('specs/scenarios/coupon-in-a-race/vulnerable.yaml');
  it('makes moves, takes them back, and says what broke', async () => {
    const { exit, stdout } = await probity('play', file, '--moves', '0,0,0,0');
    expect(exit).toBe(1);
    expect(stdout).toContain('✗ onceOnly broke after 4 steps: The coupon reduces one order');
    expect((await probity('play', file, '--moves', '0,0,0,0,u')).exit).toBe(0);
    const json = await probity('play', file, '--moves', '0', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      choices: [0],
      trace: { steps: [{ action: 'look' }] },
    });
  });
  it('refuses a move that is none, and a file that is no model', async () => {
    expect(await probity('play', file, '--moves', '7', '--json')).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('PLAY_STEP') as unknown,
    });
    expect(await probity('play', file, '--moves', 'x', '--json')).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('PLAY_STEP') as unknown,
    });
    const drawn = ['play', file, '--simulate', '20', '--seed', '3', '--json'];
    expect((await probity(...drawn)).stdout).toBe((await probity(...drawn)).stdout);
    const module = fileOf('script.smt2', '(check-sat)');
    expect((await probity('play', module, '--json')).stdout).toContain('OPTION_INVALID');
  });
});

describe('probity lesson', () => {
  const id = 'token-of-a-cheap-order/bind-the-token';
  const folder = repository('specs/scenarios/token-of-a-cheap-order');
  it('lists, shows and grades', async () => {
    expect((await probity('lesson', 'list', '--threat', 'replay.receipt')).stdout).toContain(
      'paid-token-replayed/once-only',
    );
    expect((await probity('lesson', 'list', '--search', 'qwertz uiop')).stdout).toBe(
      'no scenario fits\n',
    );
    const shown = await probity('lesson', 'show', id, '--json');
    expect(shown.stdout).not.toContain('tokenIsOfOrder');
    expect(shown.stdout).not.toContain('hints');
    expect((await probity('lesson', 'show', id, '--start')).stdout).toContain('probity: 1');
    const wrong = await probity(
      'lesson',
      'grade',
      `${folder}/vulnerable.yaml`,
      id,
      '--hint',
      '2',
      '--language',
      'de',
    );
    expect(wrong.exit).toBe(1);
    expect(wrong.stdout).toContain('hint 2 of 4, line 13: Der Beleg ist nicht zu erraten.');
    const right = await probity('lesson', 'grade', `${folder}/fixed.yaml`, id);
    expect(right.exit).toBe(0);
    expect(right.stdout).toContain(
      'control complete.tokenIsOfOrder: without it completedIsPaid falls',
    );
  });
  it('tells the story of a scenario, and nothing of its solution', async () => {
    const scenarioId = 'token-of-a-cheap-order';
    const story = await probity('lesson', 'show', scenarioId, '--language', 'de');
    expect(story.exit).toBe(0);
    expect(story.stdout).toContain(`fix      ${id}`);
    const json = (await probity('lesson', 'show', scenarioId, '--json')).stdout;
    expect(JSON.parse(json)).toMatchObject({
      id: scenarioId,
      title: expect.any(String) as unknown,
    });
    for (const secret of ['tokenIsOfOrder', '"solution"', '"expected"', '"fixed"'])
      expect(json).not.toContain(secret);
    expect((await probity('lesson', 'show', scenarioId, '--start')).stdout).toBe(
      readFileSync(`${folder}/vulnerable.yaml`, 'utf8'),
    );
    expect((await probity('lesson', 'show', 'token-of-a-cheap-ordr')).stderr).toContain(
      'did you mean `token-of-a-cheap-order`?',
    );
  });
  it('refuses what is none of it', async () => {
    const near = await probity('lesson', 'show', 'token-of-a-cheap-order/bind-the-tokn');
    expect(near).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('did you mean `bind-the-token`?') as unknown,
    });
    const answer = await probity(
      'lesson',
      'grade',
      `${folder}/text.en.yaml`,
      'token-of-a-cheap-order/swap-the-order',
      '--json',
    );
    expect(answer).toMatchObject({
      exit: 2,
      stdout: expect.stringContaining('ANSWER_SHAPE') as unknown,
    });
    const made = await probity('lesson', 'generate', 'token-of-a-cheap-order', '--seed', '2');
    expect(made.stdout).toContain('token-of-a-cheap-order/generated-2 · fix');
  });
});
