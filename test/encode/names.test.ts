import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TargetNames } from '../../src/encode/names.ts';

describe('printed names', () => {
  it("are the model's own where they can be", () => {
    const names = new TargetNames(['EXCEPT', 'and']);
    expect(names.of('var', 'status')).toBe('status');
    expect(names.of('var', 'status')).toBe('status');
  });

  it('step aside for reserved words, for each other, and for what the languages give a meaning', () => {
    const names = new TargetNames(['EXCEPT', 'and']);
    expect(names.of('var', 'EXCEPT')).toBe('EXCEPT_var');
    expect(names.of('action', 'EXCEPT')).toBe('EXCEPT_action');
    expect(names.of('var', '__proto__')).toMatch(/^m_/);
    expect(names.of('var', 'WF_x')).toMatch(/^m_/);
    expect(names.of('var', 'SF_x')).toMatch(/^m_/);
  });

  it('are never given twice, are identifiers, and are stable', () => {
    const name = fc.oneof(
      fc.constantFrom(
        'a',
        'A',
        'a_var',
        'a_var2',
        'm_a',
        '_a',
        '__a',
        'WF_a',
        'm_WF_a',
        'EXCEPT',
        'EXCEPT_var',
        'and',
        'constructor',
        '__proto__',
      ),
      fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,6}$/),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('var', 'action', 'param'), name), {
          selector: ([kind, n]) => `${kind} ${n}`,
          maxLength: 30,
        }),
        (things) => {
          const names = new TargetNames(['EXCEPT', 'and', 'IN', 'm_b']);
          const given = things.map(([kind, n]) => names.of(kind, n));
          expect(new Set(given).size).toBe(given.length);
          for (const each of given) expect(each).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/);
          for (const each of given) expect(['EXCEPT', 'and', 'IN', 'm_b']).not.toContain(each);
          expect(things.map(([kind, n]) => names.of(kind, n))).toEqual(given);
        },
      ),
    );
  });
});
