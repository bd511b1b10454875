import type { Model } from './model.ts';
import { MAX_TYPE_VALUES, cellType, type Type } from './types.ts';

/** Where unbounded integers are always looked at, whatever the model says. */
const WINDOW = { lo: -4, hi: 4 } as const;
/** Of one cell at most so many values are tried, and so many at least. */
const MOST = 32;
const LEAST = WINDOW.hi - WINDOW.lo + 1;
/** All combinations of the sampled cells together are to be about this many. */
const COMBINATIONS = 50_000;

type IntType = Extract<Type, { kind: 'int' }>;

/** Integer types with more values than can be tried one by one. */
export function isSampled(type: Type): type is IntType {
  return (
    type.kind === 'int' &&
    (type.lo === undefined || type.hi === undefined || type.hi - type.lo >= MAX_TYPE_VALUES)
  );
}

/**
 * The integers at which the behaviour of a model can change: those that it writes (`n = 50`,
 * `amount > 100`) and the ends of its ranges, in the order in which they stand there.
 */
export function constantsOf(model: Model): readonly number[] {
  const found = new Set<number>();
  const note = (value: unknown): void => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) found.add(value);
  };
  const pending: unknown[] = [model];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    const { kind, lo, hi, type, value, body } = node as Record<string, unknown>;
    if (kind === 'int') {
      note(lo);
      note(hi);
    }
    if (kind === 'literal' && isInt(type)) note(value);
    if (kind === 'negate' && isLiteral(body)) note(-body.value);
    pending.push(
      ...Object.values(node)
        .filter((part) => typeof part === 'object')
        .reverse(),
    );
  }
  return [...found];
}

const isInt = (type: unknown): boolean =>
  typeof type === 'object' && type !== null && 'kind' in type && type.kind === 'int';

const isLiteral = (node: unknown): node is { readonly value: number } =>
  typeof node === 'object' &&
  node !== null &&
  'kind' in node &&
  node.kind === 'literal' &&
  'value' in node &&
  typeof node.value === 'number';

/** How many values of one cell are tried where `cells` of them are free. */
export function samplesPerCell(cells: number): number {
  return Math.min(MOST, Math.max(LEAST, Math.floor(COMBINATIONS ** (1 / Math.max(1, cells)))));
}

/**
 * Values of a type that has too many to try each, ascending: its ends, what lies at and beside the
 * model's constants, and a window. Whoever looks at these alone has not looked at all, and what it
 * did not find is `bounded`, never absent.
 */
export function samplesOf(type: Type, constants: readonly number[], atMost: number): number[] {
  const { lo, hi } = cellType(type) as IntType;
  const from = lo ?? Math.min(WINDOW.lo, hi === undefined ? WINDOW.lo : hi - LEAST + 1);
  const window = Array.from({ length: LEAST }, (_, i) => from + i);
  const wanted = [
    ...[lo, hi].filter((end) => end !== undefined),
    0,
    1,
    ...constants.flatMap((constant) => [constant, constant + 1, constant - 1]),
    ...window,
  ];
  const inside = wanted.filter(
    (value) =>
      value >= (lo ?? -Infinity) && value <= (hi ?? Infinity) && Number.isSafeInteger(value),
  );
  return [...new Set(inside)].slice(0, atMost).sort((a, b) => a - b);
}
