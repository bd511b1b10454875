import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';
import { repository } from './golden.ts';
import { CATCHES, ENVIRONMENT, LONG_FILES, LONG_FUNCTIONS } from './tidyExceptions.ts';

/**
 * What ARCHITECTURE says of the house itself. Exceptions are listed with their size: what is larger
 * fails, and so does an exception that nothing needs any more, so that the lists only shrink.
 */

const MAX_FILE = 400;
const MAX_FUNCTION = 60;
const MAX_LINE = 100;

interface AstNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is AstNode =>
  typeof value === 'object' && value !== null && typeof (value as AstNode).type === 'string';

/** A file with its tree and the beginnings of its lines. */
class Source {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly #starts: readonly number[];
  readonly body: readonly AstNode[];

  constructor(name: string) {
    this.name = name;
    this.text = readFileSync(repository(name), 'utf8');
    this.lines = this.text.replace(/\n$/u, '').split('\n');
    let at = 0;
    this.#starts = this.lines.map((line) => {
      const start = at;
      at += line.length + 1;
      return start;
    });
    this.body = parseAst(this.text, { lang: 'ts' }).body as unknown as AstNode[];
  }

  /** From 1. */
  lineAt(offset: number): number {
    return this.#starts.findLastIndex((start) => start <= offset) + 1;
  }

  /** Every node, with the one that it stands in. */
  *nodes(
    of: unknown = this.body,
    parent?: AstNode,
  ): Generator<readonly [node: AstNode, parent: AstNode | undefined]> {
    if (Array.isArray(of)) {
      for (const each of of) yield* this.nodes(each, parent);
      return;
    }
    if (!isNode(of)) return;
    yield [of, parent];
    for (const value of Object.values(of)) yield* this.nodes(value, of);
  }
}

const sources = ['src', 'workers'].flatMap((folder) =>
  readdirSync(repository(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('store/generated'))
    .map((name) => new Source(join(folder, name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
);

const nameOf = (node: unknown): string | undefined => {
  const found = isNode(node) ? (node['name'] ?? node['value']) : undefined;
  return typeof found === 'string' ? found : undefined;
};

/** As it is called where it is declared: by itself, by its variable, by its key. */
function functionName(node: AstNode, parent: AstNode | undefined): string {
  const key = parent?.type === 'VariableDeclarator' ? parent['id'] : parent?.['key'];
  return nameOf(node['id']) ?? nameOf(key) ?? '(without a name)';
}

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];
const LITERALS = ['Literal', 'TemplateLiteral'];

type Sizes = ReadonlyMap<string, number>;

const sizes = (table: Readonly<Record<string, number>>): Sizes => new Map(Object.entries(table));

/** What is larger than its exception, and exceptions that nothing needs any more. */
function differences(found: Sizes, allowed: Sizes): string[] {
  return [
    ...[...found]
      .filter(([name, size]) => size > (allowed.get(name) ?? 0))
      .map(([name, size]) => `${name}: ${size}, allowed are ${allowed.get(name) ?? 'none'}`),
    ...[...allowed.keys()]
      .filter((name) => !found.has(name))
      .map((name) => `${name}: needs no exception any more`),
  ];
}

function counted(names: readonly string[]): Sizes {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

describe('files', () => {
  it(`have at most ${MAX_FILE} lines`, () => {
    const long = sources
      .filter(({ lines }) => lines.length > MAX_FILE)
      .map(({ name, lines }) => [name, lines.length] as const);
    expect(differences(new Map(long), sizes(LONG_FILES))).toEqual([]);
  });

  it(`have lines of at most ${MAX_LINE} characters, but for a literal that nothing breaks`, () => {
    const long = sources.flatMap((source) => {
      const broken = source.lines.flatMap((line, at) => (line.length > MAX_LINE ? [at + 1] : []));
      const literal = new Map<number, number>();
      for (const [node] of broken.length > 0 ? source.nodes() : [])
        if (LITERALS.includes(node.type))
          for (let at = source.lineAt(node.start); at <= source.lineAt(node.end - 1); at += 1)
            literal.set(at, (literal.get(at) ?? 0) + (node.end - node.start));
      return broken
        .filter((at) => (source.lines[at - 1]?.length ?? 0) - (literal.get(at) ?? 0) > MAX_LINE)
        .map((at) => `${source.name}:${at}`);
    });
    expect(long).toEqual([]);
  });
});

describe('functions', () => {
  it(`have at most ${MAX_FUNCTION} lines`, () => {
    const long = sources.flatMap((source) =>
      [...source.nodes()].flatMap(([node, parent]) => {
        if (!FUNCTIONS.includes(node.type)) return [];
        const length = source.lineAt(node.end - 1) - source.lineAt(node.start) + 1;
        return length > MAX_FUNCTION
          ? [[`${source.name} ${functionName(node, parent)}`, length] as const]
          : [];
      }),
    );
    expect(differences(new Map(long), sizes(LONG_FUNCTIONS))).toEqual([]);
  });
});

describe('names', () => {
  it('are exported once: a name with two meanings is two names', () => {
    const where = new Map<string, Set<string>>();
    for (const { name, body } of sources)
      for (const node of body) {
        const declaration = node['declaration'];
        if (node.type !== 'ExportNamedDeclaration' || !isNode(declaration)) continue;
        const declared = (declaration['declarations'] ?? [declaration]) as readonly AstNode[];
        for (const each of declared) {
          const exported = nameOf(each['id']);
          if (exported !== undefined)
            where.set(exported, (where.get(exported) ?? new Set()).add(name));
        }
      }
    const twice = [...where].filter(([, files]) => files.size > 1).map(([name]) => name);
    expect(twice).toEqual([]);
    expect(where.size).toBeGreaterThan(900);
  });
});

describe('the environment', () => {
  it('is read by config alone, and by those who start from it', () => {
    const readers = sources
      .filter(({ name, text }) => /process\.env\b/u.test(text) && !name.startsWith('src/config/'))
      .map(({ name }) => name);
    expect(differences(counted(readers), counted(ENVIRONMENT))).toEqual([]);
  });
});

describe('catch', () => {
  it('stands outside of api, cli and workers where it is counted: whoever adds one says so', () => {
    const found = sources.flatMap((source) => {
      const folder = source.name.split('/').slice(0, 2).join('/');
      if (['src/api', 'src/cli'].includes(folder) || folder.startsWith('workers/')) return [];
      return [...source.nodes()].flatMap(([{ type }]) => (type === 'CatchClause' ? [folder] : []));
    });
    expect(differences(counted(found), sizes(CATCHES))).toEqual([]);
  });
});
