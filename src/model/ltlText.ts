import { FeelError } from './feelTokens.ts';
import type { Ltl } from './ltl.ts';

/** An atom as it is written: FEEL, and where it stands. */
export interface AtomText {
  readonly text: string;
  readonly at: number;
}

/**
 * What the reader must know of a model to tell names from operators, and to write quantifiers out.
 */
export interface LtlNames {
  isDeclared(name: string): boolean;
  /** The elements of a set, or nothing if there is no such set. */
  elementsOf(set: string): readonly string[] | undefined;
}

type Unary = 'not' | 'always' | 'eventually';

type Binary = Extract<Ltl<AtomText>, { readonly left: unknown }>['kind'];

/**
 * Each operator in the spellings of mathematics, TLA+, SPIN and words. A single letter that the
 * model declares is that name.
 */
const UNARY: Readonly<Record<string, Unary>> = {
  always: 'always',
  globally: 'always',
  G: 'always',
  '[]': 'always',
  '□': 'always',
  eventually: 'eventually',
  finally: 'eventually',
  F: 'eventually',
  '<>': 'eventually',
  '◇': 'eventually',
  not: 'not',
  '!': 'not',
  '¬': 'not',
  '~': 'not',
};

const BINARY: Readonly<Record<string, Binary | 'iff' | 'leadsTo'>> = {
  '~>': 'leadsTo',
  leadsTo: 'leadsTo',
  '<->': 'iff',
  '<=>': 'iff',
  iff: 'iff',
  '->': 'implies',
  '=>': 'implies',
  '→': 'implies',
  implies: 'implies',
  or: 'or',
  '|': 'or',
  '||': 'or',
  '\\/': 'or',
  '∨': 'or',
  and: 'and',
  '&': 'and',
  '&&': 'and',
  '/\\': 'and',
  '∧': 'and',
  U: 'until',
  until: 'until',
  R: 'release',
  release: 'release',
  releases: 'release',
  W: 'weakUntil',
  weakUntil: 'weakUntil',
};

/** From weak to strong; those of one level group to the right. */
const LEVELS: readonly (readonly string[])[] = [
  ['leadsTo'],
  ['iff'],
  ['implies'],
  ['or'],
  ['and'],
  ['until', 'release', 'weakUntil'],
];

const NEXT = new Set(['X', 'next', '()', '○']);

/**
 * What goes on with an expression behind a closing bracket: then the bracket belongs to an atom.
 */
const GOES_ON = new Set(['=', '!=', '<', '<=', '>', '>=', '+', '-', '*', 'in', '[', '.']);

const MAX_TOKENS = 2_000;

const MAX_DEPTH = 60;

/**
 * More operators than this, once quantifiers are written out, make an automaton that nobody waits
 * for.
 */
const MAX_OPERATORS = 200;

interface Token {
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s+|(?<token>\[\]|<->|<=>|<>|->|=>|~>|&&|\|\||\\\/|\/\\|!=|<=|>=|\.\.|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|[\p{L}_][\p{L}\p{N}_]*|[=<>+\-*/()[\]{},.:!~&|¬□◇○∨∧→])/uy;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match)
      throw new FeelError(
        'EXPRESSION_SYNTAX',
        `unexpected character ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`,
        at,
      );
    if (match.groups?.['token'] !== undefined) found.push({ text: match[0], at });
    at += match[0].length;
  }
  if (found.length > MAX_TOKENS)
    throw new FeelError('EXPRESSION_TOO_DEEP', `more than ${MAX_TOKENS} words`, 0);
  return found;
}

/**
 * Reads a formula of linear temporal logic without next: `always (paid implies eventually
 * shipped)`, `[](p => <>q)`, `G (p -> F q)`, `p U q`, `p ~> q`; `every o in Order satisfies …` and
 * `some …` over a set may hold temporal operators, and are written out. Everything between is FEEL.
 * Throws `FeelError` with the place.
 */
export function parseLtl(text: string, names: LtlNames): Ltl<AtomText> {
  const reader = new LtlReader(tokens(text), names, text.length);
  return reader.whole();
}

class LtlReader {
  readonly #tokens: readonly Token[];
  readonly #names: LtlNames;
  readonly #end: number;
  #next = 0;
  #depth = 0;
  #operators = 0;

  constructor(found: readonly Token[], names: LtlNames, end: number) {
    this.#tokens = found;
    this.#names = names;
    this.#end = end;
  }

  whole(): Ltl<AtomText> {
    const formula = this.#level(0);
    const rest = this.#tokens[this.#next];
    if (rest) this.#fail(`\`${rest.text}\` does not belong here`, rest.at);
    return formula;
  }

  #fail(message: string, at: number, code: FeelError['code'] = 'EXPRESSION_SYNTAX'): never {
    throw new FeelError(code, message, at);
  }

  /** The operator that a token is, unless the model has something of that name. */
  #operator<T>(table: Readonly<Record<string, T>>, token: Token | undefined): T | undefined {
    if (!token || !Object.hasOwn(table, token.text)) return undefined;
    return /^[A-Z]$/.test(token.text) && this.#names.isDeclared(token.text)
      ? undefined
      : table[token.text];
  }

  #count(): void {
    this.#operators += 1;
    if (this.#operators > MAX_OPERATORS)
      this.#fail(`more than ${MAX_OPERATORS} operators`, 0, 'EXPRESSION_TOO_DEEP');
  }

  #level(level: number): Ltl<AtomText> {
    const kinds = LEVELS[level];
    if (!kinds) return this.#prefix();
    const left = this.#level(level + 1);
    const kind = this.#operator(BINARY, this.#tokens[this.#next]);
    if (kind === undefined || !kinds.includes(kind)) return left;
    this.#next += 1;
    this.#count();
    const right = this.#level(level);
    if (kind === 'leadsTo')
      return {
        kind: 'always',
        body: { kind: 'implies', left, right: { kind: 'eventually', body: right } },
      };
    if (kind === 'iff')
      return {
        kind: 'and',
        left: { kind: 'implies', left, right },
        right: { kind: 'implies', left: right, right: left },
      };
    return { kind, left, right };
  }

  #prefix(): Ltl<AtomText> {
    const token = this.#tokens[this.#next];
    if (!token) this.#fail('the formula ends too early', this.#end);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      this.#fail(`nested deeper than ${MAX_DEPTH} levels`, token.at, 'EXPRESSION_TOO_DEEP');
    const formula = this.#operand(token);
    this.#depth -= 1;
    return formula;
  }

  #operand(token: Token): Ltl<AtomText> {
    const unary = this.#operator(UNARY, token);
    if (unary !== undefined) {
      this.#next += 1;
      this.#count();
      return { kind: unary, body: this.#prefix() };
    }
    if (NEXT.has(token.text) && !this.#names.isDeclared(token.text))
      this.#fail(
        'this logic has no next: a step of the model is no unit of time',
        token.at,
        'EXPRESSION_UNSUPPORTED',
      );
    if (
      (token.text === 'every' || token.text === 'some') &&
      this.#tokens[this.#next + 2]?.text === 'in' &&
      this.#tokens[this.#next + 4]?.text === 'satisfies'
    ) {
      const elements = this.#names.elementsOf(this.#tokens[this.#next + 3]?.text ?? '');
      if (elements) return this.#quantified(token.text, elements);
    }
    if (
      token.text === '(' &&
      !GOES_ON.has(this.#tokens[this.#closing(this.#next) + 1]?.text ?? '')
    ) {
      this.#next += 1;
      const formula = this.#level(0);
      if (this.#tokens[this.#next]?.text !== ')')
        this.#fail('a `)` is missing', this.#tokens[this.#next]?.at ?? this.#end);
      this.#next += 1;
      return formula;
    }
    return this.#atom(token);
  }

  /**
   * Its body goes as far as it can, as in FEEL; it is read once for each element, in the place of
   * the name.
   */
  #quantified(kind: string, elements: readonly string[]): Ltl<AtomText> {
    const name = this.#tokens[this.#next + 1]?.text ?? '';
    const begin = this.#next + 5;
    let end = begin;
    while (end < this.#tokens.length && this.#tokens[end]?.text !== ')')
      end = this.#tokens[end]?.text === '(' ? this.#closing(end) + 1 : end + 1;
    const body = this.#tokens.slice(begin, end);
    this.#next = end;
    const instances = elements.map((element) => {
      this.#count();
      const instance = new LtlReader(
        body.map((token) => (token.text === name ? { ...token, text: element } : token)),
        this.#names,
        this.#end,
      );
      const read = instance.whole();
      for (let i = 0; i < instance.#operators; i += 1) this.#count();
      return read;
    });
    return instances.reduce((left, right) => ({
      kind: kind === 'every' ? 'and' : 'or',
      left,
      right,
    }));
  }

  #closing(open: number): number {
    let depth = 0;
    for (let i = open; i < this.#tokens.length; i += 1) {
      const text = this.#tokens[i]?.text;
      if (text === '(') depth += 1;
      if (text === ')') depth -= 1;
      if (depth === 0) return i;
    }
    return this.#fail('a `)` is missing', this.#tokens[open]?.at ?? 0);
  }

  /**
   * FEEL, up to the next operator of the logic outside of brackets; `if` and quantifiers go as far
   * as they can.
   */
  #atom(first: Token): Ltl<AtomText> {
    const greedy = ['if', 'some', 'every', 'for'].includes(first.text);
    const taken: Token[] = [];
    for (let depth = 0; this.#next < this.#tokens.length; this.#next += 1) {
      const token = this.#tokens[this.#next] as Token;
      if (
        depth === 0 &&
        (token.text === ')' || (!greedy && this.#operator(BINARY, token) !== undefined))
      )
        break;
      if ('([{'.includes(token.text)) depth += 1;
      else if (')]}'.includes(token.text)) depth -= 1;
      else if (
        token.text !== 'not' &&
        this.#operator(UNARY, token) !== undefined &&
        token.text !== '[]'
      )
        this.#fail(
          `\`${token.text}\` cannot stand inside an expression: bracket it as a formula of its own`,
          token.at,
        );
      taken.push(token);
    }
    if (taken.length === 0)
      this.#fail(`an expression is missing before \`${first.text}\``, first.at);
    return { kind: 'atom', atom: { text: spaced(taken), at: first.at } };
  }
}

/**
 * The words as far apart as they were written, so that a place in the text of an atom is a place in
 * the formula.
 */
function spaced(words: readonly Token[]): string {
  const [first] = words;
  return words.reduce((text, word) => {
    const padded = text.padEnd(word.at - (first?.at ?? 0));
    return `${padded}${/\w$/.test(padded) && /^\w/.test(word.text) ? ' ' : ''}${word.text}`;
  }, '');
}

/** A formula in one spelling, fully bracketed. */
export function ltlText<Atom>(formula: Ltl<Atom>, of: (atom: Atom) => string): string {
  if (formula.kind === 'atom') return `(${of(formula.atom)})`;
  if ('body' in formula) return `${formula.kind} ${ltlText(formula.body, of)}`;
  return `(${ltlText(formula.left, of)} ${formula.kind} ${ltlText(formula.right, of)})`;
}
