import { invariant, unreachable } from '../errors/index.ts';

/**
 * The types of DESIGN section 1. `null`, `list`, `never` and `record` are types of expressions
 * only: no variable has them. Two enumerations with the same member list are one type (SEMANTICS
 * 10).
 */
export type Type =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly lo?: number; readonly hi?: number }
  | { readonly kind: 'enum'; readonly members: readonly string[] }
  | { readonly kind: 'element'; readonly set: string; readonly nullable: boolean }
  | { readonly kind: 'set'; readonly of: Type }
  | { readonly kind: 'map'; readonly from: string; readonly to: Type }
  | { readonly kind: 'null' }
  | { readonly kind: 'never' }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'record'; readonly channel: string };

/** A finite index set, `sets: { Order: [o1, o2] }`. */
export interface IndexSet {
  readonly name: string;
  readonly elements: readonly string[];
}

export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const NULL: Type = { kind: 'null' };
export const NEVER: Type = { kind: 'never' };

/**
 * How values are held while checking: booleans as 0 and 1, members and elements by position, `null`
 * as -1.
 */
export const NULL_VALUE = -1;

/**
 * More values than this in one type, or one set of bindings, and the model is refused
 * (`TYPE_TOO_LARGE`).
 */
export const MAX_TYPE_VALUES = 1_000_000;

export type SetLookup = (name: string) => IndexSet;

export function sameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'enum':
      return (
        b.kind === 'enum' &&
        a.members.length === b.members.length &&
        a.members.every((m, i) => m === b.members[i])
      );
    case 'element':
      return b.kind === 'element' && a.set === b.set;
    case 'set':
    case 'list':
      return b.kind === a.kind && sameType(a.of, b.of);
    case 'map':
      return b.kind === 'map' && a.from === b.from && sameType(a.to, b.to);
    case 'record':
      return b.kind === 'record' && a.channel === b.channel;
    default:
      return true;
  }
}

/**
 * The least type that both fit into, or nothing: `Order` and `null` give `Order or null`, a list
 * and a set give a set.
 */
export function joinTypes(a: Type, b: Type): Type | undefined {
  if (a.kind === 'never') return b;
  if (b.kind === 'never') return a;
  if (a.kind === 'int' && b.kind === 'int') return INT;
  if (a.kind === 'null' && b.kind === 'element') return { ...b, nullable: true };
  if (a.kind === 'element' && b.kind === 'null') return { ...a, nullable: true };
  if (a.kind === 'element' && b.kind === 'element' && a.set === b.set)
    return { ...a, nullable: a.nullable || b.nullable };
  if (isCollection(a) && isCollection(b)) {
    const of = joinTypes(a.of, b.of);
    return of && { kind: a.kind === 'list' && b.kind === 'list' ? 'list' : 'set', of };
  }
  return sameType(a, b) ? a : undefined;
}

export function isCollection(type: Type): type is Extract<Type, { kind: 'set' | 'list' }> {
  return type.kind === 'set' || type.kind === 'list';
}

export function isFinite(type: Type): boolean {
  switch (type.kind) {
    case 'int':
      return type.lo !== undefined && type.hi !== undefined;
    case 'set':
      return isFinite(type.of);
    case 'map':
      return isFinite(type.to);
    default:
      return true;
  }
}

/** The scalar values of a finite scalar type, in order; `null` last. */
export function scalarValues(type: Type, sets: SetLookup): readonly number[] {
  switch (type.kind) {
    case 'bool':
      return [0, 1];
    case 'int': {
      invariant(
        type.lo !== undefined && type.hi !== undefined,
        'an unbounded type has no list of values',
      );
      const lo = type.lo;
      return Array.from({ length: type.hi - lo + 1 }, (_, i) => lo + i);
    }
    case 'enum':
      return type.members.map((_, i) => i);
    case 'element': {
      const values = sets(type.set).elements.map((_, i) => i);
      return type.nullable ? [...values, NULL_VALUE] : values;
    }
    case 'null':
      return [NULL_VALUE];
    default:
      return invariant(false, `${type.kind} is not a scalar type`) as never;
  }
}

/** Whether a scalar value lies in its type's range; an unbounded integer always does. */
export function inRange(value: number, type: Type, sets: SetLookup): boolean {
  switch (type.kind) {
    case 'bool':
      return value === 0 || value === 1;
    case 'int':
      return (
        (type.lo === undefined || value >= type.lo) && (type.hi === undefined || value <= type.hi)
      );
    case 'enum':
      return value >= 0 && value < type.members.length;
    case 'element':
      return value === NULL_VALUE ? type.nullable : value < sets(type.set).elements.length;
    case 'null':
      return value === NULL_VALUE;
    default:
      return invariant(false, `${type.kind} is not a scalar type`) as never;
  }
}

/** The type as the native format writes it. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'bool':
    case 'null':
      return type.kind;
    case 'int':
      return type.lo === undefined && type.hi === undefined ? 'int' : `int ${type.lo}..${type.hi}`;
    case 'enum':
      return `enum [${type.members.join(', ')}]`;
    case 'element':
      return type.nullable ? `${type.set} or null` : type.set;
    case 'set':
      return `set of ${typeText(type.of)}`;
    case 'map':
      return `map ${type.from} to ${typeText(type.to)}`;
    case 'list':
      return type.of.kind === 'never' ? 'the empty list' : `list of ${typeText(type.of)}`;
    case 'record':
      return `message of ${type.channel}`;
    case 'never':
      return 'nothing';
    default:
      return unreachable(type);
  }
}

/** The type of one cell of a variable: under all its maps. */
export function cellType(type: Type): Type {
  return type.kind === 'map' ? cellType(type.to) : type;
}
