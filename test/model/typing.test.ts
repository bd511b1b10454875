import { describe, expect, it } from 'vitest';
import { codesOf, problemsOf } from './tiny.ts';

const WORLD = `
sets: { Order: [o1, o2], Item: 2 }
parameters: { price: int 1..3 }
variables:
  status: { type: "map Order to enum [cart, paid]", init: cart }
  mood:   { type: "enum [good, bad]", init: good }
  rest:   { type: "enum [bad, worse]", init: worse }
  count1: { type: int 0..3, init: 0 }
  total:  { type: int, init: 0 }
  flag:   { type: bool, init: false }
  pick:   { type: Order or null, init: null }
  seen:   { type: set of Order, init: [] }
  grid:   { type: map Order to map Item to int 0..1, init: 0 }
channels:
  wire: { from: me, to: me, carries: { order: Order, amount: int 1..3 } }
`;
const property = (expression: string): string =>
  `${WORLD}properties: { p: { always: '${expression.replaceAll("'", "''")}' } }`;

const RIGHT = [
  'status[o1] = cart',
  'status["o1"] = "cart"',
  'status[o1] = "paid"',
  '"paid" = status[o1]',
  'mood = "bad"',
  'rest = "bad"',
  'mood = bad',
  'bad = rest',
  'mood in (good, bad)',
  'bad != mood and rest = bad',
  'status[o1] in (cart, paid)',
  'status[o1] in ["cart"]',
  'count1 in [0..price]',
  'count1 + price * 2 > -total',
  'pick = null',
  'pick = o1',
  'status[pick] = cart',
  'o1 in seen',
  'list contains(seen, o2)',
  'seen = [o1]',
  'seen = []',
  'pick in (o1, null)',
  'grid[o1][i2] = 0',
  'every o in Order satisfies some i in Item satisfies grid[o][i] = 0',
  'count(seen) <= 2',
  'sum(for o in Order return if o in seen then 1 else 0) = 0',
  'max(1, 2) = 2',
  'min([count1, total]) <= 0',
  'count(Order) = 2',
  'count(wire) = 0',
  'every m in wire satisfies m.amount = price',
  'count(wire[item.order = o1]) = 0',
  'union(seen, [o1]) = [o1]',
  'if flag then count1 = 0 else true',
  'not(flag) and flag or true',
  'count(Order[item in seen]) = 0',
  'sum([]) = 0',
  'total = 100000',
];

/** What each wrong expression is told, and where. */
const WRONG: readonly (readonly [expression: string, code: string, at: number, says: RegExp])[] = [
  ['count1', 'TYPE_MISMATCH', 0, /an int.*a bool/],
  ['flag = 1', 'TYPE_MISMATCH', 0, /cannot be compared/],
  ['status[o1] = good', 'TYPE_MISMATCH', 0, /cannot be compared/],
  ['status[o1] = "gone"', 'NAME_UNKNOWN', 13, /not one of cart, paid/],
  ['"nothing" = "nobody"', 'NAME_UNKNOWN', 12, /no enum member/],
  ['bad = bad', 'NAME_AMBIGUOUS', 6, /enum \[good, bad\] and of enum \[bad, worse\]/],
  [
    'stauts[o1] = cart',
    'NAME_UNKNOWN',
    0,
    /nothing is called `stauts` here; did you mean `status`\?/,
  ],
  ['pirce = 1', 'NAME_UNKNOWN', 0, /nothing is called/],
  ['pric = 1', 'NAME_UNKNOWN', 0, /did you mean `price`/],
  ['status = cart', 'TYPE_MISMATCH', 0, /cannot be compared/],
  ['status[1] = cart', 'TYPE_MISMATCH', 7, /Order/],
  ['status[i1] = cart', 'TYPE_MISMATCH', 7, /Order/],
  ['flag[o1]', 'TYPE_MISMATCH', 0, /only maps, sets and lists/],
  ['flag = True', 'NAME_UNKNOWN', 7, /did you mean `true`/],
  ['cuont(seen) = 1', 'EXPRESSION_UNSUPPORTED', 0, /did you mean `count`/],
  ['status[o1] = "crat"', 'NAME_UNKNOWN', 13, /did you mean `cart`/],
  ['flag.amount = 1', 'TYPE_MISMATCH', 0, /only a message has fields/],
  [
    'some m in wire satisfies m.amuont = 1',
    'NAME_UNKNOWN',
    25,
    /carries order, amount, not `amuont`; did you mean `amount`/,
  ],
  ['flag and count1', 'TYPE_MISMATCH', 9, /a bool is needed/],
  ['not(count1)', 'TYPE_MISMATCH', 4, /a bool is needed/],
  ['flag + 1 = 1', 'TYPE_MISMATCH', 0, /an int is needed/],
  ['flag < true', 'TYPE_MISMATCH', 0, /an int is needed/],
  ['mood in [0..3]', 'TYPE_MISMATCH', 0, /an int is needed/],
  ['if count1 then true else false', 'TYPE_MISMATCH', 3, /a bool is needed/],
  ['(if flag then 1 else good) = 1', 'TYPE_MISMATCH', 0, /two branches differ/],
  ['every o in count1 satisfies true', 'TYPE_MISMATCH', 11, /range over a set or a list/],
  ['every flag in Order satisfies true', 'NAME_TAKEN', 6, /taken by something global/],
  ['every cart in Order satisfies true', 'NAME_TAKEN', 6, /taken/],
  ['every o in Order satisfies some o in Order satisfies true', 'NAME_TAKEN', 32, /already bound/],
  ['count([1, flag]) = 2', 'TYPE_MISMATCH', 10, /items of a list have one type/],
  ['count([Order]) = 1', 'TYPE_MISMATCH', 7, /single values/],
  ['count1 in seen', 'TYPE_MISMATCH', 0, /never in/],
  ['count(count1) = 1', 'TYPE_MISMATCH', 6, /list or set is needed/],
  ['count(seen, seen) = 1', 'TYPE_MISMATCH', 0, /takes one argument/],
  ['list contains(seen) = true', 'TYPE_MISMATCH', 0, /takes a list and a value/],
  ['sum(seen) = 1', 'TYPE_MISMATCH', 0, /needs integers/],
  ['sum() = 1', 'TYPE_MISMATCH', 0, /takes a list/],
  ['union() = seen', 'TYPE_MISMATCH', 0, /takes some lists/],
  ['union(seen, [1]) = seen', 'TYPE_MISMATCH', 12, /one type/],
  ['union(wire) = seen', 'TYPE_MISMATCH', 6, /not messages/],
  ['seen[1] = o1', 'EXPRESSION_UNSUPPORTED', 5, /position in a list/],
  ['count(for a in Order, b in Order return 1) = 4', 'EXPRESSION_UNSUPPORTED', 6, /several lists/],
  ['floor(count1) = 1', 'EXPRESSION_UNSUPPORTED', 0, /outside the supported FEEL subset/],
  ['__proto__(count1) = 1', 'EXPRESSION_UNSUPPORTED', 0, /outside/],
  ['constructor = 1', 'NAME_UNKNOWN', 0, /nothing is called/],
];

describe('expressions that are right', () => {
  for (const text of RIGHT) it(text, () => expect(problemsOf(property(text))).toEqual([]));
});

describe('expressions that are wrong', () => {
  for (const [text, code, at, says] of WRONG) {
    it(text, () => {
      const [problem, ...others] = problemsOf(property(text));
      expect(others).toEqual([]);
      expect(problem).toMatchObject({
        code,
        path: 'properties.p.always',
        message: expect.stringMatching(says) as string,
      });
      // The column is that of the offending part: the text starts behind `properties: { p: {
      // always: '`.
      expect((problem?.column ?? 0) - "properties: { p: { always: '".length - 1).toBe(at);
    });
  }
});

/** One wrong document each, and all the codes that it is told. */
const DOCUMENTS: Readonly<Record<string, readonly [text: string, ...codes: string[]]>> = {
  'an unknown type': ['variables: { x: { type: Ordr, init: 0 } }', 'TYPE_UNKNOWN'],
  'no type at all': ['variables: { x: { type: "list of int", init: 0 } }', 'TYPE_SYNTAX'],
  'an empty range': ['variables: { x: { type: int 3..1, init: 3 } }', 'TYPE_SYNTAX'],
  'a set of sets': [
    'variables: { x: { type: set of set of bool, init: [] } }',
    'TYPE_SYNTAX',
    'TYPE_MISMATCH',
  ],
  'a set without end': [
    'variables: { x: { type: set of int, init: [] } }',
    'TYPE_TOO_LARGE',
    'TYPE_MISMATCH',
  ],
  'an index set too large': ['sets: { S: 5000 }', 'TYPE_TOO_LARGE'],
  'bounds beyond 2^53': [
    'variables: { x: { type: int 0..99999999999999999999, init: 0 } }',
    'TYPE_TOO_LARGE',
  ],
  'a member twice': [
    'variables: { x: { type: "enum [a, a]", init: a } }',
    'NAME_TAKEN',
    'NAME_UNKNOWN',
  ],
  'a variable named as a set': [
    'sets: { S: [a] }\nvariables: { S: { type: bool, init: false } }',
    'NAME_TAKEN',
  ],
  'a variable named as an element': [
    'sets: { S: [a] }\nvariables: { a: { type: bool, init: false } }',
    'NAME_TAKEN',
  ],
  'a keyword as a name': ['variables: { if: { type: bool, init: false } }', 'NAME_INVALID'],
  'a name that is none': ['variables: { "a b": { type: bool, init: false } }', 'NAME_INVALID'],
  'an unknown actor': ['actions: { a: { actor: you } }', 'ACTOR_UNKNOWN'],
  'unknown actors of a channel': [
    'channels: { c: { from: you, to: them, carries: {} } }',
    'ACTOR_UNKNOWN',
    'ACTOR_UNKNOWN',
  ],
  'an unknown channel': [
    'actions: { a: { actor: me, receive: { c: m }, send: { d: {} } } }',
    'CHANNEL_UNKNOWN',
    'CHANNEL_UNKNOWN',
  ],
  'a capacity of nothing': [
    'channels: { c: { from: me, to: me, carries: {}, capacity: 99999999 } }',
    'OPTION_INVALID',
  ],
  'a field too few, and one too many': [
    'channels: { c: { from: me, to: me, carries: { x: bool } } }\nactions: { a: { actor: me, send: { c: { y: true } } } }',
    'NAME_UNKNOWN',
    'MISSING_KEY',
  ],
  'assigning what is no variable': [
    'parameters: { p: bool }\nactions: { a: { actor: me, then: { p: true, q: true } } }',
    'NAME_UNKNOWN',
    'NAME_UNKNOWN',
  ],
  'assigning a whole map': [
    'sets: { S: 2 }\nvariables: { x: { type: map S to bool, init: false } }\nactions: { a: { actor: me, then: { x: true } } }',
    'TYPE_MISMATCH',
  ],
  'an initial value that reads a variable': [
    'variables: { x: { type: bool, init: y }, y: { type: bool, init: false } }',
    'NOT_ALLOWED_HERE',
  ],
  'an initial value out of range': [
    'variables: { x: { type: int 0..3, init: 4 } }',
    'INIT_OUT_OF_RANGE',
  ],
  'one choice of several out of range': [
    'variables: { x: { type: int 0..3, init: "in [2..4]" } }',
    'INIT_OUT_OF_RANGE',
  ],
  'no initial value at all': [
    'variables: { x: { type: int 0..3, init: "in [3..2]" } }',
    'INIT_EMPTY',
  ],
  'no initial value for one valuation': [
    'parameters: { p: int 0..3 }\nvariables: { x: { type: int 0..3, init: "in [p..2]" } }',
    'INIT_EMPTY',
  ],
  'a key of a map without initial value': [
    'sets: { S: [a, b] }\nvariables: { x: { type: map S to bool, init: { a: true } } }',
    'MISSING_KEY',
  ],
  'a property of no kind': ['properties: { p: { label: nothing } }', 'PROPERTY_SHAPE'],
  'a property of two kinds': [
    'properties: { p: { always: true, never: false } }',
    'PROPERTY_SHAPE',
  ],
  'a property with an implicit name': [
    'properties: { withinRange: { always: true } }',
    'NAME_TAKEN',
  ],
  'a conjunction of nothing known': ['properties: { p: { all: [q] } }', 'PROPERTY_UNKNOWN'],
  'a key nobody knows': ['actions: { a: { actor: me, guard: true } }', 'UNKNOWN_KEY'],
  'a key that is missing': ['actions: { a: { when: true } }', 'MISSING_KEY'],
  'a list where a mapping must be': ['actions: [a]', 'MODEL_SHAPE'],
  'an alias': [
    'variables: { x: &v { type: bool, init: false }, y: *v }',
    'YAML_ALIAS',
    'YAML_ALIAS',
  ],
  'a key twice': ['actions: { a: { actor: me }, a: { actor: me } }', 'YAML_DUPLICATE_KEY'],
  'no YAML': ['actions: { a: [ }', 'YAML_SYNTAX'],
};

describe('documents that are wrong', () => {
  for (const [title, [text, ...codes]] of Object.entries(DOCUMENTS)) {
    it(title, () => {
      expect(codesOf(text)).toEqual(codes);
      expect(problemsOf(text).every((p) => p.code.startsWith('YAML') || p.line !== undefined)).toBe(
        true,
      );
    });
  }
});
