import { invariant } from '../../errors/index.ts';
import type { Expr } from '../../model/expression.ts';
import type { Layout } from '../../model/layout.ts';
import type { Type } from '../../model/types.ts';
import type { Ranges } from './packing.ts';
import { refuseToCompile } from './refusal.ts';
import {
  argumentsOf,
  bound,
  joined,
  NO_VALUES,
  digits,
  type Functions,
  type Local,
  type Mask,
  type WordRange,
  type ScalarText,
  type TextScope,
  type Test,
} from './text.ts';

/** What lists need of the scalars in them. */
export interface Scalars {
  readonly layout: Layout;
  readonly ranges: Ranges;
  readonly functions: Functions;
  scalar(e: Expr, scope: TextScope): ScalarText;
  test(e: Expr, scope: TextScope): Test;
  /** The offset of a cell, or of a field of a message. */
  offset(e: Expr, scope: TextScope): ScalarText;
}

/** A list as a loop: nothing is made for it. */
export interface Loop {
  /** Of scalar items; a message has none. */
  readonly range: WordRange;
  /** No more items than this. */
  readonly most: number;
  readonly throws: boolean;
  readonly ofMessages: boolean;
  /** Statements that run `body` for each item, in order. */
  each(scope: TextScope, body: (item: Local, scope: TextScope) => string): string;
}

/** The widest set that one number holds as bits, none of them the sign. */
const MAX_SPAN = 31;

/** What is done with each item of a list that is written out stands there for each. */
const MAX_COPIED = 100_000;

/** Lists and sets of the canonical model as loops and as bits of one number. */
export class Lists {
  readonly #scalars: Scalars;

  constructor(scalars: Scalars) {
    this.#scalars = scalars;
  }

  /** Whether an expression is a set: sorted, each value once. */
  isSet(e: Expr): boolean {
    switch (e.kind) {
      case 'toSet':
      case 'union':
      case 'elements':
        return true;
      case 'cell':
      case 'field':
        return true;
      case 'if':
        return this.isSet(e.yes) && this.isSet(e.no);
      case 'filter':
        return this.isSet(e.domain);
      default:
        return false;
    }
  }

  loop(e: Expr, scope: TextScope): Loop {
    switch (e.kind) {
      case 'elements': {
        const size = this.#scalars.layout.set(e.set).elements.length;
        return this.#counted(digits(size), size, (index) => ({
          kind: 'scalar',
          text: index,
          lo: 0,
          hi: size - 1,
          throws: false,
        }));
      }
      case 'messages':
        return this.#messages(e.channel);
      case 'list':
        return this.#literal(e, scope);
      case 'toSet':
      case 'union':
      case 'cell':
      case 'field':
        return this.#bits(this.mask(e, scope));
      case 'if':
        return this.#either(e, scope);
      case 'for':
        return this.#mapped(e, scope);
      case 'filter':
        return this.#filtered(e, scope);
      default:
        return invariant(false, `${e.kind} is no list`) as never;
    }
  }

  /** A loop `for` a count, and what stands at an index. */
  #counted(count: string, most: number, itemAt: (index: string) => Local): Loop {
    const sample = itemAt('');
    return {
      range: sample.kind === 'scalar' ? sample : NO_VALUES,
      most,
      throws: false,
      ofMessages: sample.kind === 'message',
      each: (scope, body) => {
        const index = `i${scope.depth}`;
        const item = itemAt(index);
        return `for (let ${index} = 0; ${index} < ${count}; ${index} += 1) {
${body(item, scope)}
}`;
      },
    };
  }

  #messages(channel: string): Loop {
    const { offset, messageWidth, channel: of } = this.#scalars.layout.channel(channel);
    const first = offset + 1;
    const each: Loop['each'] = (scope, body) => {
      const [index, message] = [`i${scope.depth}`, `m${scope.depth}`];
      return `for (let ${index} = 0; ${index} < S[${digits(offset)}]; ${index} += 1) {
const ${message} = ${digits(first)} + ${index} * ${digits(messageWidth)};
${body({ kind: 'message', text: message }, scope)}
}`;
    };
    return { range: NO_VALUES, most: of.capacity, throws: false, ofMessages: true, each };
  }

  #literal(e: Extract<Expr, { kind: 'list' }>, scope: TextScope): Loop {
    const items = e.items.map((item) => this.#scalars.scalar(item, scope));
    const range = items.reduce<WordRange>(joined, NO_VALUES);
    return {
      range,
      most: items.length,
      throws: items.some(({ throws }) => throws),
      ofMessages: false,
      each: (inner, body) => {
        const name = `x${inner.depth}`;
        const text = body({ kind: 'scalar', text: name, ...range, throws: false }, inner);
        if (text.length * items.length > MAX_COPIED) refuseToCompile('its code would be too long');
        return items.map((item) => `{\nconst ${name} = ${item.text};\n${text}\n}`).join('\n');
      },
    };
  }

  /** The values of a set, from the least on. */
  #bits(mask: Mask): Loop {
    const most = Math.max(0, mask.hi - mask.lo + 1);
    return {
      range: mask,
      most,
      throws: mask.throws,
      ofMessages: false,
      each: (scope, body) => {
        const [bits, name] = [`b${scope.depth}`, `x${scope.depth}`];
        const item: Local = { kind: 'scalar', text: name, lo: mask.lo, hi: mask.hi, throws: false };
        return `for (let ${bits} = ${mask.text}; ${bits} !== 0; ${bits} &= ${bits} - 1) {
const ${name} = ${digits(31 + (most === 0 ? 0 : mask.lo))} - Math.clz32(${bits} & -${bits});
${body(item, scope)}
}`;
      },
    };
  }

  #either(e: Extract<Expr, { kind: 'if' }>, scope: TextScope): Loop {
    const condition = this.#scalars.test(e.condition, scope);
    const [yes, no] = [this.loop(e.yes, scope), this.loop(e.no, scope)];
    return {
      range: joined(yes.range, no.range),
      most: Math.max(yes.most, no.most),
      throws: condition.throws || yes.throws || no.throws,
      ofMessages: yes.ofMessages || no.ofMessages,
      each: (inner, body) =>
        `if (${condition.text}) {\n${yes.each(inner, body)}\n} else {\n${no.each(inner, body)}\n}`,
    };
  }

  #mapped(e: Extract<Expr, { kind: 'for' }>, scope: TextScope): Loop {
    const domain = this.loop(e.domain, scope);
    // Judged once for what it may be; written where the loop stands.
    const sample = this.#scalars.scalar(e.body, bound(scope, e.local, this.#sampleOf(domain)));
    return {
      range: sample,
      most: domain.most,
      throws: domain.throws || sample.throws,
      ofMessages: false,
      each: (inner, body) =>
        domain.each(inner, (item, at) => {
          const here = bound({ of: scope.of, depth: at.depth }, e.local, item);
          const value = this.#scalars.scalar(e.body, here);
          const name = `y${here.depth}`;
          const deeper = { of: inner.of, depth: here.depth };
          const mapped: Local = { kind: 'scalar', ...value, text: name, throws: false };
          return `const ${name} = ${value.text};\n${body(mapped, deeper)}`;
        }),
    };
  }

  #filtered(e: Extract<Expr, { kind: 'filter' }>, scope: TextScope): Loop {
    const domain = this.loop(e.domain, scope);
    const sample = this.#scalars.test(e.body, bound(scope, e.local, this.#sampleOf(domain)));
    return {
      ...domain,
      throws: domain.throws || sample.throws,
      each: (inner, body) =>
        domain.each(inner, (item, at) => {
          const here = bound({ of: scope.of, depth: at.depth }, e.local, item);
          const { text } = this.#scalars.test(e.body, here);
          return `if (${text}) {\n${body(item, { of: inner.of, depth: here.depth })}\n}`;
        }),
    };
  }

  #sampleOf(loop: Loop): Local {
    return loop.ofMessages
      ? { kind: 'message', text: 'm' }
      : { kind: 'scalar', text: 'x', lo: loop.range.lo, hi: loop.range.hi, throws: false };
  }

  /** A set of no more than 31 values, as bits. Throws `NotCompiled` for a wider one. */
  mask(e: Expr, scope: TextScope): Mask {
    switch (e.kind) {
      case 'cell':
      case 'field':
        return this.#stored(e, scope);
      case 'elements': {
        const size = this.#scalars.layout.set(e.set).elements.length;
        if (size > MAX_SPAN) refuseToCompile(`a set of ${size} elements is a value`);
        return { text: digits(2 ** size - 1), lo: 0, hi: size - 1, throws: false };
      }
      case 'union':
        return this.#joinedMask(
          e.lists.map((list) => this.mask(list, scope)),
          (texts) => `(${texts.join(' | ')})`,
        );
      case 'if': {
        const condition = this.#scalars.test(e.condition, scope);
        const mask = this.#joinedMask(
          [this.mask(e.yes, scope), this.mask(e.no, scope)],
          ([yes, no]) => `(${condition.text} ? ${yes} : ${no})`,
        );
        return { ...mask, throws: mask.throws || condition.throws };
      }
      case 'toSet':
        return this.mask(e.list, scope);
      default:
        return this.#gathered(this.loop(e, scope), scope);
    }
  }

  /** Both sets with one meaning of their bits. */
  aligned(a: Mask, b: Mask): readonly [string, string] {
    const lo = Math.min(lowest(a), lowest(b));
    spanOf(joined(a, b));
    return [shifted(a, lo), shifted(b, lo)];
  }

  #joinedMask(masks: readonly Mask[], write: (texts: readonly string[]) => string): Mask {
    const range = masks.reduce<WordRange>(joined, NO_VALUES);
    spanOf(range);
    const texts = masks.map((mask) => shifted(mask, lowest(range)));
    return { ...range, text: write(texts), throws: masks.some(({ throws }) => throws) };
  }

  #stored(e: Extract<Expr, { kind: 'cell' | 'field' }>, scope: TextScope): Mask {
    const type: Type = e.type;
    invariant(type.kind === 'set', 'a stored list is a set');
    const { layout, ranges } = this.#scalars;
    const stored =
      e.kind === 'cell'
        ? layout.cell(e.of, e.name).type
        : layout.channel(e.channel).fields.find((field) => field.name === e.field)?.type;
    invariant(stored?.kind === 'set', 'a stored list is a set');
    const { lo, hi } = ranges.of(stored.of);
    const at = this.#scalars.offset(e, scope);
    return { text: `S[${at.text}]`, lo, hi, throws: at.throws };
  }

  #gathered(loop: Loop, scope: TextScope): Mask {
    if (loop.ofMessages) refuseToCompile('a list of messages is a value');
    spanOf(loop.range);
    if (loop.most === 0) return { text: '0', ...NO_VALUES, throws: false };
    const { lo, hi } = loop.range;
    const first = digits(lowest(loop.range));
    const body = `let r = 0;
${loop.each(scope, (item) => `r |= 1 << ${item.text} - ${first};`)}
return r;`;
    const args = argumentsOf(scope);
    return {
      text: `${this.#scalars.functions.named(args, body)}(${args})`,
      lo,
      hi,
      throws: loop.throws,
    };
  }
}

const lowest = ({ lo, hi }: WordRange): number => (lo > hi ? 0 : lo);

/** How many values a range has; refused where they are too many for one number. */
function spanOf({ lo, hi }: WordRange): number {
  const span = lo > hi ? 0 : hi - lo + 1;
  if (span > MAX_SPAN) refuseToCompile(`a set may hold ${span} values`);
  return span;
}

/** The bits as if they began at `lo`, which is no larger than where they do. */
function shifted(mask: Mask, lo: number): string {
  if (mask.lo > mask.hi) return mask.text;
  const by = mask.lo - lo;
  return by === 0 ? mask.text : `(${mask.text} << ${digits(by)})`;
}
