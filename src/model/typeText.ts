import { FEEL_KEYWORDS } from './feelTokens.ts';
import { isFinite, MAX_TYPE_VALUES, type Type } from './types.ts';

/** A type that cannot be read; the caller knows the path. */
export interface TypeProblem {
  readonly code: 'TYPE_SYNTAX' | 'TYPE_UNKNOWN' | 'TYPE_TOO_LARGE' | 'NAME_INVALID' | 'NAME_TAKEN';
  readonly message: string;
  /** Of a name that is no type: the name. */
  readonly unknown?: string;
}

export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function nameProblem(name: string): string | undefined {
  if (!IDENTIFIER.test(name))
    return `\`${name}\` is not a name: a letter or _, then letters, digits and _`;
  if (FEEL_KEYWORDS.has(name)) return `\`${name}\` is a word that expressions reserve`;
  return undefined;
}

/**
 * Reads `map Order to enum [cart, paid]`, `int 0..3`, `Order or null`, `set of Voucher`, …
 * `elements` gives an index set's size.
 */
export function parseType(
  text: string,
  elements: (set: string) => number | undefined,
): Type | TypeProblem {
  const words = text.trim();
  const map = /^map\s+(\w+)\s+to\s+([\s\S]+)$/.exec(words);
  if (map) {
    const [, from = '', rest = ''] = map;
    if (elements(from) === undefined) return unknownSet(from);
    const to = parseType(rest, elements);
    return 'code' in to ? to : { kind: 'map', from, to };
  }
  const set = /^set\s+of\s+([\s\S]+)$/.exec(words);
  if (set) return setOf(parseType(set[1] ?? '', elements), elements);
  if (words === 'bool') return { kind: 'bool' };
  if (words === 'int') return { kind: 'int' };
  const range = /^int\s+(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(words);
  if (range) return integerRange(Number(range[1]), Number(range[2]));
  const members = /^enum\s*\[([\s\S]*)\]$/.exec(words);
  if (members) return enumeration(members[1] ?? '');
  const element = /^(\w+)(\s+or\s+null)?$/.exec(words);
  if (element) {
    const [, name = '', nullable] = element;
    return elements(name) === undefined
      ? unknownSet(name)
      : { kind: 'element', set: name, nullable: nullable !== undefined };
  }
  return {
    code: 'TYPE_SYNTAX',
    message: `\`${words}\` is not a type: bool, int, int lo..hi, enum […], a set's name, that name or null, set of T, map S to T`,
  };
}

/** What types are called elsewhere. */
const HABITS: Readonly<Record<string, string>> = {
  boolean: 'bool',
  integer: 'int',
  number: 'int',
  string: 'enum […]',
};

function unknownSet(name: string): TypeProblem {
  const meant = HABITS[name.toLowerCase()];
  return {
    code: 'TYPE_UNKNOWN',
    message: `\`${name}\` is neither a type nor a declared set${meant ? `; did you mean \`${meant}\`?` : ''}`,
    ...(meant === undefined && { unknown: name }),
  };
}

function integerRange(lo: number, hi: number): Type | TypeProblem {
  if (!Number.isSafeInteger(lo) || !Number.isSafeInteger(hi))
    return { code: 'TYPE_TOO_LARGE', message: 'the bounds of a range are integers below 2^53' };
  if (lo > hi) return { code: 'TYPE_SYNTAX', message: `the range ${lo}..${hi} is empty` };
  return { kind: 'int', lo, hi };
}

function enumeration(list: string): Type | TypeProblem {
  const members = list.split(',').map((m) => m.trim().replace(/^"(.*)"$/, '$1'));
  if (members.length === 1 && members[0] === '')
    return { code: 'TYPE_SYNTAX', message: 'an enum has at least one member' };
  for (const member of members) {
    const wrong = nameProblem(member);
    if (wrong) return { code: 'NAME_INVALID', message: wrong };
  }
  const twice = members.find((m, i) => members.indexOf(m) !== i);
  if (twice !== undefined)
    return { code: 'NAME_TAKEN', message: `the enum lists \`${twice}\` twice` };
  return { kind: 'enum', members };
}

/** How many values a set's base may have: a cell of set type is packed into words of 30 bits. */
export const MAX_SET_BASE = 300;

function setOf(
  of: Type | TypeProblem,
  elements: (set: string) => number | undefined,
): Type | TypeProblem {
  if ('code' in of) return of;
  if (of.kind === 'set' || of.kind === 'map')
    return { code: 'TYPE_SYNTAX', message: 'a set holds single values' };
  if (of.kind === 'element' && of.nullable)
    return { code: 'TYPE_SYNTAX', message: 'a set does not hold null' };
  if (!isFinite(of))
    return {
      code: 'TYPE_TOO_LARGE',
      message: 'a set needs a finite base: give the integers a range',
    };
  const size = sizeOf(of, elements);
  if (size > MAX_SET_BASE)
    return {
      code: 'TYPE_TOO_LARGE',
      message: `a set's base has at most ${MAX_SET_BASE} values, and this one has ${size}`,
    };
  return { kind: 'set', of };
}

/** How many values a finite scalar type has, or `Infinity`. */
export function sizeOf(type: Type, elements: (set: string) => number | undefined): number {
  switch (type.kind) {
    case 'bool':
      return 2;
    case 'int':
      return type.lo === undefined || type.hi === undefined ? Infinity : type.hi - type.lo + 1;
    case 'enum':
      return type.members.length;
    case 'element':
      return (elements(type.set) ?? 0) + (type.nullable ? 1 : 0);
    default:
      return Math.min(Infinity, MAX_TYPE_VALUES);
  }
}
