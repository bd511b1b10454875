import { canonicalize } from './canonicalText.ts';
import { fromUtf8 } from './encoding.ts';

/** In a regular expression with the `u` flag, a surrogate matches only where it is alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/**
 * Deeper nesting than anything that we write; beyond it a parser's recursion could be exhausted.
 */
const MAX_DEPTH = 64;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'NOT_JSON' | 'NOT_CANONICAL' };

/**
 * Reads bytes that must be the RFC 8785 (JCS) form of a JSON value. Requiring the one canonical
 * text refuses in one comparison what parsers disagree about: a key written twice, white space, key
 * order, other spellings of a number. (`src/canonical` is not used: it needs `node:crypto`, and the
 * verifier runs in a browser too.)
 */
export function parseCanonicalJson(bytes: Uint8Array): StrictJson {
  const text = fromUtf8(bytes);
  if (text === undefined || tooDeep(text)) return { ok: false, reason: 'NOT_JSON' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'NOT_JSON' };
  }
  // A lone surrogate survives only as an escape, so it must be looked for in the values: canonical
  // text would be equal.
  if (/\\ud[89a-f]/i.test(text) && hasLoneSurrogate(value))
    return { ok: false, reason: 'NOT_CANONICAL' };
  return canonicalTextOf(value) === text
    ? { ok: true, value }
    : { ok: false, reason: 'NOT_CANONICAL' };
}

/** Nothing for what has no canonical text: a number like 1e999 is read as infinity. */
function canonicalTextOf(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    return undefined;
  }
}

function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return LONE_SURROGATE.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, item]) => LONE_SURROGATE.test(key) || hasLoneSurrogate(item),
  );
}
