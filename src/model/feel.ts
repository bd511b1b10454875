import { cureFor } from './feelHabits.ts';
import type { BinaryOperator, Domain, Syntax } from './feelSyntax.ts';
import { FEEL_KEYWORDS, FeelError, OUTSIDE, type FeelToken, tokens } from './feelTokens.ts';

/**
 * A reader for the subset of FEEL (OMG DMN 1.5, chapter 10.3) that models are written in: text to
 * syntax tree, with positions. Names are not resolved here and types are not known. Why not a
 * library: docs/adr/001.
 */

export const MAX_EXPRESSION_DEPTH = 200;

/** A chain of terms is a tree as deep as it is long. */
const MAX_CHAIN = 1_000;

/** Reads one expression. Throws `FeelError`, with what was most likely meant. */
export function parseFeel(text: string): Syntax {
  try {
    return new Parser(tokens(text)).whole();
  } catch (error) {
    if (!(error instanceof FeelError) || error.code !== 'EXPRESSION_SYNTAX') throw error;
    throw new FeelError(
      error.code,
      `${error.message}${cureFor(text, error.at, FEEL_KEYWORDS)}`,
      error.at,
    );
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);

/**
 * Recursive descent, one method per level of precedence (DMN 1.5, 10.3.1.2): or < and < comparison
 * < sum < product < postfix.
 */
class Parser {
  readonly #tokens: readonly FeelToken[];
  #index = 0;
  #depth = 0;

  constructor(list: readonly FeelToken[]) {
    this.#tokens = list;
  }

  whole(): Syntax {
    const expression = this.#expression();
    if (this.#peek().kind !== 'end')
      this.#fail(`unexpected ${this.#shown()} after the end of the expression`);
    return expression;
  }

  #expression(): Syntax {
    this.#depth += 1;
    if (this.#depth > MAX_EXPRESSION_DEPTH) {
      throw new FeelError(
        'EXPRESSION_TOO_DEEP',
        `nested deeper than ${MAX_EXPRESSION_DEPTH} levels`,
        this.#peek().at,
      );
    }
    const result = this.#leftAssociative(['or'], () =>
      this.#leftAssociative(['and'], () => this.#comparison()),
    );
    this.#depth -= 1;
    return result;
  }

  #leftAssociative(operators: readonly BinaryOperator[], operand: () => Syntax): Syntax {
    let left = operand();
    for (let operands = 2; ; operands += 1) {
      const operator = operators.find((o) => this.#is(o));
      if (operator === undefined) return left;
      if (operands > MAX_CHAIN)
        throw new FeelError(
          'EXPRESSION_TOO_DEEP',
          `more than ${MAX_CHAIN} terms joined by \`${operator}\`; group them with parentheses`,
          this.#peek().at,
        );
      this.#next();
      const right = operand();
      left = { kind: 'binary', operator, left, right, at: left.at, end: right.end };
    }
  }

  #comparison(): Syntax {
    const left = this.#sum();
    const token = this.#peek();
    let result = left;
    if (COMPARISONS.has(token.text) && token.kind === 'symbol') {
      this.#next();
      const right = this.#sum();
      result = {
        kind: 'binary',
        operator: token.text as BinaryOperator,
        left,
        right,
        at: left.at,
        end: right.end,
      };
    } else if (this.#is('in')) {
      this.#next();
      result = this.#membership(left);
    } else if (token.kind === 'word' && OUTSIDE.has(token.text)) this.#outside(`\`${token.text}\``);
    else return left;
    if (COMPARISONS.has(this.#peek().text) || this.#is('in')) {
      this.#outside('a chain of comparisons', 'join two comparisons with `and`');
    }
    return result;
  }

  /** `x in [a..b]`, `x in (a, b)`, `x in list`. */
  #membership(value: Syntax): Syntax {
    if (this.#is(']') || (this.#is('(') && this.#opensInterval()))
      this.#outside('a half-open range', 'write it with `<` and `<=`');
    if (this.#is('(')) {
      this.#next();
      const options = [this.#option()];
      while (this.#take(',')) options.push(this.#option());
      return { kind: 'in', value, options, at: value.at, end: this.#expect(')').end };
    }
    if (this.#is('[')) {
      const open = this.#next();
      if (this.#is(']'))
        return {
          kind: 'in',
          value,
          options: [{ kind: 'list', items: [], at: open.at, end: this.#next().end }],
          at: value.at,
          end: open.end + 1,
        };
      const lo = this.#expression();
      if (this.#take('..')) {
        const hi = this.#expression();
        if (this.#is('[') || this.#is(')'))
          this.#outside('a half-open range', 'write it with `<` and `<=`');
        return { kind: 'interval', value, lo, hi, at: value.at, end: this.#expect(']').end };
      }
      const items = [lo];
      while (this.#take(',')) items.push(this.#expression());
      const end = this.#expect(']').end;
      return {
        kind: 'in',
        value,
        options: [{ kind: 'list', items, at: open.at, end }],
        at: value.at,
        end,
      };
    }
    const list = this.#sum();
    return { kind: 'in', value, options: [list], at: value.at, end: list.end };
  }

  /** Looks ahead for `..` at the depth of the parenthesis that stands here: `(1..3]`. */
  #opensInterval(): boolean {
    let depth = 0;
    for (let i = this.#index; i < this.#tokens.length; i += 1) {
      const text = this.#tokens[i]?.text ?? '';
      if (text === '(' || text === '[') depth += 1;
      else if (text === ')' || text === ']') depth -= 1;
      else if (text === '..' && depth === 1) return true;
      if (depth === 0) return false;
    }
    return false;
  }

  #option(): Syntax {
    if (COMPARISONS.has(this.#peek().text))
      this.#outside('a comparison inside `in (…)`', 'write it as a comparison of its own');
    return this.#expression();
  }

  #sum(): Syntax {
    return this.#leftAssociative(['+', '-'], () =>
      this.#leftAssociative(['*'], () => this.#unary()),
    );
  }

  #unary(): Syntax {
    const token = this.#peek();
    if (!this.#take('-')) return this.#postfix();
    this.#depth += 1;
    if (this.#depth > MAX_EXPRESSION_DEPTH)
      throw new FeelError(
        'EXPRESSION_TOO_DEEP',
        `nested deeper than ${MAX_EXPRESSION_DEPTH} levels`,
        token.at,
      );
    const body = this.#unary();
    this.#depth -= 1;
    return { kind: 'negate', body, at: token.at, end: body.end };
  }

  #postfix(): Syntax {
    let result = this.#primary();
    for (;;) {
      if (this.#take('[')) {
        const key = this.#expression();
        result = { kind: 'index', of: result, key, at: result.at, end: this.#expect(']').end };
      } else if (this.#take('.')) {
        const field = this.#next();
        if (field.kind !== 'word') this.#fail('a field name must follow the dot', field);
        result = { kind: 'field', of: result, name: field.text, at: result.at, end: field.end };
      } else break;
    }
    const operator = this.#peek();
    if (operator.text === '/' || operator.text === '**')
      this.#outside(`the operator \`${operator.text}\``);
    return result;
  }

  #primary(): Syntax {
    const token = this.#next();
    switch (token.kind) {
      case 'number': {
        const value = Number(token.text);
        if (!Number.isSafeInteger(value) || token.text.includes('.')) {
          throw new FeelError(
            'EXPRESSION_UNSUPPORTED',
            `${token.text} is not an integer below 2^53; models count in whole units`,
            token.at,
          );
        }
        return { kind: 'number', value, at: token.at, end: token.end };
      }
      case 'string':
        return { kind: 'string', value: this.#unquoted(token), at: token.at, end: token.end };
      case 'word':
        return this.#word(token);
      case 'symbol':
        if (token.text === '(') return this.#parenthesized(token);
        if (token.text === '[') return this.#list(token);
        if (token.text === '{' || token.text === '@')
          this.#outside(
            token.text === '{' ? 'a context `{…}`' : 'a date or time literal',
            undefined,
            token,
          );
        return this.#fail(`unexpected \`${token.text}\``, token);
      default:
        return this.#fail('the expression ends too early', token);
    }
  }

  #unquoted(token: FeelToken): string {
    try {
      return JSON.parse(token.text) as string;
    } catch {
      return this.#fail('a string with an unknown escape', token);
    }
  }

  #parenthesized(open: FeelToken): Syntax {
    const inner = this.#expression();
    if (this.#is('..')) this.#outside('a range outside `in`');
    return { ...inner, at: open.at, end: this.#expect(')').end };
  }

  #list(open: FeelToken): Syntax {
    const items: Syntax[] = [];
    if (!this.#is(']')) {
      do items.push(this.#expression());
      while (this.#take(','));
    }
    if (this.#is('..')) this.#outside('a range outside `in`');
    return { kind: 'list', items, at: open.at, end: this.#expect(']').end };
  }

  #word(token: FeelToken): Syntax {
    switch (token.text) {
      case 'true':
      case 'false':
        return { kind: 'boolean', value: token.text === 'true', at: token.at, end: token.end };
      case 'null':
        return { kind: 'null', at: token.at, end: token.end };
      case 'if': {
        const condition = this.#expression();
        this.#expect('then');
        const yes = this.#expression();
        this.#expect('else');
        const no = this.#expression();
        return { kind: 'if', condition, yes, no, at: token.at, end: no.end };
      }
      case 'some':
      case 'every': {
        const domains = this.#domains();
        this.#expect('satisfies');
        const body = this.#expression();
        return {
          kind: 'quantified',
          quantifier: token.text,
          domains,
          body,
          at: token.at,
          end: body.end,
        };
      }
      case 'for': {
        const domains = this.#domains();
        this.#expect('return');
        const body = this.#expression();
        return { kind: 'for', domains, body, at: token.at, end: body.end };
      }
      case 'not':
        if (!this.#is('(')) this.#fail('`not` needs parentheses: not(…)', token);
        return this.#call('not', token);
      default:
        if (OUTSIDE.has(token.text)) this.#outside(`\`${token.text}\``, undefined, token);
        if (FEEL_KEYWORDS.has(token.text)) return this.#fail(`unexpected \`${token.text}\``, token);
        return this.#nameOrCall(token);
    }
  }

  /** `count(…)`; `list contains(…)`, the one function of two words. */
  #nameOrCall(token: FeelToken): Syntax {
    if (token.text === 'list' && this.#is('contains')) {
      this.#next();
      return this.#call('list contains', token);
    }
    if (this.#is('(')) return this.#call(token.text, token);
    return { kind: 'name', name: token.text, at: token.at, end: token.end };
  }

  #call(name: string, start: FeelToken): Syntax {
    this.#expect('(');
    const args: Syntax[] = [];
    if (!this.#is(')')) {
      do args.push(this.#expression());
      while (this.#take(','));
    }
    return { kind: 'call', name, args, at: start.at, end: this.#expect(')').end };
  }

  #domains(): Domain[] {
    const domains: Domain[] = [];
    do {
      const name = this.#next();
      if (name.kind !== 'word' || FEEL_KEYWORDS.has(name.text))
        this.#fail('a name must stand here', name);
      this.#expect('in');
      const domain = this.#sum();
      if (this.#is('..')) this.#outside('a range as a domain', 'quantify over a set');
      domains.push({ name: name.text, domain, at: name.at, end: domain.end });
    } while (this.#take(','));
    return domains;
  }

  #peek(): FeelToken {
    return this.#tokens[this.#index] as FeelToken;
  }

  #next(): FeelToken {
    const token = this.#peek();
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.text === text && token.kind !== 'string';
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#index += 1;
    return true;
  }

  #expect(text: string): FeelToken {
    if (!this.#is(text)) this.#fail(`\`${text}\` must stand here, not ${this.#shown()}`);
    return this.#next();
  }

  #shown(): string {
    const token = this.#peek();
    return token.kind === 'end' ? 'the end' : `\`${token.text}\``;
  }

  #fail(message: string, token: FeelToken = this.#peek()): never {
    throw new FeelError('EXPRESSION_SYNTAX', message, token.at);
  }

  #outside(what: string, remedy?: string, token: FeelToken = this.#peek()): never {
    throw new FeelError(
      'EXPRESSION_UNSUPPORTED',
      `${what} is outside the supported FEEL subset${remedy ? `: ${remedy}` : ''}`,
      token.at,
    );
  }
}
