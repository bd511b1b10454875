import { createHmac, timingSafeEqual } from 'node:crypto';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { PLAYER_ROLES, type PlayerRole } from './playerRole.ts';

/** All that there is of a game: no server remembers one. */
export interface GameRecord {
  readonly scenario: string;
  readonly model: 'vulnerable' | 'fixed';
  /** Of the model: a scenario that has changed since is another game. */
  readonly digest: string;
  readonly as: PlayerRole;
  readonly threats: readonly string[];
  readonly seed: number;
  readonly choices: readonly number[];
}

const PREFIX = 'play1';

/** The record as a token that only this installation could have made, for this player. */
export function gameToken(key: Uint8Array, player: string, record: GameRecord): string {
  const body = Buffer.from(JSON.stringify(record), 'utf8').toString('base64url');
  return `${PREFIX}.${body}.${seal(key, player, body)}`;
}

/** What a token of this player says. Anything else, however it came about, is `PLAY_TOKEN`. */
export function readGameToken(key: Uint8Array, player: string, token: string): Result<GameRecord> {
  const refused = bad(
    problem('PLAY_TOKEN', 'token', 'this token is not one of yours; begin a new game with `play`'),
  );
  const [prefix, body = '', given = '', ...rest] = token.split('.');
  if (prefix !== PREFIX || rest.length > 0) return refused;
  const [mine, theirs] = [Buffer.from(seal(key, player, body)), Buffer.from(given)];
  if (mine.length !== theirs.length || !timingSafeEqual(mine, theirs)) return refused;
  const record = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as GameRecord;
  return PLAYER_ROLES.includes(record.as) ? ok(record) : refused;
}

function seal(key: Uint8Array, player: string, body: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([PREFIX, player, body]))
    .digest('base64url');
}
