import { unreachable } from '../errors/index.ts';
import type { Scalar } from './document.ts';
import type { Syntax } from './feelSyntax.ts';

/** Precedence of what stands at a node: an operand of weaker precedence needs parentheses. */
const LEVEL = {
  open: 0,
  or: 1,
  and: 2,
  comparison: 3,
  sum: 4,
  product: 5,
  unary: 6,
  postfix: 7,
} as const;

/**
 * The one way to write an expression: single spaces, no needless parentheses. Reading it again
 * gives the same tree.
 */
export function feelOf(syntax: Syntax): string {
  return print(syntax, LEVEL.open);
}

function print(s: Syntax, level: number): string {
  const [text, own] = shape(s);
  return own < level ? `(${text})` : text;
}

function shape(s: Syntax): [text: string, level: number] {
  switch (s.kind) {
    case 'number':
    case 'boolean':
      return [String(s.value), LEVEL.postfix];
    case 'string':
      return [JSON.stringify(s.value), LEVEL.postfix];
    case 'null':
      return ['null', LEVEL.postfix];
    case 'name':
      return [s.name, LEVEL.postfix];
    case 'field':
      return [`${print(s.of, LEVEL.postfix)}.${s.name}`, LEVEL.postfix];
    case 'index':
      return [`${print(s.of, LEVEL.postfix)}[${feelOf(s.key)}]`, LEVEL.postfix];
    case 'call':
      return [`${s.name}(${s.args.map(feelOf).join(', ')})`, LEVEL.postfix];
    case 'list':
      return [`[${s.items.map(feelOf).join(', ')}]`, LEVEL.postfix];
    case 'negate':
      return [`-${print(s.body, LEVEL.unary)}`, LEVEL.unary];
    case 'binary':
      return binary(s);
    case 'interval':
      return [
        `${print(s.value, LEVEL.sum)} in [${feelOf(s.lo)}..${feelOf(s.hi)}]`,
        LEVEL.comparison,
      ];
    case 'in':
      return [
        `${print(s.value, LEVEL.sum)} in (${s.options.map(feelOf).join(', ')})`,
        LEVEL.comparison,
      ];
    case 'if':
      return [`if ${feelOf(s.condition)} then ${feelOf(s.yes)} else ${feelOf(s.no)}`, LEVEL.open];
    case 'quantified':
      return [`${s.quantifier} ${domains(s.domains)} satisfies ${feelOf(s.body)}`, LEVEL.open];
    case 'for':
      return [`for ${domains(s.domains)} return ${feelOf(s.body)}`, LEVEL.open];
    default:
      return unreachable(s);
  }
}

function domains(list: readonly { readonly name: string; readonly domain: Syntax }[]): string {
  return list.map((d) => `${d.name} in ${print(d.domain, LEVEL.sum)}`).join(', ');
}

function binary(s: Extract<Syntax, { kind: 'binary' }>): [string, number] {
  const level =
    s.operator === 'or'
      ? LEVEL.or
      : s.operator === 'and'
        ? LEVEL.and
        : s.operator === '*'
          ? LEVEL.product
          : s.operator === '+' || s.operator === '-'
            ? LEVEL.sum
            : LEVEL.comparison;
  // Comparisons do not chain; the others associate to the left. An open expression on the left
  // would swallow the operator.
  const left = print(s.left, level === LEVEL.comparison ? LEVEL.sum : level);
  return [`${left} ${s.operator} ${print(s.right, level + 1)}`, level];
}

/** A YAML scalar or flow list as the FEEL text that means the same. */
export function feelText(value: Scalar | readonly Scalar[]): string {
  if (Array.isArray(value)) return `[${value.map((item: Scalar) => feelText(item)).join(', ')}]`;
  return value === null ? 'null' : String(value);
}
