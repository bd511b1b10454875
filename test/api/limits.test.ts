import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../src/api/limits.ts';
import { costRule } from '../../src/api/operations.ts';

const schema = buildSchema(`
type Query { runs(first: Int): [Run], verdicts(first: Int): [Run], apiKeys: [Run], one: Run }
type Run { id: ID, runs(first: Int): [Run], one: Run, report: ID, _more: ID }
`);

/** What is over a limit, as the words that say it. */
function over(text: string): string[] {
  return validate(schema, parse(text), [costRule]).map(({ message }) => message);
}

/** What a document costs: filled up with aliased fields until it is over the limit. */
function costOf(selection: string, variables = ''): number {
  const [found = ''] = over(
    `query q${variables} { ${selection} ${`${selection} `.repeat(9_999)} }`,
  ).filter((message) => message.startsWith('cost'));
  return Number(/^cost: (\d+)/u.exec(found)?.[1]) / 10_000;
}

describe('what a document costs', () => {
  it('is one for a field, and more for what is long', () => {
    expect(costOf('one { id }')).toBe(2);
    expect(costOf('one { report }')).toBe(6);
  });

  it('is multiplied by the length of the page', () => {
    expect(costOf('runs(first: 1) { id }')).toBe(2);
    expect(costOf('runs(first: 7) { id }')).toBe(8);
    expect(costOf('runs { id }')).toBe(21);
    expect(costOf('verdicts { id }')).toBe(21);
    expect(costOf('apiKeys { id }')).toBe(11);
  });

  it('is that of the longest page where the length is a variable, or too long', () => {
    const longest = 1 + REQUEST_LIMITS.pageSize;
    expect(costOf('runs(first: $n) { id }', '($n: Int)')).toBe(longest);
    expect(costOf(`runs(first: ${REQUEST_LIMITS.pageSize + 1}) { id }`)).toBe(longest);
    expect(costOf('runs(first: 100000000) { id }')).toBe(longest);
  });

  it('is no less than that of one for a page of nothing, or less', () => {
    expect(costOf('runs(first: 0) { id }')).toBe(2);
    expect(costOf('runs(first: -5) { id }')).toBe(2);
  });

  it('is counted in fragments, each time that they are spread', () => {
    expect(costOf('... on Query { runs(first: 7) { id } }')).toBe(8);
    const fragment = 'fragment f on Query { runs(first: 30) { runs(first: 50) { id } } }';
    const once = over(`{ ...f } ${fragment}`);
    const times = (count: number): string => `{ ${'...f '.repeat(count)} } ${fragment}`;
    expect(once).toEqual([]);
    expect(over(times(10))).toEqual([expect.stringContaining(`cost: ${10 * (1 + 30 * 51)}`)]);
  });

  it('does not overflow', () => {
    const deep = 'runs(first: 100) { '.repeat(12) + 'id' + ' }'.repeat(12);
    expect(over(`{ ${deep} }`)).toContainEqual(
      expect.stringContaining(
        `cost: ${Number.MAX_SAFE_INTEGER}, where a document may have ${REQUEST_LIMITS.cost}; the dearest field is \`runs.runs`,
      ),
    );
  });
});

describe('limits', () => {
  const nested = (levels: number): string =>
    `${'one { '.repeat(levels - 1)} id ${'} '.repeat(levels - 1)}`;
  it('allow what is just within, and no more: depth', () => {
    expect(over(`{ ${nested(REQUEST_LIMITS.depth)} }`)).toEqual([]);
    expect(over(`{ ${nested(REQUEST_LIMITS.depth + 1)} }`)).toEqual([
      `depth: ${REQUEST_LIMITS.depth + 1}, where a document may have ${REQUEST_LIMITS.depth}`,
    ]);
  });

  it('allow what is just within, and no more: aliases', () => {
    const aliased = (count: number): string =>
      Array.from({ length: count }, (_, i) => `a${i}: one { id }`).join(' ');
    expect(over(`{ ${aliased(REQUEST_LIMITS.aliases)} }`)).toEqual([]);
    expect(over(`{ ${aliased(REQUEST_LIMITS.aliases + 1)} }`)).toEqual([
      `aliases: ${REQUEST_LIMITS.aliases + 1}, where a document may have ${REQUEST_LIMITS.aliases}`,
    ]);
  });

  it('allow what is just within, and no more: directives', () => {
    const directed = (count: number): string => `one { id ${'@include(if: true) '.repeat(count)} }`;
    expect(over(`{ ${directed(REQUEST_LIMITS.directives)} }`)).toEqual([]);
    expect(over(`query q @skip(if: false) { ${directed(REQUEST_LIMITS.directives)} }`)).toEqual([
      `directives: ${REQUEST_LIMITS.directives + 1}, where a document may have ${REQUEST_LIMITS.directives}`,
    ]);
  });

  it('are of each operation by itself', () => {
    const query = (name: string): string =>
      `query ${name} { runs(first: 30) { runs(first: 50) { id } } }`;
    const several = Array.from({ length: 8 }, (_, i) => query(`q${i}`)).join(' ');
    expect(over(several)).toEqual([]);
  });
});
