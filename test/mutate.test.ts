import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AREAS, sourceOf, testsOf } from '../scripts/mutate/areas.ts';
import { shuffled } from '../scripts/mutate/draw.ts';
import { equivalents } from '../scripts/mutate/equivalents.ts';
import { clopperPearson } from '../scripts/mutate/interval.ts';
import { mutantsOf, mutated } from '../scripts/mutate/mutants.ts';
import { repository } from './golden.ts';

const ROOT = repository('.');

/** What becomes of a line under each fault of one kind. */
function faults(text: string, kind: string): string[] {
  return mutantsOf('a.ts', text)
    .filter((mutant) => mutant.kind === kind)
    .map((mutant) => mutated(text, mutant));
}

describe('mutants', () => {
  it.each([
    ['operator', 'x = a < b;', ['x = a <= b;', 'x = a >= b;']],
    ['operator', "x = a + 'b';", []],
    ['condition', 'if (a) b();', ['if (true) b();', 'if (false) b();']],
    ['condition', 'while (a) b();', ['while (false) b();']],
    ['logical', 'x = a && b || c;', ['x = ((a && b) && (c));', 'x = ((a) || (b)) || c;']],
    ['logical', 'x = a ?? b;', ['x = (b);']],
    ['unary', 'x = !a;', ['x =  (a);']],
    ['literal', 'x = 2;', ['x = 3;', 'x = 1;']],
    [
      'literal',
      "import a from 'b'; x = { c: 'd', e: 'to people' };",
      ["import a from 'b'; x = { c: '', e: 'to people' };"],
    ],
    ['literal', "let a: 'b' | 1;", []],
    ['list', 'x = [a];', ['x = [];']],
    ['return', 'f = () => a === b;', ['f = () => true;', 'f = () => false;']],
    ['statement', 'a();', [';']],
    ['statement', 'invariant(a, b);', []],
    ['assignment', 'a |= b;', ['a &= b;']],
    ['method', 'x = a.filter(b).some(c);', ['x = a.filter(b).every(c);', 'x = a.some(c);']],
    ['method', 'x = a.toString();', []],
    ['optional', 'x = a?.b;', ['x = a.b;']],
  ])('%s: %s', (kind, text, expected) => {
    expect(faults(text, kind)).toEqual(expected);
  });

  it('keep their ids while their line stands, wherever it stands', () => {
    const ids = (text: string): string[] => mutantsOf('a.ts', text).map(({ id }) => id);
    expect(ids('\n\n  a = b < c;')).toEqual(ids('a = b < c;'));
    const twice = ids('a = b < c;\na = b < c;');
    expect(new Set(twice).size).toBe(twice.length);
  });
});

describe('the sample', () => {
  it('is decided by its seed, and by no other item', () => {
    const items = Array.from({ length: 50 }, (_, i) => ({ id: `m${i}` }));
    const drawn = shuffled(items, 'a');
    expect(shuffled(items.toReversed(), 'a')).toEqual(drawn);
    expect(shuffled(items, 'b')).not.toEqual(drawn);
    const fewer = items.filter(({ id }) => id !== 'm7');
    expect(shuffled(fewer, 'a')).toEqual(drawn.filter(({ id }) => id !== 'm7'));
  });

  // Clopper and Pearson's own table, and the rule of three at the ends.
  it.each([
    [0, 10, 0, 0.3085],
    [10, 10, 0.6915, 1],
    [5, 10, 0.1871, 0.8129],
    [190, 200, 0.9099, 0.9758],
    [0, 0, 0, 1],
  ])('has an exact interval: %i of %i', (successes, trials, low, high) => {
    const [a, b] = clopperPearson(successes, trials);
    expect(a).toBeCloseTo(low, 3);
    expect(b).toBeCloseTo(high, 3);
  });
});

describe('the areas', () => {
  const source = AREAS.flatMap((area) => sourceOf(ROOT, area));

  it('have source and tests, and share no file', () => {
    for (const area of AREAS) expect(testsOf(ROOT, area).length, area.name).toBeGreaterThan(0);
    expect(new Set(source).size).toBe(source.length);
  });

  it('have every fault that is listed as equivalent, with its reason', () => {
    const listed = [...equivalents()];
    const files = new Set(listed.map(([id]) => id.split(':')[0] as string));
    const known = new Set(
      [...files].flatMap((file) =>
        mutantsOf(file, readFileSync(repository(file), 'utf8')).map(({ id }) => id),
      ),
    );
    for (const [id, { reason }] of listed) {
      expect(known.has(id), id).toBe(true);
      expect(reason.length, id).toBeGreaterThan(20);
    }
  });
});
