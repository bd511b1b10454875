import { describe, expect, it } from 'vitest';
import { FeelError } from '../../src/model/feelTokens.ts';
import { holdsOnLasso, type Ltl } from '../../src/model/ltl.ts';
import { type AtomText, ltlText, parseLtl } from '../../src/model/ltlText.ts';

const NAMES = {
  isDeclared: (name: string): boolean => name === 'F',
  elementsOf: (set: string): readonly string[] | undefined =>
    set === 'Order' ? ['o1', 'o2'] : undefined,
};

const read = (text: string): string => ltlText(parseLtl(text, NAMES), (atom) => atom.text);

function refusal(text: string): string {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof FeelError) return `${error.code} ${error.at}`;
    throw error;
  }
}

describe('the text of a formula', () => {
  it.each([
    ['G (paid -> eventually shipped)', 'always ((paid) implies eventually (shipped))'],
    ['[](paid => <>shipped)', 'always ((paid) implies eventually (shipped))'],
    ['always (paid implies eventually shipped)', 'always ((paid) implies eventually (shipped))'],
    ['paid ~> shipped', 'always ((paid) implies eventually (shipped))'],
    ['a U b', '((a) until (b))'],
    ['a until b and c', '(((a) until (b)) and (c))'],
    ['a or b U c', '((a) or ((b) until (c)))'],
    ['a -> b -> c', '((a) implies ((b) implies (c)))'],
    ['not(a) W !b', '(not (a) weakUntil not (b))'],
    ['a R b', '((a) release (b))'],
    ['a <-> b', '(((a) implies (b)) and ((b) implies (a)))'],
    ['[]<> x = 1', 'always eventually (x = 1)'],
    ['G status[o1] = paid', 'always (status[o1] = paid)'],
    ['G (x + 1) * 2 = 4', 'always ((x + 1) * 2 = 4)'],
    ['G ((x = 1))', 'always (x = 1)'],
    [
      'eventually count(notice) = 0 and G x in (1, 2)',
      '(eventually (count(notice) = 0) and always (x in (1, 2)))',
    ],
    ['eventually F', 'eventually (F)'],
    ['F = 1 U b', '((F = 1) until (b))'],
    [
      'every o in Order satisfies G (s[o] = a -> eventually s[o] = b)',
      '(always ((s[o1]= a) implies eventually (s[o1]= b)) and always ((s[o2]= a) implies eventually (s[o2]= b)))',
    ],
    ['G (some o in Order satisfies s[o] = a)', 'always ((s[o1]= a) or (s[o2]= a))'],
    [
      'G (every i in [1, 2] satisfies i < x and true)',
      'always (every i in [1, 2] satisfies i < x and true)',
    ],
    ['G if a then b else c', 'always (if a then b else c)'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
    expect(read(read(text))).toBe(expected);
  });

  it.each([
    ['X a', 'EXPRESSION_UNSUPPORTED 0'],
    ['a and next b', 'EXPRESSION_UNSUPPORTED 6'],
    ['G', 'EXPRESSION_SYNTAX 1'],
    ['G (a', 'EXPRESSION_SYNTAX 2'],
    ['a U', 'EXPRESSION_SYNTAX 3'],
    ['a )', 'EXPRESSION_SYNTAX 2'],
    ['x + G a = 1', 'EXPRESSION_SYNTAX 4'],
    ['', 'EXPRESSION_SYNTAX 0'],
    ['a ; b', 'EXPRESSION_SYNTAX 2'],
    [`${'not '.repeat(70)}a`, 'EXPRESSION_TOO_DEEP 240'],
    [Array.from({ length: 300 }, () => 'a').join(' and '), 'EXPRESSION_TOO_DEEP 0'],
  ])('%s is refused with its place', (text, expected) => {
    expect(refusal(text)).toBe(expected);
  });
});

describe('the value of a formula on a run that goes round', () => {
  /**
   * Letters are states; those in brackets come again and again. An atom is true in the states that
   * it names.
   */
  const value = (text: string, run: string): boolean => {
    const letters = run.replace(/[()]/g, '');
    const formula: Ltl<AtomText> = parseLtl(text, {
      isDeclared: () => false,
      elementsOf: () => undefined,
    });
    return holdsOnLasso(formula, letters.length, run.indexOf('('), (atom, at) =>
      letters[at] === '?' ? undefined : atom.text.includes(letters[at] as string),
    );
  };
  it.each([
    ['G ab', 'a(b)', true],
    ['G a', 'a(b)', false],
    ['eventually c', 'ab(c)', true],
    ['eventually c', 'a(b)', false],
    ['[]<> a', '(ab)', true],
    ['[]<> a', 'a(b)', false],
    ['<>[] b', 'a(b)', true],
    ['<>[] b', '(ab)', false],
    ['a U b', 'aa(b)', true],
    ['a U b', 'ac(b)', false],
    ['a U b', '(a)', false],
    ['a W b', '(a)', true],
    ['a W b', 'ac(b)', false],
    ['b R a', '(a)', true],
    ['a R ab', 'a(b)', true],
    ['a R b', 'b(a)', false],
    ['a ~> c', 'ab(cab)', true],
    ['a ~> c', 'abc(ab)', false],
    ['not(a U b) -> G a or (a U c)', 'aac(a)', true],
    // At `?` no atom has a value: what is false there is false whatever it would be.
    ['G a', '?(a)', true],
    ['G a', '?(b)', false],
    ['not(F a)', '?(b)', true],
    ['a -> G b', '?(b)', true],
    ['G b -> a', '(?)', true],
    ['F a or F not(a)', '(?)', true],
    ['b U c', 'a(?)', false],
  ])('%s on %s: %s', (text, run, expected) => {
    expect(value(text, run)).toBe(expected);
  });
});
