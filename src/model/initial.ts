import type { Compiler } from './evaluate.ts';
import { type Locals, NO_SLOTS, UNDEFINED } from './evaluate.ts';
import { anyNode, type Expr } from './expression.ts';
import type { Layout } from './layout.ts';
import { type CellBlock, packSet, type State } from './layout.ts';
import type { InitRule } from './model.ts';
import type { Semantics } from './semantics.ts';
import { ERROR_BIT, type ErrorBits } from './semantics.ts';
import { constantsOf, isSampled, samplesOf, samplesPerCell } from './samples.ts';
import { cellType, MAX_TYPE_VALUES, scalarValues, type Type } from './types.ts';

/**
 * One way to begin: a state, or what is wrong with the valuation before any step (a `withinRange`
 * trace of no steps, SEMANTICS 5).
 */
export interface Start {
  readonly state: State;
  readonly errors: ErrorBits;
}

interface SampledNames {
  readonly parameters: readonly string[];
  readonly variables: readonly string[];
}

const sampledBySemantics = new WeakMap<Semantics, SampledNames>();

/**
 * The parameters and the freely chosen variables of which only samples are looked at where values
 * are tried one by one. A variable's samples leave out initial states of a valuation; a parameter's
 * leave out valuations, and those that are looked at are whole. Found once for each model: a range
 * that depends on parameters is looked at under each of them.
 */
export function sampled(semantics: Semantics): SampledNames {
  const known = sampledBySemantics.get(semantics);
  if (known) return known;
  const { model, layout } = semantics;
  const isFree = (rules: readonly InitRule[], type: Type): boolean =>
    rules.some((rule) => isSampledRule(rule, type, semantics));
  const names = {
    parameters: model.parameters.filter((p) => isSampled(cellType(p.type))).map((p) => p.name),
    variables: model.variables
      .filter((v, i) => {
        const block = layout.variables[i];
        return block && isFree(rulesPerCell(v.init, block), v.type);
      })
      .map((v) => v.name),
  };
  sampledBySemantics.set(semantics, names);
  return names;
}

/** All names of `sampled`. */
export function sampledNames(semantics: Semantics): string[] {
  const { parameters, variables } = sampled(semantics);
  return [...parameters, ...variables];
}

/** What a bound says of samples. */
export function sampleBound(names: readonly string[]): string {
  return `${names.join(', ')} only at samples, not at every value`;
}

function isSampledRule(rule: InitRule, type: Type, semantics: Semantics): boolean {
  if (rule.kind === 'any') return isSampled(cellType(type));
  if (rule.kind !== 'range') return false;
  if (!isSampled(cellType(type))) return false;
  const { model, layout, compiler } = semantics;
  if (readsParameters(rule) && model.parameters.some((p) => isSampled(cellType(p.type))))
    return true;
  const rest = new Array<number>(layout.width).fill(0);
  let seen = 0;
  for (const valuation of valuations(semantics)) {
    const ends = endsOf(rule, compiler, [...valuation, ...rest.slice(valuation.length)]);
    if (ends && ends.hi - ends.lo >= MAX_TYPE_VALUES) return true;
    seen += 1;
    if (!readsParameters(rule) || seen >= MAX_VALUATIONS_CHECKED) break;
  }
  return seen >= MAX_VALUATIONS_CHECKED;
}

interface Samples {
  readonly constants: readonly number[];
  readonly perCell: number;
}

const samplesBySemantics = new WeakMap<Semantics, Samples>();

function samplesFor(semantics: Semantics): Samples {
  const known = samplesBySemantics.get(semantics);
  if (known) return known;
  const { layout } = semantics;
  const names = new Set(sampledNames(semantics));
  const free = [...layout.parameters, ...layout.variables].filter(({ name }) => names.has(name));
  const samples = {
    constants: constantsOf(semantics.model),
    perCell: samplesPerCell(free.reduce((sum, block) => sum + block.cells, 0)),
  };
  samplesBySemantics.set(semantics, samples);
  return samples;
}

/** The values that are tried of a type that has too many. */
export function sampleValues(semantics: Semantics, type: Type): number[] {
  const { constants, perCell } = samplesFor(semantics);
  return samplesOf(type, constants, perCell);
}

/** Every valuation of the parameters, as the beginning of a row. */
export function* valuations(semantics: Semantics): Generator<number[]> {
  yield* product(
    semantics.layout.parameters.flatMap((block) =>
      cellsOf(block, () => choices(block.type, semantics)),
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

/**
 * A row as an initial state of the model, by its rules alone: also where `starts` only samples.
 * Nothing where no initial state is that row.
 */
export function startAt(semantics: Semantics, row: State): Start | undefined {
  const { layout, model } = semantics;
  const isValuation = layout.parameters.every((block) =>
    wordsOf(block, row).every((words) => isOfType(words, block.type, semantics)),
  );
  if (!isValuation) return undefined;
  let errors: ErrorBits = 0;
  for (const [i, block] of layout.variables.entries()) {
    const variable = model.variables[i];
    if (!variable) return undefined;
    const cells = wordsOf(block, row);
    for (const [at, rule] of rulesPerCell(variable.init, block).entries()) {
      const found = optionAt(rule, block, semantics, row, cells[at] ?? []);
      if (found === undefined) return undefined;
      errors |= found;
    }
  }
  return { state: row, errors };
}

/** The words of each cell of a block. */
function wordsOf(block: CellBlock, row: State): number[][] {
  return Array.from({ length: block.cells }, (_, i) =>
    row.slice(block.offset + i * block.width, block.offset + (i + 1) * block.width),
  );
}

function isOfType(words: readonly number[], type: Type, semantics: Semantics): boolean {
  if (type.kind === 'set') return true;
  const { lo, hi } = semantics.layout.bounds(type);
  const [word] = words;
  return word !== undefined && word >= lo && word <= hi;
}

/** What is wrong with these words as a start of a cell, or nothing where its rule forbids them. */
function optionAt(
  rule: InitRule,
  block: CellBlock,
  semantics: Semantics,
  row: State,
  words: readonly number[],
): ErrorBits | undefined {
  if (rule.kind === 'any') return isOfType(words, block.type, semantics) ? 0 : undefined;
  const [word] = words;
  const ends = rule.kind === 'range' ? endsOf(rule, semantics.compiler, row) : undefined;
  if (ends && word !== undefined)
    return word >= ends.lo && word <= ends.hi
      ? rangeError(word, semantics.layout.bounds(block.type))
      : undefined;
  return optionsOf(rule, block, semantics, row).find((option) =>
    option.words.every((each, i) => each === words[i]),
  )?.errors;
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

export function optionsOf(
  rule: InitRule,
  block: CellBlock,
  semantics: Semantics,
  row: State,
): Cell[] {
  const { layout, compiler } = semantics;
  switch (rule.kind) {
    case 'any':
      return choices(block.type, semantics).map((words) => ({ words, errors: 0 }));
    case 'value':
      return [pack(rule.value, block, layout, compiler, row)];
    case 'oneOf':
      return distinctCells(
        rule.options.map((option) => pack(option, block, layout, compiler, row)),
      );
    case 'range':
      return range(rule, block, semantics, row);
    case 'each':
      return [];
  }
}

function endsOf(
  rule: Extract<InitRule, { kind: 'range' }>,
  compiler: Compiler,
  row: State,
): { readonly lo: number; readonly hi: number } | undefined {
  const [lo, hi] = [rule.lo, rule.hi].map((e) =>
    evaluated(() => compiler.scalar(e, NO_SLOTS)(row, [])),
  );
  return lo === undefined || hi === undefined ? undefined : { lo, hi };
}

function range(
  rule: Extract<InitRule, { kind: 'range' }>,
  block: CellBlock,
  semantics: Semantics,
  row: State,
): Cell[] {
  const ends = endsOf(rule, semantics.compiler, row);
  if (!ends) return [{ words: [0], errors: ERROR_BIT.defined }];
  const { lo, hi } = ends;
  const bounds = semantics.layout.bounds(block.type);
  const values =
    hi - lo >= MAX_TYPE_VALUES
      ? sampleValues(semantics, { kind: 'int', lo, hi })
      : Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);
  return values.map((value) => ({ words: [value], errors: rangeError(value, bounds) }));
}

function rangeError(value: number, { lo, hi }: { lo: number; hi: number }): ErrorBits {
  return value < lo || value > hi ? ERROR_BIT.withinRange : 0;
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

/** The packed values of a finite cell type; of one with too many, samples. */
function choices(type: Type, semantics: Semantics): number[][] {
  const { layout } = semantics;
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
  const values = isSampled(type) ? sampleValues(semantics, type) : scalarValues(type, layout.set);
  return values.map((value) => [value]);
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

export const MAX_VALUATIONS_CHECKED = 10_000;

export function readsParameters(rule: InitRule): boolean {
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
