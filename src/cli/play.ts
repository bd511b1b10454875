import { createInterface } from 'node:readline';
import { stdin } from 'node:process';
import { inspect } from '../checking/inspect.ts';
import { problem } from '../errors/index.ts';
import { Game, type Position } from '../lessons/play.ts';
import type { PlayerRole } from '../lessons/playerRole.ts';
import { isSpecificationFormat } from '../model/formats.ts';
import { timeOf } from '../time/time.ts';
import type { CommandIo, Ended } from './command.ts';
import { positionText } from './lessonText.ts';
import { readSubmission } from './submission.ts';

interface Asked {
  readonly file: string;
  readonly as: PlayerRole;
  readonly threats: 'all' | readonly string[];
  readonly seed: number;
  readonly moves: readonly string[] | undefined;
  readonly simulate: number | undefined;
}

const PREPARING_MS = 60_000;

/** `probity play`. */
export async function play(asked: Asked, io: CommandIo): Promise<Ended> {
  const read = await readSubmission(asked.file, undefined);
  if (!read.ok) return read;
  const { format, source } = read.value;
  if (isSpecificationFormat(format))
    return {
      ok: false,
      problems: [
        problem(
          'OPTION_INVALID',
          asked.file,
          `a model is played step by step, and this is ${format}`,
        ),
      ],
    };
  const inspected = await inspect(read.value);
  if (!inspected.ok) return { ...inspected, source };
  const { as, threats, seed } = asked;
  const game = await Game.of(inspected.value, { as, threats, seed }, timeOf(PREPARING_MS));
  if (!game.ok) return game;
  if (asked.simulate !== undefined) return ended(game.value.simulate(asked.simulate), io);
  if (asked.moves !== undefined) return moved(game.value, asked.moves, io);
  return interactive(game.value, io);
}

const ended = (position: Position, io: CommandIo): Ended => ({
  exit: position.broken.length > 0 ? 1 : 0,
  json: position,
  text: () => positionText(position, io),
});

/** Numbers of steps; `u` takes one back. */
function moved(game: Game, moves: readonly string[], io: CommandIo): Ended {
  const choices: number[] = [];
  for (const move of moves) {
    if (move === 'u') choices.pop();
    else if (/^\d{1,6}$/u.test(move)) choices.push(Number(move));
    else
      return {
        ok: false,
        problems: [
          problem('PLAY_STEP', '--moves', `\`${move}\` is no move: a number, or u for back`),
        ],
      };
  }
  const position = game.position(choices);
  return position.ok ? ended(position.value, io) : position;
}

/** A line, a move. */
async function interactive(game: Game, io: CommandIo): Promise<Ended> {
  let choices: number[] = [];
  let position = game.position(choices);
  if (!position.ok) return position;
  const say = (text: string): void => io.stdout(text);
  if (!io.json) say(`${positionText(position.value, io)}a number, u (back) or q: `);
  for await (const line of createInterface({ input: stdin })) {
    const move = line.trim();
    if (move === 'q') break;
    const next =
      move === 'u'
        ? choices.slice(0, -1)
        : /^\d{1,6}$/u.test(move)
          ? [...choices, Number(move)]
          : undefined;
    const there = next && game.position(next);
    if (!next || !there?.ok) {
      const [first] = there && !there.ok ? there.problems : [];
      if (!io.json)
        say(`  ${first?.message ?? `\`${move}\` is no move`}\na number, u (back) or q: `);
      continue;
    }
    choices = next;
    position = there;
    if (!io.json) say(`${positionText(there.value, io)}a number, u (back) or q: `);
  }
  if (!position.ok) return position;
  const { value } = position;
  return { exit: value.broken.length > 0 ? 1 : 0, json: value, text: () => '' };
}
