import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepWarm, warmJvms } from '../../src/engines/tlc/pool.ts';
import type { PropertyReport, Report } from '../../src/model/outcome.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { check } from '../cli/run.ts';
import { CACHE_DIR, reportOn, tlcAbsence } from '../conformance/checking.ts';
import { needs } from '../tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'probity-tlc-test-'));
const COUNT = (to: number): string =>
  `probity: 1\nname: Count\nvariables:\n  n: { type: int 0..${to}, init: 0 }\nactors: { shop: {} }\nactions:\n  up: { actor: shop, when: n < ${to}, then: { n: n + 1 } }\nproperties:\n  small: { always: n < ${to} }\n  ends: { reachable: n = ${to} }\nfinal: n = ${to}\n`;
const WIDE = `probity: 1\nname: Wide\nvariables:\n${Array.from({ length: 24 }, (_, i) => `  b${i}: { type: bool, init: false }\n`).join('')}actors: { shop: {} }\nactions:\n${Array.from({ length: 24 }, (_, i) => `  f${i}: { actor: shop, then: { b${i}: not(b${i}) } }\n`).join('')}`;

/** The command lines of all processes that name a folder. */
function processesWith(text: string, which: (pid: number) => boolean = () => true): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes(text) && which(Number(pid)) ? [line.replaceAll('\0', ' ')] : [];
      } catch {
        return [];
      }
    });
}

/** Whether this process started it: others run at the same time, for other tests. */
function isOurs(pid: number): boolean {
  for (
    let at = pid;
    at > 1;
    at = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${at}/stat`, 'utf8'))?.[1] ?? 0)
  )
    if (at === process.pid) return true;
  return false;
}

async function until(what: () => boolean, ms = 90_000): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await delay(50)) if (what()) return true;
  return what();
}

let absent: string | undefined;
beforeAll(async () => {
  absent = await tlcAbsence();
}, 240_000);
afterAll(() => keepWarm(0));

describe('a warm JVM', () => {
  it('serves one job and ends; what it answers is what a cold one answers', async ({ skip }) => {
    needs('javac', skip);
    if (absent !== undefined) skip(absent);
    keepWarm(1);
    const facts = (report: Report): unknown =>
      report.properties.map((p) => [
        p.name,
        p.outcome,
        p.evidence?.['distinctStates'],
        p.trace?.steps.length,
      ]);
    const jvms = (report: Report): unknown[] => [
      ...new Set(report.properties.map((p) => p.evidence?.['jvm'])),
    ];
    const one = { properties: ['small'] };
    const first = await reportOn(COUNT(3), ['tlc'], one);
    expect(await until(() => warmJvms() === 1)).toBe(true);
    const [idle] = processesWith('probity-warm-', isOurs);
    // Two runs of TLC: one until `small` breaks, one for the rest.
    const second = await reportOn(COUNT(3), ['tlc'], one);
    expect(facts(second)).toEqual(facts(first));
    expect(jvms(first)).toContain('cold');
    expect(jvms(second)).toContain('warm');
    expect(await until(() => warmJvms() === 1)).toBe(true);
    expect(processesWith('probity-warm-', isOurs)).not.toContain(idle);
    keepWarm(0);
    expect(await until(() => processesWith('probity-warm-', isOurs).length === 0)).toBe(true);
  }, 240_000);
});

describe('no process outlives its work', () => {
  /** A check that goes on for long, in a process of its own with a folder of its own. */
  function longCheck(name: string): {
    readonly folder: string;
    readonly child: ReturnType<typeof spawn>;
  } {
    const folder = join(scratch, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'wide.yaml'), WIDE);
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        'src/cli/main.ts',
        'check',
        join(folder, 'wide.yaml'),
        '--engines',
        'tlc',
      ],
      {
        cwd: root,
        env: { ...process.env, TMPDIR: folder, PROBITY_CACHE_DIR: CACHE_DIR },
        stdio: 'ignore',
      },
    );
    return { folder, child };
  }
  const running = (folder: string): boolean => processesWith(`${folder}/probity-tlc-`).length > 0;

  it.for(['SIGKILL', 'SIGINT'] as const)(
    'when the command ends by %s, TLC does',
    { timeout: 180_000 },
    async (signal, { skip }) => {
      needs('javac', skip);
      if (absent !== undefined) skip(absent);
      const { folder, child } = longCheck(signal);
      expect(await until(() => running(folder))).toBe(true);
      child.kill(signal);
      expect(await until(() => !running(folder), 20_000)).toBe(true);
    },
  );

  it('when the check is cancelled, TLC ends, and so does every solver', async ({ skip }) => {
    if (absent !== undefined) skip(absent);
    const abort = new AbortController();
    const told: unknown[] = [];
    const work = checkSubmission(
      { source: WIDE, format: 'native', name: 'wide' },
      { ...DEFAULT_OPTIONS, engines: ['tlc', 'z3'] },
      { signal: abort.signal, cacheDir: CACHE_DIR, onProgress: (p) => told.push(p) },
    );
    expect(
      await until(() =>
        told.some(
          (p) =>
            (p as { engine: string; queue?: number }).engine === 'tlc' &&
            (p as { queue?: number }).queue !== undefined,
        ),
      ),
    ).toBe(true);
    abort.abort();
    const result = await work;
    if (!result.ok) throw new Error('refused');
    expect(
      result.value.report.properties
        .find((p) => p.name === 'deadlockFree')
        ?.engines.find((e) => e.name === 'tlc'),
    ).toMatchObject({ outcome: 'unknown', reason: 'cancelled' });
    expect(await until(() => processesWith('z3Child.js', isOurs).length === 0, 20_000)).toBe(true);
  }, 180_000);
});

describe('a TLC that is not what it should be', () => {
  /** A `java` that says what a test wants it to say. */
  function java(name: string, body: string): string {
    const home = join(scratch, `java-${name}`);
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(
      join(home, 'bin', 'java'),
      `#!/bin/sh\nif [ "$1" = "-version" ]; then echo 'openjdk version "17.0.9"' >&2; exit 0; fi\n${body}\n`,
      { mode: 0o755 },
    );
    return home;
  }
  const message = (code: number, text: string): string =>
    `printf '@!@!@STARTMSG ${code}:0 @!@!@\\n${text}\\n@!@!@ENDMSG ${code} @!@!@\\n'`;
  const OK = message(
    2193,
    'Model checking completed. No error has been found.\\n  calculated (optimistic):  val = 0.0',
  );
  const stats = (left: number): string =>
    message(2199, `4 states generated, 4 distinct states found, ${left} states left on queue.`);

  it.each([
    ['says nothing, and exits 0', '', 'crash'],
    ['completes, and exits 12', `${OK}\n${stats(0)}\nexit 12`, 'crash'],
    ['completes, with states left', `${OK}\n${stats(5)}`, 'crash'],
    ['completes, without a count', OK, 'crash'],
    ['counts, and does not complete', stats(0), 'crash'],
    [
      'breaks off in the middle of a message',
      `${stats(0)}\nprintf '@!@!@STARTMSG 2193:0 @!@!@\\nModel checking completed. No err'`,
      'crash',
    ],
    ['is killed after it said that all is well', `${OK}\n${stats(0)}\nkill -9 $$`, 'crash'],
    [
      'runs out of memory, and says that all is well',
      `${OK}\n${stats(0)}\necho 'java.lang.OutOfMemoryError: Java heap space' >&2`,
      'memory',
    ],
    [
      'finds the disk full',
      "echo 'java.io.IOException: No space left on device' >&2; exit 1",
      'memory',
    ],
    [
      'prints without end',
      'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
      'crash timeout',
    ],
    ['hangs', 'sleep 600', 'timeout'],
    [
      'shows a violation without a state',
      `${message(2110, 'Invariant small is violated.')}\n${stats(0)}\nexit 12`,
      'unreplayable crash',
    ],
  ])(
    '%s: unknown',
    async (name, body, reason) => {
      const small = await checkWith(java(name.replace(/\W+/g, '-'), body));
      expect(small.outcome).toBe('unknown');
      expect(reason.split(' ')).toContain(small.reason);
    },
    60_000,
  );

  async function checkWith(home: string): Promise<PropertyReport> {
    const file = join(scratch, 'count.yaml');
    writeFileSync(file, COUNT(3));
    for (const [name, value] of Object.entries({
      JAVA_HOME: home,
      TLA2TOOLS_JAR: file,
      PROBITY_CACHE_DIR: join(scratch, 'cache'),
    }))
      vi.stubEnv(name, value);
    const { exit, stdout, stderr } = await check(
      file,
      '--json',
      '--engines',
      'tlc',
      '--property',
      'small',
      '--timeout',
      '3',
    );
    vi.unstubAllEnvs();
    expect([exit, stderr]).toEqual([3, '']);
    const small = (JSON.parse(stdout) as Report).properties.find((p) => p.name === 'small');
    if (!small) throw new Error(stdout);
    return small;
  }
});

describe('a disk that is full', () => {
  it('is unknown, with the reason', async ({ skip }) => {
    needs('bubblewrap', skip);
    if (absent !== undefined) skip(absent);
    const small = join(scratch, 'small');
    mkdirSync(small);
    const boxed = ['--dev-bind', '/', '/', '--size', String(256 * 1024), '--tmpfs', small];
    const file = join(scratch, 'full.yaml');
    writeFileSync(file, WIDE);
    const { stdout, stderr } = spawnSync(
      'bwrap',
      [
        ...boxed,
        process.execPath,
        '--import',
        'tsx',
        'src/cli/main.ts',
        'check',
        file,
        '--json',
        '--engines',
        'tlc',
        '--timeout',
        '30',
      ],
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: small, PROBITY_CACHE_DIR: CACHE_DIR },
      },
    );
    if (stdout === '') throw new Error(stderr);
    const report = JSON.parse(stdout) as Report;
    for (const property of report.properties)
      expect([property.name, property.outcome, property.reason]).toEqual([
        property.name,
        'unknown',
        'memory',
      ]);
    expect(report.properties[0]?.message).toMatch(/disk/);
  }, 120_000);
});
