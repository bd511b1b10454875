import { bad, ok, problem, type Locate, type Result } from '../errors/index.ts';
import { NO_SLOTS, UNDEFINED, type Compiler, type Locals } from './evaluate.ts';
import { anyNode, type Expr } from './expression.ts';
import { packSet, type CellBlock, type Layout, type State } from './layout.ts';
import type { InitRule } from './model.ts';
import { ERROR_BIT, type Semantics, type ErrorBits } from './semantics.ts';
import { MAX_TYPE_VALUES, cellType, scalarValues, type Type } from './types.ts';

/**
 * Where unbounded integers start when they may be anything: a finite engine looks at these and
 * calls its answer bounded.
 */
export const WINDOW: { readonly lo: number; readonly hi: number } = { lo: -4, hi: 4 };

/**
 * One way to begin: a state, or what is wrong with the valuation before any step (a `withinRange`
 * trace of no steps, SEMANTICS 5).
 */
export interface Start {
  readonly state: State;
  readonly errors: ErrorBits;
}

/** Integer types with more values than can be tried one by one. */
function isSampled(type: Type): boolean {
  return (
    type.kind === 'int' &&
    (type.lo === undefined || type.hi === undefined || type.hi - type.lo >= MAX_TYPE_VALUES)
  );
}

function windowOf(type: Extract<Type, { kind: 'int' }>): Type {
  return {
    kind: 'int',
    lo: type.lo ?? WINDOW.lo,
    hi: (type.lo ?? WINDOW.lo) + WINDOW.hi - WINDOW.lo,
  };
}

/**
 * The names of parameters and freely chosen variables whose values are only sampled from the
 * window.
 */
export function sampledNames(semantics: Semantics): string[] {
  const { model } = semantics;
  return [
    ...model.parameters.filter((p) => isSampled(cellType(p.type))).map((p) => p.name),
    ...model.variables
      .filter((v) => isSampled(cellType(v.type)) && hasAny(v.init))
      .map((v) => v.name),
  ];
}

function hasAny(rule: InitRule): boolean {
  return rule.kind === 'any' || (rule.kind === 'each' && rule.rules.some(hasAny));
}

/** Every valuation of the parameters, as the beginning of a row. */
export function* valuations(semantics: Semantics): Generator<number[]> {
  yield* product(
    semantics.layout.parameters.flatMap((block) =>
      cellsOf(block, () => choices(block.type, semantics.layout)),
    ),
  );
}

/** Every initial state of one valuation. Empty when nothing satisfies the initial conditions. */
export function* starts(semantics: Semantics, valuation: readonly number[]): Generator<Start> {
  const { layout, model } = semantics;
  const row = [...valuation, ...new Array<number>(layout.width - valuation.length).fill(0)];
  const cells: (readonly Cell[])[] = [];
  for (const [i, block] of layout.variables.entries()) {
    const variable = model.variables[i];
    if (variable)
      for (const rule of rulesPerCell(variable.init, block))
        cells.push(optionsOf(rule, block, semantics, row));
  }
  for (const words of productOf(cells)) {
    yield {
      state: [
        ...valuation,
        ...words.flatMap((c) => c.words),
        ...row.slice(valuation.length + words.reduce((n, c) => n + c.words.length, 0)),
      ],
      errors: words.reduce((bits, c) => bits | c.errors, 0),
    };
  }
}

/** One possible content of one cell. */
interface Cell {
  readonly words: readonly number[];
  readonly errors: ErrorBits;
}

/** One rule for each cell of a variable, in layout order. */
export function rulesPerCell(rule: InitRule, block: CellBlock): InitRule[] {
  const expand = (r: InitRule, depth: number): InitRule[] => {
    const set = block.keySets[depth];
    if (!set) return [r];
    return set.elements.flatMap((_, i) =>
      expand(r.kind === 'each' ? (r.rules[i] ?? { kind: 'any' }) : r, depth + 1),
    );
  };
  return expand(rule, 0);
}

function optionsOf(rule: InitRule, block: CellBlock, semantics: Semantics, row: State): Cell[] {
  const { layout, compiler } = semantics;
  switch (rule.kind) {
    case 'any':
      return choices(block.type, layout).map((words) => ({ words, errors: 0 }));
    case 'value':
      return [pack(rule.value, block, layout, compiler, row)];
    case 'oneOf':
      return distinctCells(
        rule.options.map((option) => pack(option, block, layout, compiler, row)),
      );
    case 'range':
      return range(rule, block, layout, compiler, row);
    case 'each':
      return [];
  }
}

function range(
  rule: Extract<InitRule, { kind: 'range' }>,
  block: CellBlock,
  layout: Layout,
  compiler: Compiler,
  row: State,
): Cell[] {
  const ends = [rule.lo, rule.hi].map((e) =>
    evaluated(() => compiler.scalar(e, NO_SLOTS)(row, [])),
  );
  const [lo, hi] = ends;
  if (lo === undefined || hi === undefined) return [{ words: [0], errors: ERROR_BIT.defined }];
  const bounds = layout.bounds(block.type);
  if (hi - lo >= MAX_TYPE_VALUES)
    return [{ words: [bounds.lo - 1], errors: ERROR_BIT.withinRange }];
  return Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i).map((value) => ({
    words: [value],
    errors: value < bounds.lo || value > bounds.hi ? ERROR_BIT.withinRange : 0,
  }));
}

function pack(e: Expr, block: CellBlock, layout: Layout, compiler: Compiler, row: State): Cell {
  const words = new Array<number>(block.width).fill(0);
  const locals: Locals = [];
  const inside = evaluated(() => {
    if (block.type.kind === 'set') {
      return packSet(
        compiler.list(e, NO_SLOTS)(row, locals) as readonly number[],
        words,
        0,
        block.width,
        layout.bounds(block.type.of),
      )
        ? 1
        : 0;
    }
    const { lo, hi } = layout.bounds(block.type);
    const value = compiler.scalar(e, NO_SLOTS)(row, locals);
    words[0] = value;
    return value >= lo && value <= hi ? 1 : 0;
  });
  if (inside === undefined) return { words, errors: ERROR_BIT.defined };
  return { words, errors: inside === 1 ? 0 : ERROR_BIT.withinRange };
}

function evaluated(code: () => number): number | undefined {
  try {
    return code();
  } catch (error) {
    if (error === UNDEFINED) return undefined;
    throw error;
  }
}

function distinctCells(cells: readonly Cell[]): Cell[] {
  return [...new Map(cells.map((cell) => [cell.words.join(), cell])).values()];
}

/** The packed values of a finite cell type; of an unbounded one, those in the window. */
function choices(type: Type, layout: Layout): number[][] {
  if (type.kind === 'set') {
    const base = layout.bounds(type.of);
    const values = scalarValues(type.of, layout.set);
    const width = Math.ceil(values.length / 30);
    return Array.from({ length: 2 ** values.length }, (_, bits) => {
      const words = new Array<number>(width).fill(0);
      packSet(
        values.filter((_v, i) => Math.floor(bits / 2 ** i) % 2 === 1),
        words,
        0,
        width,
        base,
      );
      return words;
    });
  }
  const finite: Type = type.kind === 'int' && isSampled(type) ? windowOf(type) : type;
  return scalarValues(finite, layout.set).map((value) => [value]);
}

function cellsOf<T>(block: CellBlock, options: () => T): T[] {
  return Array.from({ length: block.cells }, options);
}

function* product(cells: readonly (readonly (readonly number[])[])[]): Generator<number[]> {
  for (const row of productOf(cells)) yield row.flat();
}

/**
 * All choices of one option per cell, the last cell varying fastest. An odometer: models may have
 * very many cells.
 */
function* productOf<T>(cells: readonly (readonly T[])[]): Generator<T[]> {
  if (cells.some((options) => options.length === 0)) return;
  const at = new Array<number>(cells.length).fill(0);
  for (;;) {
    yield cells.map((options, i) => options[at[i] as number] as T);
    let digit = cells.length - 1;
    while (digit >= 0 && (at[digit] as number) + 1 >= (cells[digit] as readonly T[]).length)
      at[digit--] = 0;
    if (digit < 0) return;
    at[digit] = (at[digit] as number) + 1;
  }
}

const MAX_VALUATIONS_CHECKED = 10_000;

/**
 * The initial conditions judged before any engine runs (SEMANTICS 5): a constant out of its range
 * is bad input, and so is a valuation that no initial state satisfies. At most
 * `MAX_VALUATIONS_CHECKED` valuations are looked at here; explorers meet the rest.
 */
export function checkInitial(
  semantics: Semantics,
  locate: Locate = () => undefined,
): Result<Semantics> {
  const { layout, model } = semantics;
  const row = new Array<number>(layout.width).fill(0);
  const problems = model.variables.flatMap((variable, i) => {
    const block = layout.variables[i];
    if (!block) return [];
    const path = ['variables', variable.name, 'init'];
    const constants = rulesPerCell(variable.init, block).filter((rule) => !readsParameters(rule));
    const wrong = constants.some(
      (rule) =>
        rule.kind !== 'any' &&
        optionsOf(rule, block, semantics, row).some((cell) => cell.errors !== 0),
    );
    return wrong
      ? [
          problem(
            'INIT_OUT_OF_RANGE',
            path.join('.'),
            `${variable.name} starts outside its type`,
            locate(path),
          ),
        ]
      : [];
  });
  if (problems.length > 0) return bad(...problems);
  let seen = 0;
  for (const valuation of valuations(semantics)) {
    if (starts(semantics, valuation).next().done) {
      const given = layout.parameters
        .map(
          (block) =>
            `${block.name} = ${valuation.slice(block.offset, block.offset + block.cells * block.width).join(', ')}`,
        )
        .join('; ');
      return bad(
        problem(
          'INIT_EMPTY',
          'variables',
          `no initial state satisfies the initial conditions${given ? ` for ${given}` : ''}`,
          locate(['variables']),
        ),
      );
    }
    seen += 1;
    if (seen >= MAX_VALUATIONS_CHECKED) break;
  }
  return ok(semantics);
}

function readsParameters(rule: InitRule): boolean {
  const reads = (e: Expr): boolean => anyNode(e, (node) => node.kind === 'cell');
  switch (rule.kind) {
    case 'value':
      return reads(rule.value);
    case 'oneOf':
      return rule.options.some(reads);
    case 'range':
      return reads(rule.lo) || reads(rule.hi);
    case 'each':
      return rule.rules.some(readsParameters);
    default:
      return false;
  }
}
