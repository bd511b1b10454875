import { describe, expect, it } from 'vitest';
import { programText } from '../../../src/graph/compiled/program.ts';
import { judgedPredicates } from '../../../src/model/model.ts';
import { tiny } from '../../model/tiny.ts';
import { walked } from './both.ts';

/** A model for each thing that steps may do, and the number of its states. */
const MODELS: Readonly<Record<string, { readonly states: number; readonly model: string }>> = {
  'scalars of every range': {
    states: 24,
    model: `
variables:
  flag: { type: bool, init: any }
  low: { type: "int -5..-3", init: "-4" }
  only: { type: "enum [single]", init: single }
  wide: { type: "int -2147483648..2147483647", init: "in (-2147483648, 0, 2147483647)" }
actions:
  flip: { actor: me, when: not(flag), then: { flag: "true" } }
  up: { actor: me, then: { low: low + 1 } }
  down: { actor: me, then: { low: low - 1 } }
  far: { actor: me, when: wide = 0, then: { wide: wide - 2147483647 } }
final: flag and low in [-5..-4]`,
  },
  'maps by dynamic keys, of maps too, and a key that is null': {
    states: 243,
    model: `
sets: { Item: [a, b], Shop: [x, y] }
variables:
  at: { type: Item or null, init: null }
  stock: { type: "map Shop to map Item to int 0..2", init: 0 }
actions:
  pick: { actor: me, for: { i: Item or null }, then: { at: i } }
  add: { actor: me, for: { s: Shop }, when: "at = null or stock[s][at] < 2", then: { "stock[s][at]": "stock[s][at] + 1" } }
properties:
  little: { always: "at = null or sum(for s in Shop return stock[s][at]) < 4" }
  judged: { always: "sum(for s in Shop return stock[s][at]) < 4" }`,
  },
  'sets, unions, filters, and members out of range': {
    states: 192,
    model: `
sets: { Item: [a, b, c] }
variables:
  seen: { type: set of Item, init: "[]" }
  few: { type: "set of int 2..4", init: "[3]" }
  other: { type: set of Item, init: any }
actions:
  see: { actor: me, for: { i: Item }, then: { seen: "union(seen, [i])" } }
  drop: { actor: me, for: { i: Item }, then: { seen: "seen[item != i]" } }
  shift: { actor: me, then: { few: "for n in few return n + 1" } }
  rest: { actor: me, when: "list contains(few, 4)", then: { few: "if count(seen) = 3 then [2] else [2, 9]" } }
properties:
  same: { never: "seen = other and count(few) = 1" }
  most: { always: "max(few) >= min(union(few, [3]))" }
  none: { always: "not(some i in seen satisfies list contains(other, i)) or few = [3]" }`,
  },
  'a bag and a queue, sent to and received from at once': {
    states: 1643,
    model: `
sets: { Item: [a, b] }
variables: { last: { type: Item or null, init: null }, n: { type: "int 0..2", init: 0 } }
channels:
  bag: { from: me, to: me, carries: { n: "int -1..2", item: Item or null }, capacity: 3 }
  line: { from: me, to: me, carries: { item: Item, marks: set of Item }, order: fifo, capacity: 2 }
actions:
  put: { actor: me, for: { i: Item }, when: count(bag) < 2, then: { n: "if n = 2 then 0 else n + 1" }, send: { bag: { n: n - 1, item: i } } }
  lose: { actor: me, when: count(bag) = 1, send: { bag: { n: n, item: last } } }
  move: { actor: me, receive: { bag: m }, when: m.item != null, then: { last: m.item }, send: { line: { item: m.item, marks: "if m.n > 0 then Item else [m.item]" } } }
  turn: { actor: me, receive: { line: l }, when: count(l.marks) = 1, send: { line: { item: l.item, marks: l.marks } } }
  both: { actor: me, receive: { bag: m, line: l }, when: "m.item = l.item", then: { n: 0 } }
properties:
  few: { always: "count(bag[item.n = 1]) < 2" }
  first: { always: "every l in line satisfies list contains(l.marks, l.item)" }
  least: { never: "count(bag) > 0 and min(for m in bag return m.n) > 1" }`,
  },
  'one cell written twice, and no-ops': {
    states: 12,
    model: `
sets: { Item: [a, b] }
variables:
  n: { type: "map Item to int 0..2", init: 0 }
  at: { type: Item, init: a }
actions:
  go: { actor: me, for: { i: Item }, then: { at: i } }
  twice: { actor: me, for: { i: Item }, then: { "n[i]": 1, "n[at]": "n[at] + 1" } }
  idle: { actor: me, then: { at: at } }`,
  },
  'parameters, starts that differ, and one that is wrong': {
    states: 24,
    model: `
sets: { Item: [a, b] }
parameters: { by: "int 1..2", which: Item }
variables: { n: { type: "map Item to int 0..4", init: "in (by - 1, by * 4)" } }
actions:
  up: { actor: me, when: "n[which] < 4 or by = 1", then: { "n[which]": "n[which] + by" } }`,
  },
  'fairness for each message value': {
    states: 24,
    model: `
variables: { n: { type: "int 0..3", init: 0 } }
channels: { c: { from: me, to: me, carries: { v: "int 0..1" }, capacity: 2 } }
actions:
  send: { actor: me, for: { v: "int 0..1" }, when: count(c) < 2, send: { c: { v: v } } }
  take: { actor: me, receive: { c: m }, then: { n: "m.v + n" }, fair: weak, perMessage: true }`,
  },
  'lists that are evaluated before anybody asks for their first item': {
    states: 36,
    model: `
sets: { Item: [a, b] }
variables:
  at: { type: "map Item to Item or null", init: any }
  n: { type: "map Item to int 0..1", init: any }
actions:
  someOf: { actor: me, when: "some x in (for i in Item return n[at[i]]) satisfies x = 0", then: { "n[a]": 1 } }
  everyOf: { actor: me, when: "every i in Item[n[at[item]] = 0] satisfies i = a", then: { "n[b]": 1 } }
  least: { actor: me, when: "min(for i in Item[at[item] != null] return n[i]) = 0", then: { "at[a]": b } }
  has: { actor: me, when: "list contains(for i in Item return n[at[i]], 0)", then: { "at[b]": a } }
  sum: { actor: me, when: "n[a] = 1 or sum(for i in Item return n[at[i]]) = 0", then: { "at[a]": a } }`,
  },
  'lists that are compared item by item': {
    states: 27,
    model: `
sets: { Item: [a, b] }
variables:
  n: { type: "map Item to int 0..2", init: any }
  at: { type: Item or null, init: any }
actions:
  same: { actor: me, when: "(for i in Item return n[i]) = [1, 2]", then: { "n[a]": 0 } }
  differ: { actor: me, when: "(for i in Item return n[i] + 1) != (for j in Item return n[j])", then: { "n[b]": "n[a]" } }
  longer: { actor: me, when: "(for i in Item[item != at] return n[i]) = [1]", then: { at: b } }
  undefined: { actor: me, when: "(for i in Item return n[i]) = [n[at], 0]", then: { at: null } }
properties:
  order: { always: "[n[a], n[b]] != [n[b], n[a]] or n[a] = n[b]" }
  none: { never: "(for i in Item return n[i]) = []" }`,
  },
  'values that there are none of': {
    states: 7,
    model: `
sets: { Item: [a, b], One: [only] }
variables:
  n: { type: "int 0..2", init: any }
  s: { type: "set of int 0..2", init: "[]" }
  m: { type: "map One to int 0..2", init: 0 }
  o: { type: One, init: only }
actions:
  least: { actor: me, when: n = 0, then: { n: "min([])" } }
  all: { actor: me, when: n = 1, then: { s: "for i in Item return max([]) + 1" } }
  none: { actor: me, then: { s: "union([], for x in [] return x)", n: "sum([])" } }
  some: { actor: me, when: "n = 2 and (s = [] or list contains([min([])], n))", then: { s: "[n]", "m[o]": "m[only] + count([])" } }
  same: { actor: me, when: "n = 2", then: { "m[o]": 2, "m[only]": n } }
properties:
  fine: { always: "n < 3 or some x in (for i in Item return min([])) satisfies x = 0" }
  some: { never: "n = 2 and list contains(s, 2 - min(s))" }`.replaceAll('some:', 'someOf:'),
  },
};

describe('code that was generated', () => {
  it.each(Object.keys(MODELS))('finds the same graph: %s', async (name) => {
    const semantics = tiny(MODELS[name]?.model ?? '');
    const compiled = await walked(semantics);
    const interpreted = await walked(semantics, { path: 'interpreted' });
    expect(compiled.graph.interpretedFor).toBeUndefined();
    expect(compiled.graph.disagreement).toBeUndefined();
    expect(compiled.graph.compared).toBe(compiled.graph.expanded);
    expect(interpreted.graph.interpretedFor).toBe('it was asked for');
    expect(compiled.found).toEqual(interpreted.found);
    expect(compiled.graph.store.count).toBe(MODELS[name]?.states);
  });

  it('holds an integer without a range for as long as it has 32 bits, and goes on without', async () => {
    for (const [step, init, interpretedFor] of [
      ['n + 1', 0, undefined],
      ['n - 1', 0, undefined],
      ['n * 3', 1, 'an integer without a range has left 32 bits'],
      ['n * n', 5, 'an integer may leave the exact range'],
      ['n + 1', 2 ** 31 - 3, 'an integer without a range has left 32 bits'],
      ['n + 1', 2 ** 40, 'an integer without a range has left 32 bits'],
    ] as const) {
      const semantics = tiny(`
variables: { n: { type: int, init: ${init} }, odd: { type: bool, init: false } }
channels: { c: { from: me, to: me, carries: { v: int } } }
actions:
  say: { actor: me, when: count(c) = 0, send: { c: { v: n } } }
  step: { actor: me, receive: { c: m }, then: { n: "${step.replaceAll('n', 'm.v')}", odd: not(odd) } }
properties: { small: { always: n < 300 } }`);
      const compiled = await walked(semantics, {}, 700);
      const interpreted = await walked(semantics, { path: 'interpreted' }, 700);
      expect(compiled.graph.interpretedFor, step).toBe(interpretedFor);
      expect(compiled.found).toEqual(interpreted.found);
    }
  });

  it.each([
    ['a set over 40 values', 'variables: { s: { type: "set of int 1..40", init: "[]" } }'],
    ['more than 32 bits', 'variables: { n: { type: "int 0..4294967296", init: 0 } }'],
    [
      'an integer may leave the exact range',
      `variables: { n: { type: "int 0..4000000", init: 0 } }
actions: { up: { actor: me, then: { n: n * n * n } } }`,
    ],
    [
      'a set may hold 41 values',
      `variables: { n: { type: "int 0..40", init: 0 } }
actions: { up: { actor: me, when: "count(union([n], [n + 1][item < 50])) = 2", then: { n: n + 1 } } }`,
    ],
  ])('is not made where %s, and says so', async (why, text) => {
    const { graph } = await walked(tiny(text));
    expect(graph.interpretedFor).toContain(why);
    expect(graph.compared).toBe(0);
  });

  it('is not made where lists in lists would make it too long, and that is soon known', async () => {
    const nested = Array.from({ length: 24 }).reduce<string>(
      (inner, _, i) => `count([1, 2, 3][item > ${i} or ${inner} > 9])`,
      'n',
    );
    const { graph } = await walked(
      tiny(`
variables: { n: { type: "int 0..3", init: 0 } }
actions: { up: { actor: me, when: "n > 2 and ${nested} > 0", then: { n: n + 1 } } }`),
    );
    expect(graph.interpretedFor).toBe('its code would be too long');
  });

  it('leaves to the rules what it does not read of a predicate', async () => {
    const semantics = tiny(`
variables: { n: { type: "int 0..40", init: 0 } }
actions: { up: { actor: me, when: n < 40, then: { n: n + 1 } } }
properties: { wide: { always: "count(union([n], [n + 50])) = 2" } }`);
    const { graph, found } = await walked(semantics);
    expect(graph.interpretedFor).toBeUndefined();
    expect(found).toEqual((await walked(semantics, { path: 'interpreted' })).found);
    const { tests } = programText(semantics, judgedPredicates(semantics.model), 0);
    expect(tests).toEqual([undefined]);
  });
});

/** All that generated text may consist of: no word of it is longer than these. */
const TOKENS =
  /^(?:\d+|'use strict'|[{}()[\];,?:.]|[-+*&|^~!<>=]+|>>>|Math|clz32|min|max|function|const|let|for|if|else|return|throw|try|while|catch|continue|true|false|view|expand|steps|tests|[a-z]\d*|[A-Z]{1,2}\d*)$/u;

describe('the text of generated code', () => {
  const HOSTILE = `
name: "process.exit(1); //"
sets: { Constructor: [constructor, prototype, __proto__x], Window: [globalThis, eval1] }
parameters: { require: "bool" }
variables:
  process: { type: "enum [exit, kill]", init: exit, label: "');process.exit(1);('" }
  hasOwnProperty: { type: map Constructor to Window or null, init: globalThis }
  console: { type: set of Constructor, init: "[constructor]" }
actors: { fetch: { label: "\\u0027;import('fs')" } }
channels:
  XMLHttpRequest: { from: fetch, to: fetch, carries: { innerHTML: Constructor, document: set of Window }, capacity: 2 }
actions:
  Function: { actor: fetch, for: { valueOf: Constructor }, when: "require or list contains(console, valueOf)", controls: { setTimeout: process = exit }, then: { process: kill, "hasOwnProperty[valueOf]": eval1 }, send: { XMLHttpRequest: { innerHTML: valueOf, document: Window } }, label: "*/alert(1)/*" }
  toString: { actor: fetch, receive: { XMLHttpRequest: arguments }, when: "some location in arguments.document satisfies hasOwnProperty[arguments.innerHTML] = location", then: { console: "union(console, [arguments.innerHTML])", process: exit } }
properties:
  importScripts: { always: "every WebAssembly in Constructor[item != prototype] satisfies process = exit or hasOwnProperty[WebAssembly] != null", label: "\${process.exit(1)}" }
final: "count(XMLHttpRequest) = 0"`;

  it('has nothing of a model whose names are JavaScript, and runs', async () => {
    const semantics = tiny(HOSTILE);
    const { text } = programText(semantics, judgedPredicates(semantics.model), 0);
    const tokens = text.match(/'use strict'|[A-Za-z_$][\w$]*|\d+|[-+*&|^~!<>=]+|\S/gu) ?? [];
    expect(tokens.length).toBeGreaterThan(500);
    expect(tokens.filter((token) => !TOKENS.test(token))).toEqual([]);
    const compiled = await walked(semantics);
    expect(compiled.graph.interpretedFor).toBeUndefined();
    expect(compiled.graph.store.count).toBeGreaterThan(20);
    expect(compiled.found).toEqual((await walked(semantics, { path: 'interpreted' })).found);
  });

  it('is the same for a model that is the same but for its names', () => {
    const renamed = HOSTILE.replace(/\b[A-Za-z_]{5,}\b/gu, (word) =>
      KEPT.has(word) ? word : `${word}2`,
    );
    expect(renamed).not.toBe(HOSTILE);
    const of = (model: string): string => {
      const semantics = tiny(model);
      return programText(semantics, judgedPredicates(semantics.model), 0).text;
    };
    expect(of(renamed)).toBe(of(HOSTILE));
  });
});

/** The words of the format. */
const KEPT = new Set(
  'parameters variables label actors channels carries capacity actions actor controls receive properties always final count contains every satisfies union'.split(
    ' ',
  ),
);
