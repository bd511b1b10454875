import { randomBytes } from 'node:crypto';

export type IdKind =
  | 'org'
  | 'key'
  | 'mdl'
  | 'run'
  | 'ver'
  | 'rev'
  | 'sta'
  | 'rot'
  | 'att'
  | 'ann'
  | 'upl'
  | 'mon'
  | 'cas'
  | 'alr'
  | 'inc'
  | 'ist'
  | 'not'
  | 'pbr'
  | 'pst'
  | 'pbn'
  | 'whk'
  | 'dlv'
  | 'apr'
  | 'ltp'
  | 'lau'
  | 'lts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * `run_` and 26 letters: 48 bits of time, so that ids sort by age, and 80 random bits, so that none
 * can be guessed.
 */
export function newId(kind: IdKind, now: number = Date.now()): string {
  let number = (BigInt(now) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let index = 0; index < 26; index += 1, number >>= 5n)
    text = ALPHABET.charAt(Number(number & 31n)) + text;
  return `${kind}_${text}`;
}

/**
 * Whether a text can be an id at all; what cannot is not asked of the database (which refuses a
 * NUL, for one).
 */
export const isId = (text: string): boolean => /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/u.test(text);

/**
 * A run has at most one verdict, and its id follows from the run's: sealing twice names the same
 * verdict.
 */
export function verdictIdOf(runId: string): string {
  return `ver_${runId.slice(runId.indexOf('_') + 1)}`;
}
