import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** The rows of a table between two marks, cell by cell, without the head. */
function table(mark: string): string[][] {
  const text = page.split(`<!-- ${mark} -->`)[1]?.split(`<!-- /${mark} -->`)[0] ?? '';
  return text
    .trim()
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

const floors = new Map(table('floors').map(([floor, folder]) => [folder ?? '', Number(floor)]));
const allowed = table('allowed');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = ['src', 'workers'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('src/store/generated')),
);

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^\s*import\s+()'([^']+)'|\bimport\(()'([^']+)'\)/gmu;

/** Static and dynamic imports, re-exports too, by text: the style is fixed enough for that. */
function importsOf(file: string): Import[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map((match) => {
    const target = match[2] ?? match[4] ?? match[6] ?? '';
    const to = target.startsWith('.') ? relative(root, join(root, dirname(file), target)) : target;
    return { from: file, to, typeOnly: match[1] !== undefined };
  });
}

const imports = files.flatMap(importsOf);
const own = imports.filter(({ to }) => to.startsWith('src/') || to.startsWith('workers/'));

/** The folder of the table that a file belongs to: the longest that contains it. */
function folderOf(file: string): string {
  return (
    [...floors.keys()]
      .filter((folder) => file.startsWith(`${folder}/`))
      .sort((a, b) => b.length - a.length)[0] ?? ''
  );
}

function isFine({ from, to }: Import): boolean {
  const [a, b] = [folderOf(from), folderOf(to)];
  if (a === b || a.startsWith(`${b}/`)) return true;
  if ((floors.get(b) ?? Infinity) < (floors.get(a) ?? 0)) return true;
  return allowed.some(([source, target]) => source === a && target === b);
}

describe('floors', () => {
  it('list every folder', () => {
    expect(files.filter((file) => folderOf(file) === '')).toEqual([]);
    expect(floors.size).toBeGreaterThan(15);
  });

  it('are respected by every import', () => {
    expect(own.length).toBeGreaterThan(300);
    expect(own.filter((each) => !isFine(each)).map(({ from, to }) => `${from} → ${to}`)).toEqual(
      [],
    );
  });

  it('have no exception that nobody uses', () => {
    for (const [source, target] of allowed)
      expect(
        own.some(({ from, to }) => folderOf(from) === source && folderOf(to) === target),
        `${source} → ${target}`,
      ).toBe(true);
  });

  it('would notice an upward arrow, a sideways one and a folder of its own floor', () => {
    const arrow = (from: string, to: string): boolean => isFine({ from, to, typeOnly: false });
    expect(arrow('src/model/typecheck.ts', 'src/graph/graph.ts')).toBe(false);
    expect(arrow('src/engines/z3/index.ts', 'src/engines/tlc/index.ts')).toBe(false);
    expect(arrow('src/encode/names.ts', 'src/encode/tla/module.ts')).toBe(false);
    expect(arrow('src/encode/tla/module.ts', 'src/encode/names.ts')).toBe(true);
  });
});

describe('imports', () => {
  it('form no circle between files', () => {
    const targets = new Map(
      files.map((file) => [file, own.filter(({ from }) => from === file).map(({ to }) => to)]),
    );
    expect(circleIn(targets)).toBeUndefined();
  });

  it('keep model and errors free of Node and, but for what FEEL needs, of packages', () => {
    const outside = imports.filter(
      ({ from, to }) => /^src\/(model|errors)\//u.test(from) && !to.startsWith('src/'),
    );
    expect(outside.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('keep the offline verifier away from keys, stores, files and the network', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) visit(to);
    };
    visit('src/evidence/verify/verify.ts');
    expect(
      [...reached].filter(
        (file) =>
          /^node:|keys\.ts$|^src\/(store|service|queue|config)\//u.test(file) &&
          file !== 'node:crypto',
      ),
    ).toEqual([]);
  });

  it('leave the store to the service: the API takes its types, and asks nothing of it', () => {
    const asking = files.filter(
      (file) =>
        file.startsWith('src/api/') && /\bstore\.\w/u.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(asking).toEqual([]);
  });

  it('leave Prisma and pg to the store', () => {
    const strangers = imports.filter(
      ({ from, to }) =>
        /^(pg|@prisma\/.*)$/u.test(to) &&
        !from.startsWith('src/store/') &&
        from !== 'src/cli/doctor.ts',
    );
    expect(strangers.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });
});

/** Some circle, as the list of its files; nothing when there is none. */
function circleIn(targets: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of targets.get(file) ?? []) {
      const circle = visit(target);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
