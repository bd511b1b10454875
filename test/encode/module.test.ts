import { describe, expect, it } from 'vitest';
import { printModule, type TlaModule } from '../../src/encode/tla/module.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { reportOn, tlcAbsence } from '../conformance/checking.ts';

async function moduleOf(variables: string, actions: string, more = ''): Promise<TlaModule> {
  const source = `probity: 1\nname: m\nsets: { K: 2 }\nvariables: { ${variables} }\nactors: { a: {} }\nactions:\n${actions}\n${more}`;
  const read = await inspect({ source, format: 'native', name: 'm' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { semantics } = read.value;
  return printModule(
    semantics,
    semantics.model.properties.filter((p) => p.formula.kind !== 'all'),
  );
}
const MAP = '"map K to enum [one, two, three]", init: one';
const changes = async (when: string, then: string): Promise<string> => {
  const { text } = await moduleOf(
    `n: { type: int, init: 0 }, b: { type: bool, init: false }, m: { type: ${MAP} }`,
    `  go: { actor: a, for: { k: K, j: K }, when: ${JSON.stringify(when)}, then: ${then} }`,
  );
  return text
    .split('\n')
    .filter((line) => line.includes("' # "))
    .map((line) => line.trim())
    .join();
};

describe('a step that changes nothing is none', () => {
  it.each([
    ['n = 1', '{ n: 2 }'],
    ['2 = n', '{ n: 1 }'],
    ['n != 2', '{ n: 2 }'],
    ['b', '{ b: false }'],
    ['not(b)', '{ b: true }'],
    ['n < 3', '{ n: n + 1 }'],
    ['n < 3', '{ n: n - 1 }'],
    ['true', '{ b: not(b) }'],
    ['m[k] = one', '{ "m[k]": two }'],
    ['m[k] != two and n = 1', '{ "m[k]": two, n: 1 }'],
    ['n < 3', '{ n: n + 1, b: false }'],
  ])('where %s and %s, that it does change something needs no saying', async (when, then) => {
    expect(await changes(when, then)).toBe('');
  });

  it.each([
    ['n = 1', '{ n: 1 }', "/\\ n' # n"],
    ['n != 1', '{ n: 2 }', "/\\ n' # n"],
    ['b', '{ b: true }', "/\\ b' # b"],
    ['not(b)', '{ b: false }', "/\\ b' # b"],
    ['n < 3', '{ n: n + 0 }', "/\\ n' # n"],
    ['n = 1 or b', '{ n: 2 }', "/\\ n' # n"],
    ['m[j] = one', '{ "m[k]": two }', "/\\ m' # m"],
    ['n < 3', '{ n: n * 2, b: false }', "/\\ << n, b >>' # << n, b >>"],
    ['n = 1', '{ b: true }', "/\\ b' # b"],
  ])('where %s and %s, TLC is told, of what the step writes', async (when, then, said) => {
    expect(await changes(when, then)).toBe(said);
  });
});

describe('a module has what it needs', () => {
  it('an error only where a step can break something, the modules and operators that it uses', async () => {
    const safe = await moduleOf(
      'n: { type: int 0..3, init: 0 }',
      '  go: { actor: a, when: n = 1, then: { n: 2 } }',
      'properties: { p: { always: n < 3 } }',
    );
    expect([safe.mayErr, safe.text.includes('error')]).toEqual([false, false]);
    expect(safe.text).toContain('EXTENDS Integers\n');
    expect(safe.text).toContain('\np == n < 3\n');
    const breaks = [
      ['n: { type: int 0..3, init: 0 }', '  go: { actor: a, then: { n: n + 1 } }'],
      [
        'n: { type: int 0..3, init: 0 }, q: { type: "K or null", init: null }, m: { type: map K to bool, init: false }',
        '  go: { actor: a, when: "m[q]", then: { n: 1 } }',
      ],
      [
        'n: { type: int 0..3, init: 0 }, m: { type: map K to bool, init: false }',
        '  go: { actor: a, for: { k: K, j: K }, then: { "m[k]": true, "m[j]": false } }',
      ],
    ] as const;
    for (const [variables, actions] of breaks) {
      const module = await moduleOf(variables, actions);
      expect([actions, module.mayErr, module.text.includes('error = {}')]).toEqual([
        actions,
        true,
        true,
      ]);
    }
    const sums = await moduleOf(
      's: { type: set of K, init: [] }, n: { type: int, init: 0 }',
      '  go: { actor: a, for: { k: K }, then: { s: "union(s, [k])" } }',
      'properties: { p: { always: count(s) <= 2 } }',
    );
    expect(sums.text).toContain('EXTENDS Integers, FiniteSets\n');
    expect(sums.text).not.toContain('Total(');
  });
});

/**
 * FACTS of TLC 1.7.3: a constant predicate is an error where it is false, and what leads to a true
 * one is called violated.
 */
const CONSTANTS = `probity: 1
name: constants
variables: { b: { type: bool, init: false } }
actors: { a: {} }
actions: { flip: { actor: a, when: not(b), then: { b: true }, fair: weak } }
properties:
  never1: { always: 1 = 2 }
  always1: { never: 1 = 2 }
  ends: { eventually: 1 = 1 }
  goes: { leadsTo: { from: b, to: 1 = 1 } }
  gets: { reachable: 1 = 2 }
  holds: { ltl: "[] (b or not(b)) and [] <> b" }
  breaks: { ltl: "[] not(b)" }
final: b
`;

it('predicates without variables, and what TLC would take for an invariant, are answered by TLC as by explore', async ({
  skip,
}) => {
  const absent = await tlcAbsence();
  if (absent !== undefined) skip(absent);
  // What breaks among temporal properties is asked by itself: TLC does not say which of several it
  // was.
  const properties = ['never1', 'always1', 'ends', 'goes', 'gets', 'holds'];
  const ours = await reportOn(CONSTANTS, ['explore'], { properties });
  const theirs = await reportOn(CONSTANTS, ['tlc'], { properties });
  const outcomes = (report: typeof ours): unknown =>
    report.properties.map((p) => [p.name, p.outcome]);
  expect(outcomes(theirs)).toEqual(outcomes(ours));
  const lasso = await reportOn(CONSTANTS, ['tlc'], { properties: ['breaks'] });
  expect(lasso.properties.find((p) => p.name === 'breaks')).toMatchObject({
    outcome: 'violated',
    witness: 'lasso',
    assurance: ['replayed'],
  });
}, 120_000);
