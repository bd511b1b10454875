/**
 * Conditions as Camunda, Activiti and Flowable write them (Java Unified Expression Language, JSR
 * 245, section 1), in the words of FEEL: `${state eq 'paid' && !(amount gt 100)}` is `state = paid
 * and not(amount > 100)`. What is no condition over plain variables (calls, properties, `empty` of
 * a variable that is never empty) is `undefined`: then the choice stays free.
 */
export function feelOfJuel(
  text: string,
  emptiness: (name: string) => string | undefined,
): string | undefined {
  const body = /^\s*[#$]\{([\s\S]*)\}\s*$/.exec(text)?.[1];
  const tokens = body === undefined ? undefined : tokensOf(body);
  if (!tokens) return undefined;
  const parser = new Parser(tokens, emptiness);
  const feel = parser.expression(0);
  return parser.done ? feel?.feel : undefined;
}

/** Whether a text is written in this way. */
export function isJuel(text: string): boolean {
  return /^\s*[#$]\{/.test(text);
}

const TOKEN =
  /\s+|(\d+)(?![\w.])|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)|(&&|\|\||==|!=|<=|>=|[<>!()+\-*])/gy;

interface Token {
  readonly kind: 'number' | 'string' | 'word' | 'symbol';
  readonly text: string;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    const [, number, single, double, word, symbol] = match;
    const quoted = single ?? double;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (quoted !== undefined)
      tokens.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1') });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
  }
  return tokens;
}

/** How tightly an operator binds, and what FEEL calls it. */
const BINARY: Readonly<Record<string, readonly [binds: number, feel: string]>> = {
  '||': [1, 'or'],
  or: [1, 'or'],
  '&&': [2, 'and'],
  and: [2, 'and'],
  '==': [3, '='],
  eq: [3, '='],
  '!=': [3, '!='],
  ne: [3, '!='],
  '<': [4, '<'],
  lt: [4, '<'],
  '>': [4, '>'],
  gt: [4, '>'],
  '<=': [4, '<='],
  le: [4, '<='],
  '>=': [4, '>='],
  ge: [4, '>='],
  '+': [5, '+'],
  '-': [5, '-'],
  '*': [6, '*'],
};
const COMPARES = 3;
const UNARY = 7;
const ATOM = 8;

/** A part of the condition in FEEL, and how tightly its outermost operator binds. */
interface Term {
  readonly binds: number;
  readonly feel: string;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #emptiness: (name: string) => string | undefined;
  #at = 0;

  constructor(tokens: readonly Token[], emptiness: (name: string) => string | undefined) {
    this.#tokens = tokens;
    this.#emptiness = emptiness;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  expression(least: number): Term | undefined {
    let left = this.#operand();
    for (;;) {
      const token = this.#tokens[this.#at];
      if (left === undefined || !token || token.kind === 'string') return left;
      const operator = Object.hasOwn(BINARY, token.text) ? BINARY[token.text] : undefined;
      if (!operator || operator[0] <= least) return left;
      this.#at += 1;
      const [binds, feel] = operator;
      const right = this.expression(binds);
      if (right === undefined) return undefined;
      left = { binds, feel: `${within(left, binds)} ${feel} ${within(right, binds + 1)}` };
    }
  }

  #operand(): Term | undefined {
    const token = this.#tokens[this.#at];
    if (!token) return undefined;
    this.#at += 1;
    if (token.kind === 'number') return { binds: ATOM, feel: token.text };
    if (token.kind === 'string')
      return /^[A-Za-z_]\w*$/.test(token.text) ? { binds: ATOM, feel: token.text } : undefined;
    switch (token.text) {
      case '!':
      case 'not': {
        const of = this.expression(UNARY);
        return of && { binds: ATOM, feel: `not(${of.feel})` };
      }
      case '-': {
        const of = this.expression(UNARY);
        return of && { binds: UNARY, feel: `-${within(of, ATOM)}` };
      }
      case 'empty': {
        const name = this.#tokens[this.#at];
        this.#at += 1;
        const feel = name?.kind === 'word' ? this.#emptiness(name.text) : undefined;
        return feel === undefined ? undefined : { binds: COMPARES, feel };
      }
      case '(': {
        const of = this.expression(0);
        if (this.#tokens[this.#at]?.text !== ')') return undefined;
        this.#at += 1;
        return of;
      }
      default:
        return token.kind === 'word' && !Object.hasOwn(BINARY, token.text)
          ? { binds: ATOM, feel: token.text }
          : undefined;
    }
  }
}

function within({ binds, feel }: Term, least: number): string {
  return binds < least ? `(${feel})` : feel;
}
