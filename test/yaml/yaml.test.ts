import { describe, expect, it } from 'vitest';
import { unquotedBrackets } from '../../src/yaml/unquoted.ts';
import { readYaml } from '../../src/yaml/yaml.ts';

const said = (source: string): readonly string[] => {
  const read = readYaml(source);
  return read.ok
    ? []
    : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
};

describe('text that is no YAML', () => {
  it('says each place where a bracket needs quotes, and none of what follows from it', () => {
    const source = [
      'variables: { s: { type: map O to enum [x, y], init: x } }',
      'actions:',
      '  go: { when: s[o] = x, then: { s[o]: y, t: "s[o]" } } # not [here]',
      'more: yes',
    ].join('\n');
    expect(said(source)).toEqual([
      '1:25 a text with a bracket inside of { } or [ ] ends there: put it in quotes, "map O to enum [x, y]"',
      '3:15 a text with a bracket inside of { } or [ ] ends there: put it in quotes, "s[o] = x"',
      '3:33 a text with a bracket inside of { } or [ ] ends there: put it in quotes, "s[o]"',
    ]);
  });

  it('says the first of other mistakes, with its cure', () => {
    expect(said('name: a: b\nmore: c: d\n')).toEqual([
      '1:7 Nested mappings are not allowed in compact mappings: a text with `: ` in it stands in quotes',
    ]);
    expect(said('a: { b: 1\nc: 2\n')).toEqual([
      expect.stringMatching(/^2:1 Flow map .*: a `\{` or `\[` before it is not closed$/),
    ]);
    expect(said('a:\n\tb: 1\n')).toEqual([expect.stringMatching(/indented with spaces$/)]);
  });

  it('tells at most five places', () => {
    expect(said(`a: [${'s[o] = x, '.repeat(40)}]`)).toHaveLength(5);
  });

  it('lists, maps and quoted texts are no mistakes', () => {
    expect(
      unquotedBrackets(
        'a: { b: [1, [2, x]], c: {d: e}, f: "g[h]", i: \'j[k]\' } # l[m]\nn: o[p]\n',
      ),
    ).toEqual([]);
  });
});
