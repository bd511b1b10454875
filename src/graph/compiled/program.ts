import type { Expr } from '../../model/expression.ts';
import type { Semantics } from '../../model/semantics.ts';
import { Expressions } from './expressions.ts';
import { packingOf, Ranges, type Packing } from './packing.ts';
import { NotCompiled, refuseToCompile } from './refusal.ts';
import { StepWriter } from './steps.ts';
import { Functions, NO_SCOPE, digits } from './text.ts';

/** The code of a model, as text, and how its rows are packed. */
export interface ProgramText {
  readonly text: string;
  readonly packing: Packing;
  /** By the place of the predicate: its number among the text's tests, where it is compiled. */
  readonly tests: readonly (number | undefined)[];
}

/** What generated code works on, and tells. Single letters: they are all that it names. */
export interface Runtime {
  /** The row in view, and the same packed. */
  readonly S: Int32Array;
  readonly P: Int32Array;
  /** The packed row that a step leads to; channels and a message while they change. */
  readonly Q: Int32Array;
  readonly T: Int32Array;
  readonly M: Int32Array;
  /** A step with this label leads to `Q`; one with this label is an error. */
  readonly N: (label: number) => void;
  readonly E: (label: number, errors: number) => void;
  /** The label of an instance for the messages at these positions. */
  readonly C: (instance: number, ...taken: number[]) => number;
  /** What is thrown where a term has no value. */
  readonly U: unknown;
  /** What is thrown where an integer without a range leaves its place. */
  readonly Z: unknown;
}

/** Generated code, ready to run. */
export interface Program {
  /** Brings the packed row at an offset into view. */
  readonly view: (rows: Int32Array, base: number) => void;
  /** All steps of the row in view. */
  readonly expand: () => void;
  /** The steps of one instance, by its number. */
  readonly steps: readonly (() => void)[];
  /** What a predicate says of the row in view: 0, 1, or 2 where it has no value. */
  readonly tests: readonly (() => 0 | 1 | 2)[];
}

/** More text than this takes longer to read than it saves. */
const MAX_INSTANCES = 4_000;
const MAX_TEXT = 4_000_000;
/** Calls in one function: it must stay short enough to be optimised. */
const CALLS = 64;

/**
 * The successors of a model and some predicates of its states as JavaScript. Nothing of the model
 * gets into the text but numbers. Throws `NotCompiled`.
 */
export function programText(
  semantics: Semantics,
  predicates: readonly Expr[],
  level: number,
): ProgramText {
  const { layout, instances } = semantics;
  const ranges = new Ranges(layout, level);
  const packing = packingOf(layout, ranges);
  if (instances.length > MAX_INSTANCES)
    refuseToCompile(
      `there are ${instances.length} actions with their bindings, more than ${MAX_INSTANCES}`,
    );
  const functions = new Functions();
  const expressions = new Expressions(layout, ranges, functions);
  const writer = new StepWriter(layout, packing, expressions);
  const parts: string[] = [viewText(packing), RULES, tablesText(packing)];
  const calls: string[] = [];
  let length = 0;
  for (const instance of instances) {
    const { guard, body } = writer.write(instance);
    const name = `a${instance.index}`;
    parts.push(`function ${name}() {\n${body}\n}`);
    parts.push(`function g${instance.index}() { if (${guard}) ${name}(); }`);
    calls.push(`if (${guard}) ${name}();`);
    length += body.length + 2 * guard.length;
    if (length + functions.length > MAX_TEXT) refuseToCompile('its code would be too long');
  }
  const compiled = compiledTests(expressions, predicates);
  parts.push(...compiled.parts, expandText(calls), functions.text);
  const steps = instances.map(({ index }) => `g${index}`).join(', ');
  parts.push(
    `return { view: V, expand: X, steps: [${steps}], tests: [${compiled.names.join(', ')}] };`,
  );
  return { text: `'use strict';\n${parts.join('\n')}\n`, packing, tests: compiled.tests };
}

/**
 * Runs the text: it sees what it is given here, and of the globals it names `Math` alone. Throws
 * `NotCompiled` in a process that runs no text (`--disallow-code-generation-from-strings`).
 */
export function linked({ text }: Pick<ProgramText, 'text'>, runtime: Runtime): Program {
  const names = Object.keys(runtime) as (keyof Runtime)[];
  try {
    const make = new Function(...names, text) as (...given: unknown[]) => Program;
    return make(...names.map((name) => runtime[name]));
  } catch (error) {
    if (error instanceof EvalError) refuseToCompile('this process runs no generated code');
    throw error;
  }
}

function compiledTests(expressions: Expressions, predicates: readonly Expr[]) {
  const parts: string[] = [];
  const names: string[] = [];
  const tests = predicates.map((expr) => {
    try {
      const { text, throws } = expressions.test(expr, NO_SCOPE);
      const name = `p${names.length}`;
      const body = `return ${text} ? 1 : 0;`;
      parts.push(
        throws
          ? `function ${name}() { try { ${body} } catch (x) { if (x !== U) throw x; return 2; } }`
          : `function ${name}() { ${body} }`,
      );
      return names.push(name) - 1;
    } catch (error) {
      if (error instanceof NotCompiled) return undefined;
      throw error;
    }
  });
  return { parts, names, tests };
}

/** `V`: the packed row at `b` of `r`, into `P` and, place by place, into `S`. */
function viewText({ places, words }: Packing): string {
  const copied = Array.from({ length: words }, (_, i) => `P[${digits(i)}] = r[b + ${digits(i)}];`);
  const rows = places.map((place, offset) => {
    const at = `P[${digits(place.word)}] >>> ${digits(place.shift)}`;
    const bits = place.bits === 32 ? `(${at})` : `(${at} & ${digits(place.mask)})`;
    const value = place.bits === 0 ? '' : ` + ${bits}`;
    return `S[${digits(offset)}] = ${digits(place.lo)}${value};`;
  });
  return chunked('V', 'r, b', [...copied, ...rows]);
}

function expandText(calls: readonly string[]): string {
  return chunked('X', '', calls);
}

/** Statements in a function, or in several that it calls. */
function chunked(name: string, args: string, statements: readonly string[]): string {
  if (statements.length <= CALLS) return `function ${name}(${args}) {\n${statements.join('\n')}\n}`;
  const parts: string[] = [];
  for (let i = 0; i < statements.length; i += CALLS)
    parts.push(statements.slice(i, i + CALLS).join('\n'));
  return [
    ...parts.map((part, i) => `function ${name}${i}(${args}) {\n${part}\n}`),
    `function ${name}(${args}) {\n${parts.map((_, i) => `${name}${i}(${args});`).join('\n')}\n}`,
  ].join('\n');
}

/** Where each word of a row stands in a packed row, for places that are known only in a step. */
function tablesText({ places, words }: Packing): string {
  const table = (name: string, values: readonly number[]): string =>
    `const ${name} = [${values.map(digits).join(', ')}];`;
  return `${table(
    'PW',
    places.map(({ word }) => word),
  )}
${table(
  'PS',
  places.map(({ shift }) => shift),
)}
${table(
  'PL',
  places.map(({ lo }) => lo),
)}
${table(
  'PM',
  places.map((place) => ~(place.mask << place.shift)),
)}
function A(o, v) { if (PM[o] !== -1) Q[PW[o]] = Q[PW[o]] & PM[o] | v - PL[o] << PS[o]; }
function D() {
  for (let i = 0; i < ${digits(words)}; i += 1) if (Q[i] !== P[i]) return true;
  return false;
}`;
}

/**
 * What is the same for every model. `K`: a key, which must not be null. `W`: between. `H`: a bit of
 * a set. `B`: how many. `G`: the message at `r` is the one before. `R`: the message at a position
 * is taken. `L`: whether the message in `M` comes before the one at `o`. `I`, `J`: it is put into a
 * bag, to the end of a fifo.
 */
const RULES = `function K(k) { if (k < 0) throw U; return k; }
function W(v, a, b) { return v >= a && v <= b; }
function H(m, b) { return b >= 0 && b < 31 && (m >>> b & 1) === 1; }
function B(m) { let r = 0; for (let x = m; x !== 0; x &= x - 1) r += 1; return r; }
function G(r, w) {
  for (let i = 0; i < w; i += 1) if (S[r + i] !== S[r - w + i]) return false;
  return true;
}
function R(o, w, t) {
  const n = T[o] - 1;
  const z = o + 1 + n * w;
  for (let i = o + 1 + t * w; i < z; i += 1) T[i] = T[i + w];
  for (let i = z; i < z + w; i += 1) T[i] = 0;
  T[o] = n;
}
function L(o, w) {
  for (let i = 0; i < w; i += 1) if (M[i] !== T[o + i]) return M[i] < T[o + i];
  return false;
}
function I(o, w) {
  const n = T[o];
  let t = n;
  while (t > 0 && L(o + 1 + (t - 1) * w, w)) t -= 1;
  const z = o + 1 + t * w;
  for (let i = o + n * w; i >= z; i -= 1) T[i + w] = T[i];
  for (let i = 0; i < w; i += 1) T[z + i] = M[i];
  T[o] = n + 1;
}
function J(o, w) {
  const z = o + 1 + T[o] * w;
  for (let i = 0; i < w; i += 1) T[z + i] = M[i];
  T[o] += 1;
}`;
