import { invariant } from '../../errors/index.ts';

/**
 * The only way by which anything of a model gets into generated text: as a number. Names, labels
 * and strings of its author never do.
 */
export function digits(value: number): string {
  invariant(Number.isSafeInteger(value), 'generated code holds exact integers');
  return value < 0 ? `(${value})` : String(value === 0 ? 0 : value);
}

/** The inclusive range of what an expression may be; empty where `lo` is larger than `hi`. */
export interface WordRange {
  readonly lo: number;
  readonly hi: number;
}

export const NO_VALUES: WordRange = { lo: Infinity, hi: -Infinity };

export function joined(a: WordRange, b: WordRange): WordRange {
  return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
}

/** The text of a scalar: in parentheses, or one token. Booleans are 0 and 1. */
export interface ScalarText extends WordRange {
  readonly text: string;
  /** Whether it may have no value: its text then throws. */
  readonly throws: boolean;
}

/** The text of something that is true or false to JavaScript. */
export interface Test {
  readonly text: string;
  readonly throws: boolean;
}

/** A set as bits of one number: bit `i` stands for the value `lo + i`. */
export interface Mask extends ScalarText {}

/** A name of an expression: a scalar, or where a message stands in the row. */
export type Local =
  ({ readonly kind: 'scalar' } & ScalarText) | { readonly kind: 'message'; readonly text: string };

/** The names in scope, and how many of them are arguments of the function that is written. */
export interface TextScope {
  readonly of: ReadonlyMap<string, Local>;
  readonly depth: number;
}

export const NO_SCOPE: TextScope = { of: new Map(), depth: 0 };

export function bound(scope: TextScope, name: string, local: Local): TextScope {
  return { of: new Map(scope.of).set(name, local), depth: scope.depth + 1 };
}

/** What a scope's names are called in the text, each once: arguments of a function. */
export function argumentsOf(scope: TextScope): string {
  const names = [...scope.of.values()].map(({ text }) => text);
  return [...new Set(names.filter((text) => /^[a-z]/u.test(text)))].join(', ');
}

/** Functions of the text, each once however often it is asked for. */
export class Functions {
  readonly #byText = new Map<string, string>();
  #length = 0;

  /** The name of the function with these arguments and this body. */
  named(args: string, body: string): string {
    const text = `(${args}) {\n${body}\n}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const name = `f${this.#byText.size}`;
    this.#byText.set(text, name);
    this.#length += text.length;
    return name;
  }

  get length(): number {
    return this.#length;
  }

  get text(): string {
    return [...this.#byText].map(([text, name]) => `function ${name}${text}`).join('\n');
  }
}
