import type { Expr } from '../../../src/model/expression.ts';
import type { Model } from '../../../src/model/model.ts';
import type { Type } from '../../../src/model/types.ts';

/**
 * A value as people write it: `true`, 3, `'paid'`, `'o1'`, `null`, a list, a set as a sorted list,
 * a message by its fields.
 */
export type Value = boolean | number | string | null | readonly Value[] | Message;
export type Message = { readonly [field: string]: Value };

/** A state, and the parameters that go with it for ever. Cells go by their keys, as in `a[x][y]`. */
export interface State {
  readonly parameters: Cells;
  readonly variables: Cells;
  readonly channels: Readonly<Record<string, readonly Message[]>>;
}
export type Cells = Readonly<Record<string, Value>>;

/** A term without a value (SEMANTICS 4). */
export class Undefined extends Error {}

/** Every value of a type that has few, `null` last. */
export function valuesOf(type: Type, model: Model): readonly Value[] {
  switch (type.kind) {
    case 'bool':
      return [false, true];
    case 'int': {
      const { lo, hi } = type;
      if (lo === undefined || hi === undefined) throw new Error('too many values to try');
      return Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);
    }
    case 'enum':
      return type.members;
    case 'element':
      return type.nullable ? [...elements(model, type.set), null] : elements(model, type.set);
    case 'set':
      return valuesOf(type.of, model)
        .reduce<Value[][]>((sets, value) => sets.flatMap((set) => [set, [...set, value]]), [[]])
        .map((set) => sorted(set, type.of, model));
    default:
      throw new Error(`no values of ${type.kind}`);
  }
}

/** Whether a value is one of its type. */
export function isOf(value: Value, type: Type, model: Model): boolean {
  if (type.kind === 'int') {
    const number = value as number;
    return number >= (type.lo ?? -Infinity) && number <= (type.hi ?? Infinity);
  }
  if (type.kind === 'set') return (value as readonly Value[]).every((v) => isOf(v, type.of, model));
  return valuesOf(type, model).includes(value);
}

/** What a literal of the checked model stands for. */
export function literal({ type, value }: Extract<Expr, { kind: 'literal' }>, model: Model): Value {
  switch (type.kind) {
    case 'bool':
      return value === 1;
    case 'enum':
      return type.members[value] as string;
    case 'element':
      return value < 0 ? null : (elements(model, type.set)[value] as string);
    case 'null':
      return null;
    default:
      return value;
  }
}

export function elements(model: Model, set: string): readonly string[] {
  return model.sets.find(({ name }) => name === set)?.elements ?? [];
}

/** Without repetition, in the order of the type: `null` first, where there is one. */
export function sorted(values: readonly Value[], of: Type, model: Model): readonly Value[] {
  const place = (value: Value): number => {
    if (typeof value === 'number') return value;
    if (value === null) return -1;
    if (of.kind === 'element') return elements(model, of.set).indexOf(value as string);
    return of.kind === 'enum' ? of.members.indexOf(value as string) : Number(value);
  };
  return [...new Set(values)].sort((a, b) => place(a) - place(b));
}

export function isSame(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The name of a cell under its keys. */
export function cellName(name: string, keys: readonly Value[]): string {
  return name + keys.map((key) => `[${String(key)}]`).join('');
}
