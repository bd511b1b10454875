import { describe, expect, it } from 'vitest';
import { explore } from '../../src/engines/explore/index.ts';
import { tlc } from '../../src/engines/tlc/index.ts';
import { z3 } from '../../src/engines/z3/index.ts';
import type { Engine } from '../../src/model/engine.ts';
import {
  CELL_TYPES,
  ENGINE_LIMITS,
  ENGINE_KINDS,
  REFUSED,
  supported,
  type CellType,
  type EngineKind,
} from '../../src/checking/support.ts';
import { tiny } from '../model/tiny.ts';

const ENGINES: readonly Engine[] = [explore, tlc, z3];

/**
 * For each content of a state the smallest model that has it: something moves, and `GOAL` says
 * something about it.
 */
const WORLDS: Readonly<
  Record<CellType, readonly [declarations: string, action: string, goal: string]>
> = {
  bool: ['variables: { x: { type: bool, init: false } }', 'then: { x: not(x) }', 'x'],
  'int range': [
    'variables: { x: { type: int 0..3, init: 0 } }',
    'when: x < 3, then: { x: x + 1 }',
    'x = 2',
  ],
  'int unbounded': [
    'variables: { x: { type: int, init: 0 } }',
    'when: x < 3, then: { x: x + 1 }',
    'x = 2',
  ],
  enum: [
    'variables: { x: { type: "enum [red, blue]", init: red } }',
    'then: { x: if x = red then blue else red }',
    'x = blue',
  ],
  element: [
    'sets: { S: [s1, s2] }\nvariables: { x: { type: S, init: s1 } }',
    'for: { s: S }, then: { x: s }',
    'x = s2',
  ],
  'nullable element': [
    'sets: { S: [s1, s2] }\nvariables: { x: { type: S or null, init: null } }',
    'for: { s: S }, when: x = null, then: { x: s }',
    'x = s2',
  ],
  set: [
    'sets: { S: [s1, s2] }\nvariables: { x: { type: set of S, init: [] } }',
    'for: { s: S }, then: { x: "union(x, [s])" }',
    's2 in x',
  ],
  map: [
    'sets: { S: [s1, s2] }\nvariables: { x: { type: map S to int 0..2, init: 0 } }',
    'for: { s: S }, when: "x[s] = 0", then: { "x[s]": 1 }',
    'x[s1] = x[s2]',
  ],
  'bag channel': [
    'channels: { c: { from: me, to: me, carries: { v: int 0..1 }, capacity: 2 } }\nvariables: { x: { type: int 0..2, init: 0 } }',
    'when: x < 2, then: { x: x + 1 }, send: { c: { v: x } }',
    'count(c) = 2',
  ],
  'fifo channel': [
    'channels: { c: { from: me, to: me, carries: { v: int 0..1 }, capacity: 2, order: fifo } }\nvariables: { x: { type: int 0..2, init: 0 } }',
    'when: x < 2, then: { x: x + 1 }, send: { c: { v: x } }',
    'count(c) = 2',
  ],
  parameter: [
    'parameters: { p: int 1..3 }\nvariables: { x: { type: int 0..3, init: 0 } }',
    'when: x < p, then: { x: x + 1 }',
    'x = p',
  ],
};

const FORMULA: Readonly<Record<EngineKind, ((goal: string) => string) | undefined>> = {
  always: (goal) => `always: "not(${goal})"`,
  never: (goal) => `never: "${goal}"`,
  eventually: (goal) => `eventually: "${goal}"`,
  eventuallyAlways: (goal) => `eventuallyAlways: "${goal}"`,
  leadsTo: (goal) => `leadsTo: { from: true, to: "${goal}" }`,
  reachable: (goal) => `reachable: "${goal}"`,
  recoverable: (goal) => `recoverable: "${goal}"`,
  reachableEach: (goal) => `reachableEach: { one: "${goal}" }`,
  ltl: (goal) => `ltl: "eventually (${goal})"`,
  implicit: undefined,
  deadlockFree: undefined,
};

function refusal(engine: Engine, kind: EngineKind, type: CellType): string | undefined {
  const [declarations, action, goal] = WORLDS[type];
  const formula = FORMULA[kind];
  const semantics = tiny(
    `${declarations}\nactions: { move: { actor: me, ${action}, fair: weak } }${formula ? `\nproperties: { p: { ${formula(goal)} } }` : ''}`,
  );
  const property = semantics.model.properties.find((p) =>
    formula
      ? p.name === 'p'
      : kind === 'deadlockFree'
        ? p.name === 'deadlockFree'
        : p.formula.kind === 'implicit',
  );
  if (!property) throw new Error(kind);
  return engine.refuses({ semantics, digest: 'sha256:00', properties: [property] }, property);
}

describe('the table of what is supported', () => {
  for (const engine of ENGINES) {
    it(`says what ${engine.name} says`, () => {
      for (const kind of ENGINE_KINDS) {
        for (const type of CELL_TYPES) {
          const said = refusal(engine, kind, type);
          expect(
            said === undefined,
            `${engine.name} × ${kind} × ${type}: ${said ?? 'decided'}`,
          ).toBe(supported(engine.name, kind, type) !== 'no');
        }
      }
    });
  }

  it('knows the limits that a small model meets', () => {
    for (const engine of [tlc]) {
      const semantics = tiny(
        'parameters: { p: int 1..9 }\nvariables: { x: { type: int 0..9, init: 0 } }\nactions: { up: { actor: me, when: x < p, then: { x: x + 1 } } }\nproperties: { r: { reachable: x = p } }',
      );
      const [property] = semantics.model.properties;
      if (!property) throw new Error('r');
      expect(engine.refuses({ semantics, digest: '', properties: [property] }, property)).toMatch(
        /more than 8/,
      );
    }
  });

  it('names no engine, kind or type that there is not, and refuses nothing in vain', () => {
    expect(Object.keys(REFUSED)).toEqual(ENGINES.map((e) => e.name));
    for (const limit of ENGINE_LIMITS) {
      for (const kind of limit.kinds ?? ENGINE_KINDS)
        for (const type of limit.types)
          expect(['limited', 'no']).toContain(supported(limit.engine, kind, type));
    }
    for (const kind of ENGINE_KINDS)
      expect(supported('explore', kind, 'bool'), `explore decides ${kind}`).toBe('yes');
  });
});
