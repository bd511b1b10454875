import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_EXPRESSION_DEPTH, parseFeel } from '../../src/model/feel.ts';
import type { BinaryOperator, Domain, Syntax } from '../../src/model/feelSyntax.ts';
import { FeelError } from '../../src/model/feelTokens.ts';
import { feelOf } from '../../src/model/feelText.ts';

/** The tree with a bracket around every operation: what binds what, as text. */
function shape(s: Syntax): string {
  const domains = (list: readonly Domain[]): string =>
    list.map((d) => `${d.name} in ${shape(d.domain)}`).join(', ');
  switch (s.kind) {
    case 'number':
    case 'boolean':
      return String(s.value);
    case 'string':
      return JSON.stringify(s.value);
    case 'null':
      return 'null';
    case 'name':
      return s.name;
    case 'field':
      return `${shape(s.of)}.${s.name}`;
    case 'index':
      return `${shape(s.of)}[${shape(s.key)}]`;
    case 'call':
      return `${s.name}(${s.args.map(shape).join(', ')})`;
    case 'list':
      return `[${s.items.map(shape).join(', ')}]`;
    case 'negate':
      return `(-${shape(s.body)})`;
    case 'binary':
      return `(${shape(s.left)} ${s.operator} ${shape(s.right)})`;
    case 'interval':
      return `(${shape(s.value)} in [${shape(s.lo)}..${shape(s.hi)}])`;
    case 'in':
      return `(${shape(s.value)} in (${s.options.map(shape).join(', ')}))`;
    case 'if':
      return `(if ${shape(s.condition)} then ${shape(s.yes)} else ${shape(s.no)})`;
    case 'quantified':
      return `(${s.quantifier} ${domains(s.domains)} satisfies ${shape(s.body)})`;
    case 'for':
      return `(for ${domains(s.domains)} return ${shape(s.body)})`;
  }
}

const PRECEDENCE: Readonly<Record<string, string>> = {
  'a or b and c': '(a or (b and c))',
  'a and b or c': '((a and b) or c)',
  'a or b or c': '((a or b) or c)',
  'x in [0..3] and y': '((x in [0..3]) and y)',
  'y and x in [0..3] or z': '((y and (x in [0..3])) or z)',
  'x in [a + 1..b * 2]': '(x in [(a + 1)..(b * 2)])',
  'x in (1, 2) and y': '((x in (1, 2)) and y)',
  'x in (1, 2) or y in [z]': '((x in (1, 2)) or (y in ([z])))',
  'x in items and y': '((x in (items)) and y)',
  'x in []': '(x in ([]))',
  '1 + 2 * 3 - 4': '((1 + (2 * 3)) - 4)',
  '1 - 2 - 3': '((1 - 2) - 3)',
  '-x * y': '((-x) * y)',
  '-x[1].f + 1': '((-x[1].f) + 1)',
  '1 - -1': '(1 - (-1))',
  'a = b and c != d': '((a = b) and (c != d))',
  'a + 1 <= b': '((a + 1) <= b)',
  '(a = b) = c': '((a = b) = c)',
  'not(a) and b': '(not(a) and b)',
  'if a then b else c or d': '(if a then b else (c or d))',
  'a or if b then c else d': '(a or (if b then c else d))',
  'every o in Order satisfies p[o] and q': '(every o in Order satisfies (p[o] and q))',
  'some a in A, b in B satisfies a = b': '(some a in A, b in B satisfies (a = b))',
  'count(for x in S return e[x] + 1) = 2': '(count((for x in S return (e[x] + 1))) = 2)',
  'stock[shop][item] - m.amount': '(stock[shop][item] - m.amount)',
  'items[item > 1]': 'items[(item > 1)]',
  'list contains(seen, o) // why': 'list contains(seen, o)',
  'a /* two\nlines */ = "x\\"y"': '(a = "x\\"y")',
};

describe('precedence', () => {
  for (const [text, tree] of Object.entries(PRECEDENCE))
    it(text, () => expect(shape(parseFeel(text))).toBe(tree));
});

describe('spans', () => {
  it('cover the text of each part', () => {
    const text = 'a + price[o] >= m.amount';
    const tree = parseFeel(text);
    if (tree.kind !== 'binary') throw new Error('a comparison');
    expect([tree.left, tree.right].map(({ at, end }) => text.slice(at, end))).toEqual([
      'a + price[o]',
      'm.amount',
    ]);
    expect(text.slice(tree.at, tree.end)).toBe(text);
  });
});

const refused = (text: string): { code: string; at: number; message: string } => {
  try {
    parseFeel(text);
  } catch (error) {
    if (error instanceof FeelError)
      return { code: error.code, at: error.at, message: error.message };
    throw error;
  }
  throw new Error(`${text} was read`);
};

/** FEEL that the subset leaves out; the position is where the construct that is refused begins. */
const UNSUPPORTED: readonly (readonly [text: string, at: number])[] = [
  ['x between 1 and 2', 2],
  ['1 / 2', 2],
  ['a ** 2', 2],
  ['x < y < z', 6],
  ['a = b = c', 6],
  ['x in [1..2] in y', 12],
  ['x in ]1..2]', 5],
  ['x in (1..2]', 5],
  ['x in [1..2)', 10],
  ['x in (< 3)', 6],
  ['{a: 1}', 0],
  ['@"2026-01-01"', 0],
  ['function(x) x', 0],
  ['1.5 + x', 0],
  ['9007199254740992', 0],
  ['a instance of number', 2],
  ['x = {}', 4],
  ['(1..2)', 2],
  ['[1..2]', 2],
  ['for i in 1..3 return i', 10],
];

const SYNTAX: readonly (readonly [text: string, at: number])[] = [
  ['', 0],
  ['x in [1..2[', 11],
  ['a +', 3],
  ['a b', 2],
  ['(a', 2],
  ['a)', 1],
  ['a[1', 3],
  ['m.', 2],
  ['m.1', 2],
  ['if a then b', 11],
  ['every o in S p', 13],
  ['some in S satisfies p', 5],
  ['not a', 0],
  ['a and', 5],
  ['and b', 0],
  ['"open', 0],
  ['a ; b', 2],
  ['a && b', 2],
  ['x in ()', 6],
  ['count(', 6],
  ['f(a,)', 4],
  ['"\\q"', 0],
  ['else', 0],
  ['"a\\u00zz"', 0],
];

describe('refusals', () => {
  for (const [text, at] of UNSUPPORTED)
    it(`${text} is outside the subset`, () =>
      expect(refused(text)).toMatchObject({ code: 'EXPRESSION_UNSUPPORTED', at }));
  for (const [text, at] of SYNTAX)
    it(`${JSON.stringify(text)} cannot be read`, () =>
      expect(refused(text)).toMatchObject({ code: 'EXPRESSION_SYNTAX', at }));

  it('stop at a depth, by brackets, signs or conditions', () => {
    for (const text of [
      `${'('.repeat(5_000)}1${')'.repeat(5_000)}`,
      `${'-'.repeat(5_000)}1`,
      `${'if a then b else '.repeat(5_000)}c`,
      `${'x['.repeat(5_000)}1`,
    ]) {
      expect(refused(text).code).toBe('EXPRESSION_TOO_DEEP');
    }
    expect(() =>
      parseFeel(`${'('.repeat(MAX_EXPRESSION_DEPTH - 1)}1${')'.repeat(MAX_EXPRESSION_DEPTH - 1)}`),
    ).not.toThrow();
  });

  it('read a long chain, but not one without end', () => {
    const chain = (terms: number): string =>
      Array.from({ length: terms }, (_, i) => `v${i} = ${i}`).join(' and ');
    expect(() => parseFeel(chain(1_000))).not.toThrow();
    expect(refused(chain(20_000)).code).toBe('EXPRESSION_TOO_DEEP');
  });
});

const NAME = fc.constantFrom('a', 'status', 'o1', '_x', 'item', 'Größe');

const OPERATOR = fc.constantFrom<BinaryOperator>(
  'or',
  'and',
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
);

const span = { at: 0, end: 0 };

const { expression } = fc.letrec<{ expression: Syntax; domain: Domain }>((tie) => {
  const part = tie('expression');
  const parts = (min: number) => fc.array(part, { minLength: min, maxLength: 3 });
  const domains = fc.array(tie('domain'), { minLength: 1, maxLength: 2 });
  return {
    domain: fc.record({ name: NAME, domain: part }).map((d): Domain => ({ ...d, ...span })),
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.nat(1_000).map((value): Syntax => ({ kind: 'number', value, ...span })),
      fc.string().map((value): Syntax => ({ kind: 'string', value, ...span })),
      fc.boolean().map((value): Syntax => ({ kind: 'boolean', value, ...span })),
      fc.constant<Syntax>({ kind: 'null', ...span }),
      NAME.map((name): Syntax => ({ kind: 'name', name, ...span })),
      fc.tuple(part, NAME).map(([of, name]): Syntax => ({ kind: 'field', of, name, ...span })),
      fc.tuple(part, part).map(([of, key]): Syntax => ({ kind: 'index', of, key, ...span })),
      fc
        .tuple(fc.constantFrom('not', 'count', 'list contains', 'f'), parts(0))
        .map(([name, args]): Syntax => ({ kind: 'call', name, args, ...span })),
      parts(0).map((items): Syntax => ({ kind: 'list', items, ...span })),
      part.map((body): Syntax => ({ kind: 'negate', body, ...span })),
      fc.tuple(OPERATOR, part, part).map(([operator, left, right]): Syntax => ({
        kind: 'binary',
        operator,
        left,
        right,
        ...span,
      })),
      fc
        .tuple(part, part, part)
        .map(([value, lo, hi]): Syntax => ({ kind: 'interval', value, lo, hi, ...span })),
      fc
        .tuple(part, parts(1))
        .map(([value, options]): Syntax => ({ kind: 'in', value, options, ...span })),
      fc
        .tuple(part, part, part)
        .map(([condition, yes, no]): Syntax => ({ kind: 'if', condition, yes, no, ...span })),
      fc
        .tuple(fc.constantFrom('some' as const, 'every' as const), domains, part)
        .map(([quantifier, list, body]): Syntax => ({
          kind: 'quantified',
          quantifier,
          domains: list,
          body,
          ...span,
        })),
      fc
        .tuple(domains, part)
        .map(([list, body]): Syntax => ({ kind: 'for', domains: list, body, ...span })),
    ),
  };
});

describe('printing', () => {
  it('any tree, read again, is the same tree', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        const text = feelOf(tree);
        expect(shape(parseFeel(text)), text).toBe(shape(tree));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is idempotent', () => {
    for (const text of Object.keys(PRECEDENCE))
      expect(feelOf(parseFeel(feelOf(parseFeel(text))))).toBe(feelOf(parseFeel(text)));
  });

  it('never throws anything but a FeelError on any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc
            .array(
              fc.constantFrom(
                'a',
                ' ',
                '(',
                ')',
                '[',
                ']',
                '..',
                'in',
                'if',
                'then',
                'else',
                '-',
                '1',
                ',',
                '"',
                'not',
                'every',
                '.',
                '=',
              ),
            )
            .map((l) => l.join(' ')),
        ),
        (text) => {
          try {
            parseFeel(text);
          } catch (error) {
            expect(error).toBeInstanceOf(FeelError);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('what is written by habit from other languages is told in FEEL', () => {
  it.each([
    ['a == 1', /`==` is written `=`/],
    ['a > 0 && b', /`&&` is written `and`/],
    ['a || b', /`\|\|` is written `or`/],
    ['!a', /`!a` is written `not\(a\)`/],
    ['a <> 1', /`<>` is written `!=`/],
    ['a ≤ 1', /`≤` is written `<=`/],
    ['a => 1', /`=>` is written `>=`, or/],
    ['a -> b', /`if a then b else true`/],
    ['a implies b', /`if a then b else true`/],
    ["a = 'x'", /double quotes/],
    ['a ? 1 : 2', /`if a then b else c`/],
    ['a AND b', /`AND` is written `and`/],
  ])('%s', (text, says) => {
    expect(() => parseFeel(text)).toThrow(says);
  });

  it.each(['a % 2', 'a b', '(a', 'a = = 1', 'not a'])('but nothing of `%s`', (text) => {
    expect(() => parseFeel(text)).toThrow(FeelError);
    expect(() => parseFeel(text)).not.toThrow(/is written|double quotes/);
  });
});
