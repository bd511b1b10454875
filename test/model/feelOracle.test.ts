import { parser } from 'lezer-feel';
import { describe, expect, it } from 'vitest';
import { parseFeel } from '../../src/model/feel.ts';

/** What another reader of FEEL makes of a text; `⚠` marks what it cannot read. */
const theirs = (text: string): string =>
  parser.configure({ top: 'Expression' }).parse(text).toString();

const BOTH = [
  'a or b and c',
  'x in (1, 2) and y',
  'every o in Order satisfies p[o] = 1',
  'if a then b else c',
  'm.amount = price',
  '-x * y + 1',
  'count(a) > 0',
  'not(a)',
  'for x in s return x + 1',
  'a[item > 1]',
  'a = "b"',
];

describe('lezer-feel', () => {
  it('reads what our subset reads', () => {
    for (const text of BOTH) {
      expect(() => parseFeel(text)).not.toThrow();
      expect(theirs(text), text).not.toContain('⚠');
    }
  });

  it('still takes `x in [0..3] and y` for `x in ([0..3] and y)`, which is why we have a reader of our own (docs/adr/001)', () => {
    expect(theirs('x in [0..3] and y')).toMatch(/^Expression\(Comparison\(/u);
    expect(parseFeel('x in [0..3] and y')).toMatchObject({
      kind: 'binary',
      operator: 'and',
      left: { kind: 'interval' },
    });
  });
});
