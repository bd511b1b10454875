import { invariant, unreachable } from '../../errors/index.ts';
import type { ArithmeticOperator, CompareOperator, Expr } from '../../model/expression.ts';
import type { CellBlock, Layout } from '../../model/layout.ts';
import { isCollection, NULL_VALUE } from '../../model/types.ts';
import { Lists, type Loop, type Scalars } from './lists.ts';
import type { Ranges } from './packing.ts';
import { refuseToCompile } from './refusal.ts';
import {
  argumentsOf,
  bound,
  joined,
  NO_VALUES,
  digits,
  type Functions,
  type WordRange,
  type ScalarText,
  type TextScope,
  type Test,
} from './text.ts';

const MAX_WRITTEN = 500_000;

/**
 * Expressions as JavaScript over the row `S` (model/layout.ts), without closures and without lists.
 * Left to right with short circuit, as model/evaluate.ts (SEMANTICS 4): what has no value throws
 * `U`. Throws `NotCompiled` where an integer may leave the exact range, or a set is too wide.
 */
export class Expressions implements Scalars {
  readonly layout: Layout;
  readonly ranges: Ranges;
  readonly functions: Functions;
  readonly #lists: Lists;
  /** Expressions that were written so far, those that were written again included. */
  #written = 0;

  constructor(layout: Layout, ranges: Ranges, functions: Functions) {
    this.layout = layout;
    this.ranges = ranges;
    this.functions = functions;
    this.#lists = new Lists(this);
  }

  scalar(e: Expr, scope: TextScope): ScalarText {
    // What a list in a list in a list stands for is written more than once for each.
    this.#written += 1;
    if (this.#written > MAX_WRITTEN) refuseToCompile('its code would be too long');
    switch (e.kind) {
      case 'literal':
        return { text: digits(e.value), lo: e.value, hi: e.value, throws: false };
      case 'cell': {
        const at = this.offset(e, scope);
        const range = this.ranges.of(this.layout.cell(e.of, e.name).type);
        return { text: `S[${at.text}]`, ...range, throws: at.throws };
      }
      case 'local': {
        const local = scope.of.get(e.name);
        invariant(local?.kind === 'scalar', 'a local of a scalar expression is a scalar');
        return local;
      }
      case 'field': {
        const at = this.offset(e, scope);
        const type = this.#fieldOf(e).type;
        return { text: `S[${at.text}]`, ...this.ranges.of(type), throws: at.throws };
      }
      case 'negate': {
        const body = this.scalar(e.body, scope);
        return exact({
          text: `(0 - ${body.text})`,
          lo: 0 - body.hi,
          hi: 0 - body.lo,
          throws: body.throws,
        });
      }
      case 'arithmetic':
        return arithmetic(e.operator, this.scalar(e.left, scope), this.scalar(e.right, scope));
      case 'if': {
        const condition = this.test(e.condition, scope);
        const [yes, no] = [this.scalar(e.yes, scope), this.scalar(e.no, scope)];
        return {
          text: `(${condition.text} ? ${yes.text} : ${no.text})`,
          ...joined(yes, no),
          throws: condition.throws || yes.throws || no.throws,
        };
      }
      case 'count':
        return this.#count(e.list, scope);
      case 'sum':
        return this.#sum(this.#lists.loop(e.list, scope), scope);
      case 'min':
      case 'max':
        return this.#extremum(e.kind, e.list, scope);
      default: {
        const { text, throws } = this.test(e, scope);
        return { text: `(${text} ? 1 : 0)`, lo: 0, hi: 1, throws };
      }
    }
  }

  test(e: Expr, scope: TextScope): Test {
    this.#written += 1;
    if (this.#written > MAX_WRITTEN) refuseToCompile('its code would be too long');
    switch (e.kind) {
      case 'not': {
        const body = this.test(e.body, scope);
        return { text: `!${body.text}`, throws: body.throws };
      }
      case 'and':
      case 'or': {
        const [left, right] = [this.test(e.left, scope), this.test(e.right, scope)];
        const operator = e.kind === 'and' ? '&&' : '||';
        return {
          text: `(${left.text} ${operator} ${right.text})`,
          throws: left.throws || right.throws,
        };
      }
      case 'compare':
        return this.#compare(e, scope);
      case 'between': {
        const parts = [e.value, e.lo, e.hi].map((part) => this.scalar(part, scope));
        // A function evaluates all three, whatever comes of the first two.
        return {
          text: `W(${parts.map(({ text }) => text).join(', ')})`,
          throws: parts.some(({ throws }) => throws),
        };
      }
      case 'contains':
        return this.#contains(e, scope);
      case 'some':
      case 'every':
        return this.#quantified(e, scope);
      case 'if': {
        const [condition, yes, no] = [e.condition, e.yes, e.no].map((part) =>
          this.test(part, scope),
        ) as [Test, Test, Test];
        return {
          text: `(${condition.text} ? ${yes.text} : ${no.text})`,
          throws: condition.throws || yes.throws || no.throws,
        };
      }
      case 'literal':
        return { text: e.value === 1 ? 'true' : 'false', throws: false };
      case 'cell':
      case 'local':
      case 'field': {
        const { text, throws } = this.scalar(e, scope);
        return { text: `(${text} === 1)`, throws };
      }
      default:
        return invariant(false, `${e.kind} is neither true nor false`) as never;
    }
  }

  /** A set as bits of one number, bit 0 for the value `lo`. */
  mask(e: Expr, scope: TextScope): ScalarText {
    return this.#lists.mask(e, scope);
  }

  /** The offset of a cell, or of a field of a message: a number, where its keys are known. */
  offset(e: Expr, scope: TextScope): ScalarText {
    if (e.kind === 'cell') return this.cellOffset(this.layout.cell(e.of, e.name), e.keys, scope);
    invariant(e.kind === 'field' && e.message.kind === 'local', 'a message is always named');
    const message = scope.of.get(e.message.name);
    invariant(message?.kind === 'message', 'only messages have fields');
    const field = this.#fieldOf(e);
    return { text: `${message.text} + ${digits(field.offset)}`, ...NO_VALUES, throws: false };
  }

  /** As `offset`, of a variable that is written. */
  cellOffset(block: CellBlock, keys: readonly Expr[], scope: TextScope): ScalarText {
    let fixed = block.offset;
    let stride = block.cells * block.width;
    let throws = false;
    const terms: string[] = [];
    keys.forEach((key, i) => {
      stride /= block.keySets[i]?.elements.length ?? 1;
      const { text, lo, hi, throws: keyThrows } = this.scalar(key, scope);
      throws ||= keyThrows || lo <= NULL_VALUE;
      if (lo === hi && lo > NULL_VALUE && !keyThrows) fixed += lo * stride;
      else terms.push(`${lo <= NULL_VALUE ? `K(${text})` : text} * ${digits(stride)}`);
    });
    const text = [digits(fixed), ...terms].join(' + ');
    return terms.length === 0
      ? { text, lo: fixed, hi: fixed, throws }
      : { text, lo: block.offset, hi: block.offset + block.cells * block.width - 1, throws };
  }

  #fieldOf(e: Extract<Expr, { kind: 'field' }>) {
    const field = this.layout.channel(e.channel).fields.find(({ name }) => name === e.field);
    invariant(field, `no field ${e.field}`);
    return field;
  }

  #compare(e: Extract<Expr, { kind: 'compare' }>, scope: TextScope): Test {
    if (isCollection(e.left.type)) {
      if (!this.#lists.isSet(e.left) || !this.#lists.isSet(e.right))
        return this.#compareLists(e, scope);
      const [left, right] = [this.#lists.mask(e.left, scope), this.#lists.mask(e.right, scope)];
      const [a, b] = this.#lists.aligned(left, right);
      return {
        text: `(${a} ${OPERATORS[e.operator]} ${b})`,
        throws: left.throws || right.throws,
      };
    }
    const [left, right] = [this.scalar(e.left, scope), this.scalar(e.right, scope)];
    return {
      text: `(${left.text} ${OPERATORS[e.operator]} ${right.text})`,
      throws: left.throws || right.throws,
    };
  }

  /** Item by item: for each on the right, the one on the left at the same place. */
  #compareLists(e: Extract<Expr, { kind: 'compare' }>, scope: TextScope): Test {
    const [left, right] = [this.#lists.loop(e.left, scope), this.#lists.loop(e.right, scope)];
    const compared = right.each(scope, (item, at) => {
      const inner = { of: scope.of, depth: at.depth + 1 };
      const found = left.each(
        inner,
        (other) => `if (j === k && ${other.text} === ${item.text}) q = true;\nj += 1;`,
      );
      return `let j = 0;\nlet q = false;\n${found}\nif (!q) r = false;\nk += 1;`;
    });
    const counted = left.each(scope, () => 'n += 1;');
    return this.#called(
      `let r = true;\nlet n = 0;\nlet k = 0;\n${counted}\n${compared}
return (r && n === k) ${OPERATORS[e.operator]} true;`,
      scope,
      left.throws || right.throws,
    );
  }

  /** A list is evaluated before its consumer begins: what has no value in it shows first. */
  #evaluated(loop: Loop, scope: TextScope): string {
    return loop.throws ? `${loop.each(scope, () => '')}\n` : '';
  }

  #contains(e: Extract<Expr, { kind: 'contains' }>, scope: TextScope): Test {
    const value = this.scalar(e.value, scope);
    if (this.#lists.isSet(e.list)) {
      const mask = this.#lists.mask(e.list, scope);
      const lo = mask.lo > mask.hi ? 0 : mask.lo;
      return {
        text: `H(${mask.text}, ${value.text} - ${digits(lo)})`,
        throws: mask.throws || value.throws,
      };
    }
    const loop = this.#lists.loop(e.list, scope);
    const found = loop.each(scope, (item) => `if (${item.text} === v) r = true;`);
    return this.#called(
      `let r = false;\nconst v = ${value.text};\n${found}\nreturn r;`,
      scope,
      loop.throws || value.throws,
    );
  }

  #quantified(e: Extract<Expr, { kind: 'some' | 'every' }>, scope: TextScope): Test {
    const loop = this.#lists.loop(e.domain, scope);
    let throws = loop.throws;
    const body = loop.each(scope, (item, at) => {
      const inner = this.test(e.body, bound({ of: scope.of, depth: at.depth }, e.local, item));
      throws ||= inner.throws;
      return e.kind === 'some'
        ? `if (${inner.text}) return true;`
        : `if (!${inner.text}) return false;`;
    });
    return this.#called(
      `${this.#evaluated(loop, scope)}${body}\nreturn ${e.kind === 'some' ? 'false' : 'true'};`,
      scope,
      throws,
    );
  }

  #called(body: string, scope: TextScope, throws: boolean): Test {
    const args = argumentsOf(scope);
    return { text: `${this.functions.named(args, body)}(${args})`, throws };
  }

  #count(list: Expr, scope: TextScope): ScalarText {
    if (list.kind === 'messages') {
      const { offset, channel } = this.layout.channel(list.channel);
      return { text: `S[${digits(offset)}]`, lo: 0, hi: channel.capacity, throws: false };
    }
    if (this.#lists.isSet(list)) {
      if (list.kind === 'elements') return constant(this.layout.set(list.set).elements.length);
      const mask = this.#lists.mask(list, scope);
      const hi = mask.lo > mask.hi ? 0 : mask.hi - mask.lo + 1;
      return { text: `B(${mask.text})`, lo: 0, hi, throws: mask.throws };
    }
    const loop = this.#lists.loop(list, scope);
    const body = `let r = 0;\n${loop.each(scope, () => 'r += 1;')}\nreturn r;`;
    return { ...this.#called(body, scope, loop.throws), lo: 0, hi: loop.most };
  }

  #sum(loop: Loop, scope: TextScope): ScalarText {
    const body = `let r = 0;\n${loop.each(scope, ({ text }) => `r += ${text};`)}\nreturn r;`;
    const { lo, hi } = loop.range.lo > loop.range.hi ? { lo: 0, hi: 0 } : loop.range;
    return exact({
      ...this.#called(body, scope, loop.throws),
      lo: Math.min(0, lo) * loop.most,
      hi: Math.max(0, hi) * loop.most,
    });
  }

  #extremum(kind: 'min' | 'max', list: Expr, scope: TextScope): ScalarText {
    if (list.kind === 'list' && list.items.length > 0) {
      const items = list.items.map((item) => this.scalar(item, scope));
      const best = kind === 'min' ? Math.min : Math.max;
      return {
        text: `Math.${kind}(${items.map(({ text }) => text).join(', ')})`,
        lo: best(...items.map(({ lo }) => lo)),
        hi: best(...items.map(({ hi }) => hi)),
        throws: items.some(({ throws }) => throws),
      };
    }
    const loop = this.#lists.loop(list, scope);
    const better = kind === 'min' ? '<' : '>';
    const body = `let r = 0;
let n = 0;
${loop.each(scope, ({ text }) => `if (n === 0 || ${text} ${better} r) r = ${text};\nn = 1;`)}
if (n === 0) throw U;
return r;`;
    return { ...this.#called(body, scope, true), lo: loop.range.lo, hi: loop.range.hi };
  }
}

const OPERATORS: Readonly<Record<CompareOperator, string>> = {
  '=': '===',
  '!=': '!==',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function constant(value: number): ScalarText {
  return { text: digits(value), lo: value, hi: value, throws: false };
}

function arithmetic(operator: ArithmeticOperator, a: ScalarText, b: ScalarText): ScalarText {
  return exact({
    ...rangeOf(operator, a, b),
    // Adding 0 turns -0 into 0.
    text: `(${a.text} ${operator} ${b.text}${operator === '*' ? ' + 0' : ''})`,
    throws: a.throws || b.throws,
  });
}

function rangeOf(operator: ArithmeticOperator, a: WordRange, b: WordRange): WordRange {
  if (a.lo > a.hi || b.lo > b.hi) return NO_VALUES;
  switch (operator) {
    case '+':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi };
    case '-':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo };
    case '*': {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return { lo: Math.min(...corners), hi: Math.max(...corners) };
    }
    default:
      return unreachable(operator);
  }
}

/** Generated code does not count beyond what numbers hold exactly: that takes the other path. */
function exact(value: ScalarText): ScalarText {
  if (value.lo > value.hi) return value;
  if (value.lo < Number.MIN_SAFE_INTEGER || value.hi > Number.MAX_SAFE_INTEGER)
    refuseToCompile('an integer may leave the exact range');
  return value;
}
