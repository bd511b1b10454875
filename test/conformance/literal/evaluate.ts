import type { Expr } from '../../../src/model/expression.ts';
import type { Model } from '../../../src/model/model.ts';
import { isCollection, type Type } from '../../../src/model/types.ts';
import {
  cellName,
  elements,
  isSame,
  literal,
  sorted,
  Undefined,
  type Message,
  type State,
  type Value,
} from './values.ts';

/** The values of local names: bindings, messages, the names of quantifiers. */
export type Locals = Readonly<Record<string, Value>>;

/**
 * The value of an expression by SEMANTICS 4, written down as it is said: left to right, a part only
 * where it is needed. Nothing is prepared, nothing shared with what is under test but the checked
 * expression itself.
 */
export function evaluate(e: Expr, model: Model, state: State, locals: Locals = {}): Value {
  const value = (part: Expr, more: Locals = {}): Value =>
    evaluate(part, model, state, { ...locals, ...more });
  const number = (part: Expr): number => value(part) as number;
  const list = (part: Expr): readonly Value[] => value(part) as readonly Value[];
  switch (e.kind) {
    case 'literal':
      return literal(e, model);
    case 'cell': {
      const keys = e.keys.map((key) => value(key));
      if (keys.includes(null)) throw new Undefined();
      const cells = e.of === 'parameter' ? state.parameters : state.variables;
      return cells[cellName(e.name, keys)] as Value;
    }
    case 'local':
      return locals[e.name] as Value;
    case 'field':
      return (value(e.message) as Message)[e.field] as Value;
    case 'elements':
      return elements(model, e.set);
    case 'messages':
      return state.channels[e.channel] as readonly Message[];
    case 'list':
      return e.items.map((item) => value(item));
    case 'toSet':
      return sorted(list(e.list), itemType(e.type), model);
    case 'union':
      return sorted(e.lists.flatMap(list), itemType(e.type), model);
    case 'not':
      return value(e.body) !== true;
    case 'negate':
      return 0 - number(e.body);
    case 'and':
      return value(e.left) === true ? value(e.right) : false;
    case 'or':
      return value(e.left) === true ? true : value(e.right);
    case 'if':
      return value(e.condition) === true ? value(e.yes) : value(e.no);
    case 'compare':
      return compared(e.operator, value(e.left), value(e.right), e.left.type, model);
    case 'arithmetic': {
      const [left, right] = [number(e.left), number(e.right)];
      if (e.operator === '+') return left + right;
      // Adding 0 turns the other zero of JavaScript into the one that there is.
      return e.operator === '-' ? left - right : left * right + 0;
    }
    case 'between': {
      const [of, lo, hi] = [number(e.value), number(e.lo), number(e.hi)];
      return lo <= of && of <= hi;
    }
    case 'contains': {
      const [among, wanted] = [list(e.list), value(e.value)];
      return among.some((each) => isSame(each, wanted));
    }
    case 'some': {
      for (const each of list(e.domain))
        if (value(e.body, { [e.local]: each }) === true) return true;
      return false;
    }
    case 'every': {
      for (const each of list(e.domain)) {
        if (value(e.body, { [e.local]: each }) !== true) return false;
      }
      return true;
    }
    case 'for':
      return list(e.domain).map((each) => value(e.body, { [e.local]: each }));
    case 'filter':
      return list(e.domain).filter((each) => value(e.body, { [e.local]: each }) === true);
    case 'count':
      return list(e.list).length;
    case 'sum':
      return (list(e.list) as readonly number[]).reduce((total, each) => total + each, 0);
    case 'min':
    case 'max': {
      const numbers = list(e.list) as readonly number[];
      if (numbers.length === 0) throw new Undefined();
      return e.kind === 'min' ? Math.min(...numbers) : Math.max(...numbers);
    }
  }
}

function compared(operator: string, left: Value, right: Value, type: Type, model: Model): boolean {
  const inOrder = (v: Value): number =>
    type.kind === 'enum' ? type.members.indexOf(v as string) : Number(v);
  if (operator === '=' || operator === '!=') {
    const set = type.kind === 'set' ? type.of : undefined;
    const plain = (v: Value): Value => (set ? sorted(v as readonly Value[], set, model) : v);
    return isSame(plain(left), plain(right)) === (operator === '=');
  }
  const [a, b] = [inOrder(left), inOrder(right)];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function itemType(type: Type): Type {
  if (!isCollection(type)) throw new Error(`${type.kind} has no items`);
  return type.of;
}
