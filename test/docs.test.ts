import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS, PROBLEMS } from '../src/errors/index.ts';
import {
  CELL_TYPES,
  ENGINE_LIMITS,
  limitsOf,
  ENGINE_KINDS,
  REFUSED,
  supported,
} from '../src/checking/support.ts';
import { ENGINE_NAMES } from '../src/model/engine.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { check } from './cli/run.ts';
import { GOLDEN, repository } from './golden.ts';
import { printed, read } from './printed.ts';

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n');

describe('docs/engines.md', () => {
  const SIGN = { yes: '●', limited: '◐', no: '–' } as const;
  it('prints the table of what is supported', async () => {
    const cell = (kind: (typeof ENGINE_KINDS)[number], type: (typeof CELL_TYPES)[number]): string =>
      ENGINE_NAMES.map(
        (engine) => `${SIGN[supported(engine, kind, type)]}${letterOf(engine)}`,
      ).join(' ');
    await printed(
      'docs/engines.md',
      'support',
      table(
        ['', ...CELL_TYPES],
        ENGINE_KINDS.map((kind) =>
          row(`\`${kind}\``, ...CELL_TYPES.map((type) => cell(kind, type))),
        ),
      ),
    );
  });
  it('prints the limits', async () => {
    await printed(
      'docs/engines.md',
      'limits',
      ENGINE_LIMITS.map(
        (l) =>
          `- **${l.engine}**, ${l.types.join(', ')}${l.kinds ? `, \`${l.kinds.join('`, `')}\`` : ''}: ${l.about}.`,
      ).join('\n'),
    );
    for (const limit of ENGINE_LIMITS)
      for (const type of limit.types)
        expect(limitsOf(limit.engine, limit.kinds?.[0] ?? 'always', type)).toContain(limit);
  });
  it('prints what is not asked', async () => {
    await printed(
      'docs/engines.md',
      'refused',
      ENGINE_NAMES.flatMap((engine) =>
        Object.entries(REFUSED[engine]).map(
          ([kind, why]) => `- **${engine}**, \`${kind}\`: ${why}.`,
        ),
      ).join('\n'),
    );
  });
  const letterOf = (engine: string): string => engine.charAt(0).toUpperCase();
});

describe('docs/codes.md', () => {
  for (const [mark, codes] of Object.entries({ problems: PROBLEMS, faults: FAULTS })) {
    it(`prints the table of ${mark}`, () =>
      printed(
        'docs/codes.md',
        mark,
        table(
          ['Code', 'Means'],
          Object.entries(codes).map(([code, meaning]) => row(`\`${code}\``, meaning)),
        ),
      ));
  }
});

describe('README.md', () => {
  const readme = read('README.md');

  it('names every command', () => {
    const commands = COMMANDS.map(({ name }) => name).sort();
    expect([...readme.matchAll(/^\| `probity ([\w-]+)/gmu)].map(([, name]) => name).sort()).toEqual(
      commands,
    );
    expect(commands.length).toBeGreaterThan(8);
  });

  const blocks = [
    ...readme.matchAll(
      /<!-- run -->\n\n?```console\n\$ npx --no probity check ([^\n]+)\n([^`]+)```/gu,
    ),
  ];
  it('has blocks to run', () => expect(blocks.length).toBeGreaterThan(1));
  // What a block shows is what comes out, but for the time it took.
  const steady = (text: string): string => text.replace(/\d+\.\d+ s /gu, '0.0 s ').trim();
  for (const [, args = '', shown = ''] of blocks) {
    it(`check ${args} prints what is shown`, async () => {
      const { stdout } = await check(
        ...args.split(' ').map((arg) => (arg.includes('/') ? repository(arg) : arg)),
      );
      if (GOLDEN)
        writeFileSync(
          repository('README.md'),
          read('README.md').replace(shown, `${stdout.trim()}\n`),
        );
      expect(steady(stdout)).toBe(
        steady(read('README.md').split(`check ${args}\n`)[1]?.split('```')[0] ?? ''),
      );
    });
  }
});

describe('nobody is led to a package that is not ours', () => {
  it('no text of ours fetches the command by its name', () => {
    const texts = ['.', 'docs', 'docs/adr', 'src', 'specs'].flatMap((folder) =>
      readdirSync(repository(folder), { recursive: folder !== '.', encoding: 'utf8' })
        .filter((name) => /\.(md|ts|html|yaml)$/u.test(name) && !name.includes('generated'))
        .map((name) => join(folder, name)),
    );
    const leading = /npx (?!--no )[^`\n]*\bprobity|npm (install|i) (-g )?probity/u;
    expect(texts.filter((file) => leading.test(read(file)))).toEqual([]);
    expect(texts.length).toBeGreaterThan(300);
  });

  it('a package of the checkout has what the command needs', () => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: repository('.'),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ files: { path: string }[] }];
    const files = packed.files.map(({ path }) => path);
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'schema.graphql',
        'scripts/pkcs11.mjs',
        'specs/demo/order.bpmn',
        'src/engines/tlc/TlcHost.java',
      ]),
    );
    expect(files.some((path) => path.startsWith('prisma/migrations/'))).toBe(true);
    expect(files.filter((path) => path.startsWith('test/'))).toEqual([]);
  });
});

describe('all pages', () => {
  const pages = ['.', 'docs', 'docs/adr'].flatMap((folder) =>
    readdirSync(repository(folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );

  it('link to what is there', () => {
    const dead = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/gu)]
        .map(([, target = '']) => join(dirname(page), target))
        .filter((target) => !existsSync(repository(target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(dead).toEqual([]);
    expect(pages.length).toBeGreaterThan(10);
  });

  it('name only files that are there', () => {
    const named = pages
      .filter((page) => page !== 'CHANGELOG.md')
      .flatMap((page) =>
        [
          ...read(page).matchAll(/`((?:src|test|specs|schemas|scripts|workers)\/[\w./-]+\.\w+)`/gu),
        ].map(([, path = '']) => `${page} → ${path}`),
      );
    expect(named.filter((each) => !existsSync(repository(each.split(' → ')[1] ?? '')))).toEqual([]);
  });

  it('are the decisions that the code points to', () => {
    const files = readdirSync(repository('src'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.includes('generated'),
    );
    const cited = files.flatMap((name) =>
      [...read(join('src', name)).matchAll(/docs\/adr\/(\d{3})/gu)].map(([, number]) => number),
    );
    const there = readdirSync(repository('docs/adr')).map((name) => name.slice(0, 3));
    expect(there.filter((number, i) => there.indexOf(number) !== i)).toEqual([]);
    expect(cited.filter((number) => !there.includes(number ?? ''))).toEqual([]);
    expect(cited.length).toBeGreaterThan(0);
  });

  it('list every dependency with a reason', () => {
    const manifest = JSON.parse(read('package.json')) as {
      dependencies: object;
      optionalDependencies: object;
      devDependencies: object;
    };
    const names = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.optionalDependencies),
      ...Object.keys(manifest.devDependencies),
    ].sort();
    expect(
      [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\|/gmu)]
        .map(([, name]) => name)
        .sort(),
    ).toEqual(names);
  });
});
