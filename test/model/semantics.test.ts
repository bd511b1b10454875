import { describe, expect, it } from 'vitest';
import { firstStates, firstSteps, read, steps, stepsAfter, tiny } from './tiny.ts';

/**
 * The rules of SEMANTICS, by number: each with a model as small as it can be, and exactly its
 * steps.
 */
describe('1 · binding', () => {
  it('takes every value of every `for` name, in order', () => {
    expect(
      firstSteps(`
sets: { S: [a, b] }
variables: { x: { type: map S to bool, init: false } }
actions: { set: { actor: me, for: { s: S, to: bool }, then: { "x[s]": to } } }`),
    ).toEqual(['set(a true) x[a] false→true', 'set(b true) x[b] false→true']);
  });

  it('reads right-hand sides and keys in the state before the step', () => {
    expect(
      firstSteps(`
sets: { S: [a, b] }
variables: { at: { type: S, init: a }, x: { type: int 0..9, init: 1 }, y: { type: int 0..9, init: 2 }, m: { type: map S to int 0..9, init: 0 } }
actions: { swap: { actor: me, then: { at: b, "m[at]": x, x: y, y: x } } }`),
    ).toEqual(['swap at a→b x 1→2 y 2→1 m[a] 0→1']);
  });

  const CHANNELS =
    'channels: { in1: { from: me, to: me, carries: { v: int 0..3 }, capacity: 2 }, in2: { from: me, to: me, carries: { v: int 0..3 }, capacity: 2 } }';

  it('receives one message of each of two channels, in every combination', () => {
    expect(
      stepsAfter(
        `
${CHANNELS}
variables: { n: { type: int 0..9, init: 0 } }
actions:
  fill: { actor: me, when: n = 0, then: { n: 1 }, send: [{ in1: { v: 1 } }, { in1: { v: 2 } }, { in2: { v: 3 } }] }
  both: { actor: me, receive: { in1: a, in2: b }, when: a.v != b.v, then: { n: a.v + b.v } }`,
        'fill',
      ),
    ).toEqual([
      'both({1} {3}) n 1→4 in1 [1 2]→[2] in2 [3]→[]',
      'both({2} {3}) n 1→5 in1 [1 2]→[1] in2 [3]→[]',
    ]);
  });

  it('lets guard and controls read the message', () => {
    expect(
      stepsAfter(
        `
${CHANNELS}
variables: { n: { type: int 0..9, init: 0 } }
actions:
  fill: { actor: me, when: n = 0, then: { n: 1 }, send: [{ in1: { v: 1 } }, { in1: { v: 2 } }] }
  take: { actor: me, receive: { in1: a }, when: a.v > 0, controls: { even: a.v = 2 }, then: { n: 2 } }`,
        'fill',
      ),
    ).toEqual(['take({2}) n 1→2 in1 [1 2]→[1]']);
  });

  it('receives before it sends, so that a full channel may be sent to', () => {
    const full = (capacity: number): string => `
channels: { c: { from: me, to: me, carries: { v: int 0..3 }, order: fifo, capacity: ${capacity} } }
variables: { filled: { type: bool, init: false } }
actions:
  fill: { actor: me, when: not(filled), then: { filled: true }, send: [{ c: { v: 1 } }, { c: { v: 2 } }] }
  turn: { actor: me, receive: { c: m }, send: { c: { v: m.v } } }`;
    expect(stepsAfter(full(2), 'fill')).toEqual(['turn({1}) c [1 2]→[2 1]']);
  });
});

describe('2 · channels', () => {
  const two = (order: string): string => `
channels: { c: { from: me, to: me, carries: { v: int 0..3 }, order: ${order}, capacity: 3 } }
variables: { filled: { type: bool, init: false } }
actions:
  fill: { actor: me, when: not(filled), then: { filled: true }, send: [{ c: { v: 2 } }, { c: { v: 1 } }, { c: { v: 2 } }] }
  take: { actor: me, receive: { c: m }, when: m.v = 1 or filled }
  pick: { actor: me, receive: { c: m }, when: m.v = 1 }`;

  it('a bag offers each of its values once', () => {
    expect(stepsAfter(two('bag'), 'fill')).toEqual([
      'take({1}) c [1 2 2]→[2 2]',
      'take({2}) c [1 2 2]→[1 2]',
      'pick({1}) c [1 2 2]→[2 2]',
    ]);
  });

  it('a fifo offers its head only, and a head that nobody takes blocks', () => {
    expect(stepsAfter(two('fifo'), 'fill')).toEqual(['take({2}) c [2 1 2]→[1 2]']);
  });

  it('two bags with the same content are one state, whatever the order of sending', () => {
    const semantics = tiny(`
channels: { c: { from: me, to: me, carries: { v: int 0..3 }, capacity: 2 } }
variables: { left: { type: int 0..2, init: 2 } }
actions: { put: { actor: me, for: { v: int 1..2 }, when: "left > 0 and count(c[item.v = v]) = 0", then: { left: left - 1 }, send: { c: { v: v } } } }`);
    const seen = new Set<string>();
    const visit = (state: readonly number[]): void => {
      seen.add(state.join());
      semantics.successors(state, (_, next) => next && visit(next));
    };
    firstStates(semantics).forEach(visit);
    expect(seen.size).toBe(4);
  });
});

describe('3 · no-op', () => {
  it('a step that changes nothing is none', () => {
    expect(
      firstSteps(
        'variables: { x: { type: int 0..3, init: 0 } }\nactions: { stay: { actor: me, then: { x: x } }, nothing: { actor: me } }',
      ),
    ).toEqual([]);
  });

  it('a message sent back to the same bag changes nothing, in a longer fifo it does', () => {
    const model = (order: string): string => `
channels: { c: { from: me, to: me, carries: { v: int 0..3 }, order: ${order}, capacity: 2 } }
variables: { filled: { type: bool, init: false } }
actions:
  fill: { actor: me, when: not(filled), then: { filled: true }, send: [{ c: { v: 1 } }, { c: { v: 2 } }] }
  back: { actor: me, receive: { c: m }, send: { c: { v: m.v } } }`;
    expect(stepsAfter(model('bag'), 'fill')).toEqual([]);
    expect(stepsAfter(model('fifo'), 'fill')).toEqual(['back({1}) c [1 2]→[2 1]']);
  });
});

describe('4 · error steps', () => {
  const int = 'variables: { x: { type: int 0..3, init: 3 }, b: { type: bool, init: false } }';
  const CASES: readonly (readonly [title: string, model: string, expected: readonly string[]])[] = [
    [
      'leaving a range',
      `${int}\nactions: { add: { actor: me, then: { x: x + 1 } } }`,
      ['add breaks withinRange'],
    ],
    [
      'writing one cell twice with different values',
      `sets: { S: [a] }\nvariables: { m: { type: map S to int 0..3, init: 0 }, at: { type: S, init: a } }\nactions: { two: { actor: me, then: { "m[a]": 1, "m[at]": 2 } } }`,
      ['two breaks singleWrite'],
    ],
    [
      'writing one cell twice with one value is fine',
      `sets: { S: [a] }\nvariables: { m: { type: map S to int 0..3, init: 0 }, at: { type: S, init: a } }\nactions: { two: { actor: me, then: { "m[a]": 1, "m[at]": 1 } } }`,
      ['two m[a] 0→1'],
    ],
    [
      'all that one step breaks',
      `sets: { S: [a] }\nvariables: { m: { type: map S to int 0..3, init: 0 }, at: { type: S, init: a } }\nactions: { two: { actor: me, then: { "m[a]": 4, "m[at]": 2 } } }`,
      ['two breaks withinRange+singleWrite'],
    ],
    [
      'an undefined term hides the rest',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 }, x: { type: int 0..3, init: 3 } }\nactions: { both: { actor: me, then: { x: "x + m[at] + 1" } } }`,
      ['both breaks defined'],
    ],
    [
      'a key that is null',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { w: { actor: me, then: { "m[at]": 1 } } }`,
      ['w breaks defined'],
    ],
    [
      'an undefined guard is an enabled error step',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { g: { actor: me, when: "m[at] = 0" } }`,
      ['g breaks defined'],
    ],
    [
      'min of nothing',
      `${int}\nactions: { g: { actor: me, then: { x: "min([])" } } }`,
      ['g breaks defined'],
    ],
    [
      'left to right: and stops',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { g: { actor: me, when: "at != null and m[at] = 0", then: { "m[a]": 1 } } }`,
      [],
    ],
    [
      'left to right: the undefined side first',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { g: { actor: me, when: "m[at] = 0 and at != null" } }`,
      ['g breaks defined'],
    ],
    [
      'or stops too',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { g: { actor: me, when: "at = null or m[at] = 0", then: { "m[a]": 1 } } }`,
      ['g m[a] 0→1'],
    ],
    [
      'a false guard before an undefined control',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to int 0..3, init: 0 } }\nactions: { g: { actor: me, when: "at != null", controls: { c: "m[at] = 0" } } }`,
      [],
    ],
    [
      'a null where none is allowed',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, to: { type: S, init: a } }\nactions: { g: { actor: me, then: { to: at } } }`,
      ['g breaks withinRange'],
    ],
    [
      'null is an ordinary value for =',
      `sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, b: { type: bool, init: false } }\nactions: { g: { actor: me, when: at = null, then: { b: true } } }`,
      ['g b false→true'],
    ],
    [
      'a payload field out of its range',
      'channels: { c: { from: me, to: me, carries: { v: int 0..3 } } }\nvariables: { x: { type: int 0..9, init: 4 } }\nactions: { s: { actor: me, send: { c: { v: x } } } }',
      ['s breaks withinRange'],
    ],
    [
      'a full channel',
      'channels: { c: { from: me, to: me, carries: { v: int 0..3 } } }\nactions: { s: { actor: me, send: [{ c: { v: 1 } }, { c: { v: 2 } }] } }',
      ['s breaks withinCapacity'],
    ],
    [
      'a full channel and a range at once',
      'channels: { c: { from: me, to: me, carries: { v: int 0..3 } } }\nactions: { s: { actor: me, send: [{ c: { v: 1 } }, { c: { v: 4 } }] } }',
      ['s breaks withinRange+withinCapacity'],
    ],
  ];
  for (const [title, model, expected] of CASES)
    it(title, () => expect(firstSteps(model)).toEqual(expected));

  it('a predicate with an undefined term has no value', () => {
    const semantics = tiny(
      'sets: { S: [a] }\nvariables: { at: { type: S or null, init: null }, m: { type: map S to bool, init: true } }\nproperties: { p: { always: "m[at]" } }',
    );
    const [property] = semantics.model.properties;
    if (property?.formula.kind !== 'always') throw new Error('always');
    expect(
      semantics.predicate(property.formula.expr)(firstStates(semantics)[0] ?? []),
    ).toBeUndefined();
  });
});

describe('5 and 6 · the beginning', () => {
  const starts = (text: string): string[] => {
    const semantics = tiny(text);
    return firstStates(semantics).map((state) => state.join(' '));
  };
  it('any, a range and a list are choices, made for each cell by itself', () => {
    expect(starts('variables: { x: { type: bool, init: any } }')).toEqual(['0', '1']);
    expect(starts('variables: { x: { type: int 0..9, init: "in [2..4]" } }')).toEqual([
      '2',
      '3',
      '4',
    ]);
    expect(starts('variables: { x: { type: int 0..9, init: "in (7, 1, 7)" } }')).toEqual([
      '7',
      '1',
    ]);
    expect(starts('sets: { S: 2 }\nvariables: { x: { type: map S to bool, init: any } }')).toEqual([
      '0 0',
      '0 1',
      '1 0',
      '1 1',
    ]);
    expect(
      starts(
        'sets: { S: [a, b] }\nvariables: { x: { type: map S to int 0..9, init: { b: 3, a: "in (1, 2)" } } }',
      ),
    ).toEqual(['1 3', '2 3']);
    expect(
      starts('sets: { S: [a, b] }\nvariables: { x: { type: set of S, init: any } }'),
    ).toHaveLength(4);
  });

  it('parameters are rigid, and an initial value may read them', () => {
    expect(
      starts('parameters: { p: int 1..3 }\nvariables: { x: { type: int 0..9, init: p + 1 } }'),
    ).toEqual(['1 2', '2 3', '3 4']);
    expect(
      firstStatesChange(
        'parameters: { p: bool }\nvariables: { x: { type: bool, init: p } }\nactions: { a: { actor: me, then: { x: not(x) } } }',
      ),
    ).toBe(false);
  });

  it('an initial value that leaves its range for one valuation is no bad input: it is a trace of no steps', () => {
    expect(
      read('parameters: { p: int 1..3 }\nvariables: { x: { type: int 0..3, init: p + 1 } }').ok,
    ).toBe(true);
  });

  /** Whether any step changes a parameter's word. */
  function firstStatesChange(text: string): boolean {
    const semantics = tiny(text);
    let changed = false;
    for (const state of firstStates(semantics))
      semantics.successors(state, (_, next) => {
        changed ||= next?.[0] !== state[0];
      });
    return changed;
  }
});

describe('10 · names and values', () => {
  it('a number of elements takes the first letter of its set', () => {
    expect(tiny('sets: { Order: 2, Box: 3 }').model.sets.map((s) => s.elements)).toEqual([
      ['o1', 'o2'],
      ['b1', 'b2', 'b3'],
    ]);
  });

  it('equal member lists are one type', () => {
    expect(
      firstSteps(
        'variables: { x: { type: "enum [a, b]", init: a }, y: { type: "enum [a, b]", init: b } }\nactions: { copy: { actor: me, then: { x: y } } }',
      ),
    ).toEqual(['copy x a→b']);
  });

  it('sets, lists, sums of nothing', () => {
    expect(
      firstSteps(`
sets: { S: [a, b] }
variables: { seen: { type: set of S, init: [] }, n: { type: int 0..9, init: 9 } }
actions: { go: { actor: me, then: { seen: "union(seen, [b, a, b])", n: "sum(for s in seen return 1)" } } }`),
    ).toEqual(['go seen {}→{a,b} n 9→0']);
  });

  it('names that mean something to JavaScript mean nothing here', () => {
    expect(
      firstSteps(
        'variables: { __proto__: { type: bool, init: false }, constructor: { type: int 0..1, init: 0 }, toString: { type: bool, init: true } }\nactions: { hasOwnProperty: { actor: me, then: { __proto__: true, constructor: 1 } } }',
      ),
    ).toEqual(['hasOwnProperty __proto__ false→true constructor 0→1']);
  });
});

describe('integers beyond the exact range', () => {
  it('are refused, not rounded', () => {
    const semantics = tiny(
      'variables: { x: { type: int, init: 9007199254740991 } }\nactions: { add: { actor: me, then: { x: x + 1 } } }',
    );
    expect(() => steps(semantics, firstStates(semantics)[0] ?? [])).toThrow(
      'beyond the exact range',
    );
  });
});
