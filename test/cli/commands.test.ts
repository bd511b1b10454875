import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { allCommands, flagOf, type Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { CHECK_OPTIONS, SUBMISSION_OPTIONS } from '../../src/cli/options.ts';
import { FORMATS, nounsTaking, type FormatOption } from '../../src/checking/formats.ts';
import type { Problem } from '../../src/errors/index.ts';
import { FORMAT_NAMES, type FormatName } from '../../src/model/formats.ts';
import { readOptions, type RequestedOptions } from '../../src/service/options.ts';
import { repository } from '../golden.ts';
import { modelText } from '../model/tiny.ts';
import { read } from '../printed.ts';
import { check, fileOf, probity, type Ended } from './run.ts';

const ALL = allCommands(COMMANDS);
const commandAt = (path: string): Command => ALL.find((each) => each.path === path)!.command;
const problemsIn = ({ stdout }: Ended): Problem[] =>
  (JSON.parse(stdout) as { problems: Problem[] }).problems;

/** The words of a line as a shell takes them, as far as examples need it. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/ [>|#] .*$/u, '').matchAll(/"([^"]*)"|'([^']*)'|\S+/gu)].map(
    ([all, double, single]) => double ?? single ?? all,
  );

describe('every command', () => {
  for (const { path, command } of ALL) {
    it(`${path} answers --help from its row`, async () => {
      for (const flag of ['--help', '-h']) {
        const { exit, stdout, stderr } = await probity(...path.split(' '), flag);
        expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
        expect(stdout).toMatch(new RegExp(`^probity ${path}\\b`, 'u'));
        for (const name of Object.keys(command.options ?? {}))
          expect(stdout).toContain(flagOf(name));
        for (const heading of ['Options', 'Examples', 'Exit codes'])
          expect(stdout).toContain(`\n${heading}\n`);
        for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
      }
    });

    it(`${path} refuses an option that is not there, by one code`, async () => {
      const { exit, stdout } = await probity(...path.split(' '), '--nonsense', '--json');
      expect(exit).toBe(2);
      if (command.json === false) return;
      expect(problemsIn({ exit, stdout, stderr: '' })[0]).toEqual({
        code: 'OPTION_INVALID',
        path: '--nonsense',
        message: 'unknown option --nonsense',
      });
    });

    it(`${path} has examples that its row can read`, () => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const { line } of command.examples) {
        const words = wordsOf(line);
        const own = path.split(' ').length;
        expect(words.slice(0, own).join(' ')).toBe(path);
        expect(readArguments(command, words.slice(own)), line).toMatchObject({ ok: true });
      }
    });
  }

  it('of a group is listed with its signature, and a group answers --help too', async () => {
    const { exit, stdout } = await probity('keys', '--help');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/rotate \[ROLE\] --reason TEXT {2}replace a key/u);
    expect((await probity('help', 'keys', 'rotate')).stdout).toBe(
      (await probity('keys', 'rotate', '--help')).stdout,
    );
  });

  it('that is not there is a problem with a code, and the nearest that is', async () => {
    for (const [args, near] of [
      [['chek'], 'check'],
      [['keys', 'rotat'], 'rotate'],
    ] as const) {
      const ended = await probity(...args, '--json');
      expect(ended.exit).toBe(2);
      expect(problemsIn(ended)).toMatchObject([{ code: 'COMMAND_UNKNOWN' }]);
      expect(problemsIn(ended)[0]?.message).toContain(`did you mean \`${near}\`?`);
    }
    expect((await probity('log')).stderr).toContain('COMMAND_UNKNOWN');
    expect((await probity()).exit).toBe(2);
  });

  it('says the version', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    for (const args of [['--version'], ['check', '--version'], ['keys', '--version']])
      expect(await probity(...args)).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('arguments', () => {
  it('are read all at once, and every problem names its option', async () => {
    const ended = await check('a', '--timeout', '-3', '--memory', '--json', '--format', 'pdf');
    expect(problemsIn(ended).map(({ code, path }) => [code, path])).toEqual([
      ['OPTION_INVALID', '--memory'],
      ['FORMAT_UNKNOWN', '--format'],
      ['OPTION_INVALID', '--timeout'],
    ]);
  });

  it('may be given as --name=value, and after -- with a dash', () => {
    const row = commandAt('check');
    expect(readArguments(row, ['--timeout=3', '--engine=tlc', '--', '-x.yaml'])).toMatchObject({
      value: { file: '-x.yaml', timeout: 3, engines: ['tlc'] },
    });
    expect(readArguments(row, ['a', '--strict=yes'])).toMatchObject({
      problems: [{ code: 'OPTION_INVALID', path: '--strict' }],
    });
    expect(readArguments(row, ['a', 'b'])).toMatchObject({
      problems: [{ code: 'OPTION_INVALID', path: 'FILE' }],
    });
  });
});

describe('check and submit', () => {
  it('share their options', () => {
    const shared = Object.keys({ ...SUBMISSION_OPTIONS, ...CHECK_OPTIONS });
    for (const path of ['check', 'submit'])
      expect(Object.keys(commandAt(path).options ?? {})).toEqual(expect.arrayContaining(shared));
    const own = Object.keys(commandAt('submit').options ?? {}).filter(
      (name) => !shared.includes(name),
    );
    expect(own).toEqual([
      'threats',
      'budget',
      'controls',
      'noSeal',
      'noCrossCheck',
      'noWait',
      'server',
      'key',
    ]);
  });

  const SCRIPT = '(declare-const p Bool)\n(assert p)\n(check-sat)\n';
  it('refuse of a script what nobody can answer', async () => {
    const file = fileOf('asks.smt2', SCRIPT);
    expect((await check(file)).exit).toBe(0);
    for (const [args, code, path] of [
      [['--format', 'promela'], 'FORMAT_UNKNOWN', '--format'],
      [['--assurance', 'crossChecked'], 'OPTION_INVALID', 'assurance'],
      [['--engines', 'tlc'], 'OPTION_INVALID', 'engines'],
      [['--property', 'p'], 'PROPERTY_UNKNOWN', 'properties'],
      [['--engines', 'oracle'], 'ENGINE_UNKNOWN', '--engines'],
    ] as const) {
      const ended = await check(file, ...args, '--json');
      expect(ended.exit, args.join(' ')).toBe(2);
      expect(problemsIn(ended), args.join(' ')).toMatchObject([{ code, path }]);
    }
  });
});

describe('the same mistake', () => {
  const KNOWN = new Set(['p']);
  const source = modelText(
    'variables: { x: { type: bool, init: false } }\nactions: { turn: { actor: me, then: { x: not(x) } } }\nproperties: { p: { always: x or not(x) } }',
  );
  const MISTAKES: readonly (readonly [args: readonly string[], requested: RequestedOptions])[] = [
    [['--engines', 'oracle'], { engines: ['oracle'] }],
    [['--property', 'q'], { properties: ['q'] }],
    [['--assurance', 'faith'], { assurance: ['faith'] }],
    [['--timeout', '-1'], { limits: { timeoutMs: -1 } }],
    [['--max-states', '0'], { limits: { maxStates: 0 } }],
    [['--memory', '0'], { limits: { memoryMb: 0 } }],
  ];
  it('has the same code in the command and in the service', async () => {
    const file = fileOf('mistaken.yaml', source);
    for (const [args, requested] of MISTAKES) {
      const read = readOptions(requested, KNOWN, () => new Set());
      const theirs = read.ok ? [] : read.problems.map(({ code }) => code);
      const ours = problemsIn(await check(file, ...args, '--json')).map(({ code }) => code);
      expect(ours, args.join(' ')).toEqual(theirs);
      expect(ours.length).toBe(1);
    }
  });
});

describe('what only some formats know', () => {
  const FILES: Readonly<Record<FormatName, string>> = {
    native: repository('specs/demo/checkout.yaml'),
    bpmn: repository('specs/demo/order.bpmn'),
    tla: fileOf(
      'Stray.tla',
      "---- MODULE Stray ----\nVARIABLE x\nInit == x = 0\nNext == x' = x\n====\n",
    ),
    smt: fileOf('stray.smt2', '(check-sat)\n'),
  };
  fileOf('Stray.cfg', 'INIT Init\nNEXT Next\n');
  const GIVEN: Readonly<Record<Exclude<FormatOption, 'files'>, readonly string[]>> = {
    config: [fileOf('other.cfg', 'INIT Init\nNEXT Next\n')],
    modules: ['.'],
    annotations: [fileOf('side.yaml', '{}')],
    channels: ['bag'],
    outside: ['silent'],
    strict: [],
    svg: ['/nowhere/svg'],
    fixes: [],
    fix: ['/nowhere/fixed'],
    reduction: ['never'],
  };

  for (const format of FORMAT_NAMES) {
    it(`is refused of ${format}, by the name of the option`, async () => {
      for (const [name, value] of Object.entries(GIVEN)) {
        const option = name as FormatOption;
        if (FORMATS[format].takes.includes(option)) continue;
        const ended = await check(FILES[format], flagOf(name), ...value, '--json');
        expect(ended.exit, name).toBe(2);
        expect(problemsIn(ended), name).toMatchObject([
          { code: 'OPTION_INVALID', path: flagOf(name) },
        ]);
        expect(problemsIn(ended)[0]?.message).toContain(`is for a ${nounsTaking(option)}`);
      }
    });
  }

  it('stands in help under what it is of', async () => {
    const { stdout } = await probity('check', '--help');
    expect(stdout).toMatch(/\nOptions of a TLA\+ module\n {2}--config FILE[^]*--modules DIR/u);
    expect(stdout).toMatch(/\nOptions of a diagram\n {2}--annotations FILE[^]*--fix FILE/u);
  });
});

describe('what the pages say of commands', () => {
  const pages = ['README.md', ...readdirSync(repository('docs')).map((name) => `docs/${name}`)]
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, read(name)] as const);
  /** Each `probity …` of a page, on one line or in one code span. */
  const said = pages.flatMap(([page, text]) =>
    [...text.matchAll(/(?<![\w/.-])probity ([a-z][^`\n]*)/gu)].map(
      ([, line = '']) => [page, line] as const,
    ),
  );

  it('names only options that there are', () => {
    const wrong = said.flatMap(([page, line]) => {
      const words = wordsOf(line);
      const known =
        ALL.find(({ path }) => path === words.slice(0, path.split(' ').length).join(' ')) ??
        undefined;
      if (!known) return [];
      const { options = {} } = known.command;
      const flags = [
        '--json',
        '--help',
        ...Object.entries(options).flatMap(([name, { alias }]) => [flagOf(name), `--${alias}`]),
      ];
      return words
        .flatMap((word) => /^\[?(--[a-z][a-z0-9-]*)/u.exec(word)?.[1] ?? [])
        .filter((flag) => !flags.includes(flag))
        .map((flag) => `${page}: ${known.path} ${flag}`);
    });
    expect(wrong).toEqual([]);
    expect(said.length).toBeGreaterThan(60);
  });

  it('names only commands that there are', () => {
    const names = COMMANDS.map(({ name }) => name);
    const strange = said
      .map(([page, line]) => [page, /^[a-z-]+/u.exec(line)?.[0] ?? ''] as const)
      .filter(([, name]) => !names.includes(name));
    // In prose the word may be followed by any other.
    expect(strange.filter(([, name]) => nearlyACommand(name))).toEqual([]);
  });
  const nearlyACommand = (name: string): boolean => name.includes('-');
});

describe('probity completion', () => {
  it('prints a script for each shell, with every command and option', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { exit, stdout } = await probity('completion', shell);
      expect(exit).toBe(0);
      for (const { command } of ALL) {
        expect(stdout).toContain(command.name);
        for (const name of Object.keys(command.options ?? {}))
          expect(stdout).toContain(flagOf(name).slice(2));
      }
      const file = join(mkdtempSync(join(tmpdir(), 'probity-completion-')), shell);
      writeFileSync(file, stdout);
      // A shell that is not here checks nothing.
      const { status, stderr, error } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      if (!error) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
    expect((await probity('completion', 'tcsh')).exit).toBe(2);
  });

  const COMPLETIONS: readonly (readonly [line: string, expected: readonly string[]])[] = [
    ['probity ch', ['check']],
    ['probity keys ro', ['rotate']],
    ['probity keys rotate l', ['log', 'ledger']],
    ['probity check --prop', ['--property']],
    ['probity check --engines t', ['tlc']],
    ['probity check x.yaml --reduction ', ['auto', 'always', 'never']],
    ['probity completion f', ['fish']],
    ['probity check pack', ['package.json', 'package-lock.json']],
    ['probity check --artifacts sp', ['specs']],
    ['probity revoke --reason ', []],
  ];
  it('completes in bash', async () => {
    const { stdout: script } = await probity('completion', 'bash');
    const asked = COMPLETIONS.map(([line]) => {
      const words = line.split(' ');
      const quoted = words.map((word) => `'${word}'`).join(' ');
      return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _probity; echo "\${COMPREPLY[*]}"`;
    });
    const { stdout, stderr } = spawnSync('bash', ['-c', [script, ...asked].join('\n')], {
      cwd: repository('.'),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const given = stdout.split('\n').map((line) => line.split(' ').filter((word) => word !== ''));
    for (const [at, [line, expected]] of COMPLETIONS.entries())
      expect([...(given[at] ?? [])].sort(), line).toEqual([...expected].sort());
  });
});

describe('rows', () => {
  /** All files of ours that one loads at once, and the packages. */
  function reached(from: string, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(from)) return seen;
    seen.add(from);
    if (!from.endsWith('.ts')) return seen;
    const text = read(from);
    const imports = text.matchAll(
      /^(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gmu,
    );
    for (const [, to = ''] of imports)
      reached(to.startsWith('.') ? join(dirname(from), to) : to, seen);
    return seen;
  }

  it('cost little: help loads neither engines, stores nor packages', () => {
    const loaded = [...reached('src/cli/main.ts')];
    expect(loaded).toContain('src/cli/commands/models.ts');
    expect(loaded.filter((file) => !/^src\/|^node:/u.test(file))).toEqual([]);
    expect(
      loaded.filter((file) => /^src\/(engines|store|service|api|encode)\//u.test(file)),
    ).toEqual([]);
    expect(loaded.length).toBeLessThan(60);
  });
});
