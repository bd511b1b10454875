import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/model/outcome.ts';
import type { EngineName } from '../../src/model/engine.ts';
import { DEFAULT_OPTIONS } from '../../src/checking/types.ts';
import { checkSubmission } from '../../src/checking/check.ts';
import { check as command } from '../cli/run.ts';
import { CACHE_DIR, reportOn, tlcAbsence } from '../conformance/checking.ts';

const scratch = mkdtempSync(join(tmpdir(), 'probity-failures-'));

/** A model that every engine would call right, and one whose state space does not end. */
const TOGGLE =
  'probity: 1\nname: Toggle\nvariables:\n  on: { type: bool, init: false }\nactors: { shop: {} }\nactions:\n  flip: { actor: shop, then: { on: not(on) } }\nproperties:\n  fine: { always: "on or not(on)" }\n  turns: { reachable: on }\n';
const ENDLESS =
  'probity: 1\nname: Endless\nvariables:\n  n: { type: int, init: 0 }\n  m: { type: int, init: 0 }\nactors: { shop: {} }\nactions:\n  up: { actor: shop, then: { n: n + 1 } }\n  mix: { actor: shop, then: { m: m + n * n } }\nproperties:\n  odd: { always: "m * m != 1000003 * n + 7" }\n';

/** `probity check` under another environment. */
async function check(
  source: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly report: Report }> {
  const file = join(scratch, 'model.yaml');
  writeFileSync(file, source);
  for (const [name, value] of Object.entries({ PROBITY_CACHE_DIR: CACHE_DIR, ...env }))
    vi.stubEnv(name, value);
  try {
    const { exit, stdout } = await command(file, '--json', ...args);
    return { code: exit, report: JSON.parse(stdout) as Report };
  } finally {
    vi.unstubAllEnvs();
  }
}

function reasons(report: Report): string[] {
  return [...new Set(report.properties.map((p) => `${p.outcome} ${p.reason ?? ''}`.trim()))];
}

const absence = await tlcAbsence();

describe('an engine that fails is never an engine that agrees', () => {
  it('no jar: unavailable, with the remedy', async () => {
    const { code, report } = await check(TOGGLE, ['--engines', 'tlc'], {
      TLA2TOOLS_JAR: '/nowhere/tla2tools.jar',
    });
    expect(code).toBe(3);
    expect(reasons(report)).toEqual(['unknown unavailable']);
    expect(report.properties[0]?.message).toMatch(/TLA2TOOLS_JAR/);
  });

  it('no Java: unavailable, with the remedy', async () => {
    const { code, report } = await check(TOGGLE, ['--engines', 'tlc'], { JAVA_HOME: '/nowhere' });
    expect(code).toBe(3);
    expect(reasons(report)).toEqual(['unknown unavailable']);
    expect(report.properties[0]?.message).toMatch(/JAVA_HOME/);
  });

  it.skipIf(absence !== undefined)('a jar that is none: crash', async () => {
    const jar = join(scratch, 'broken.jar');
    writeFileSync(jar, 'this is no jar');
    const { code, report } = await check(TOGGLE, ['--engines', 'tlc'], { TLA2TOOLS_JAR: jar });
    expect(code).toBe(3);
    expect(reasons(report)).toEqual(['unknown crash']);
  });

  it('a solver that ends at once: unavailable', async () => {
    const { code, report } = await check(TOGGLE, ['--engines', 'z3'], { Z3_BIN: '/bin/false' });
    expect(code).toBe(3);
    expect(reasons(report)).toEqual(['unknown unavailable']);
  });

  it('a solver that prints nonsense: unknown', async () => {
    const binary = join(scratch, 'nonsense');
    writeFileSync(
      binary,
      '#!/bin/sh\nwhile read -r line; do case "$line" in *answered*) echo "<<answered>>";; *) echo maybe;; esac; done\n',
      { mode: 0o755 },
    );
    const { code, report } = await check(TOGGLE, ['--engines', 'z3'], { Z3_BIN: binary });
    expect(code).toBe(3);
    expect(report.properties.some((p) => p.outcome === 'holds' || p.outcome === 'violated')).toBe(
      false,
    );
  });

  /** A `z3` that knows its version and else does what a test wants: `$line` is what it reads. */
  function solver(name: string, each: string): string {
    const binary = join(scratch, name);
    writeFileSync(
      binary,
      `#!/bin/sh\nif [ "$1" = "--version" ]; then echo "Z3 version 9.9.9 - 64 bit"; exit 0; fi\nwhile read -r line; do case "$line" in *answered*) echo "<<answered>>";; *version*) echo '(:version "9.9.9")';; *) ${each};; esac; done\n`,
      { mode: 0o755 },
    );
    return binary;
  }
  const z3 = async (binary: string, ...args: string[]): Promise<Report> =>
    (
      await check(`${TOGGLE}  off: { never: on }\n`, ['--engines', 'z3', ...args], {
        Z3_BIN: binary,
      })
    ).report;

  it('a solver that never answers: timeout, and nothing waits for it', async () => {
    const started = Date.now();
    expect(reasons(await z3(solver('silent', 'sleep 600'), '--timeout', '2'))).toEqual([
      'unknown timeout',
    ]);
    expect(Date.now() - started).toBeLessThan(60_000);
  });

  it('a solver that ends in the middle of an answer: unknown', async () => {
    for (const [name, each] of [
      ['torn', 'printf "(define-fun Inv ((on Bo"; exit 0'],
      ['killed', 'kill -9 $$'],
    ] as const) {
      expect([name, ...reasons(await z3(solver(name, each)))]).toEqual([
        name,
        expect.stringMatching(/^unknown/),
      ]);
    }
  });

  it('a solver that calls everything proved, or everything possible, is believed in nothing', async () => {
    for (const word of ['unsat', 'sat']) {
      const off = (
        await z3(
          solver(`liar-${word}`, `case "$line" in *check-sat*) echo ${word};; esac`),
          '--timeout',
          '20',
        )
      ).properties.find((p) => p.name === 'off');
      expect([word, off?.outcome, off?.assurance.includes('obligationsReproved')]).not.toEqual([
        word,
        'holds',
        true,
      ]);
      expect([word, off?.outcome]).not.toEqual([word, 'holds']);
    }
  }, 120_000);

  it('what explore answers stands beside an engine that is not there', async () => {
    const { code, report } = await check(TOGGLE, ['--engines', 'explore,tlc'], {
      TLA2TOOLS_JAR: '/nowhere/tla2tools.jar',
    });
    expect(code).toBe(0);
    expect(
      report.properties.every(
        (p) => p.outcome === 'holds' && !p.assurance.includes('crossChecked'),
      ),
    ).toBe(true);
  });

  const engines: EngineName[] =
    absence === undefined ? ['explore', 'tlc', 'z3'] : ['explore', 'z3'];

  it.each(engines)(
    '%s: a time limit is bounded or unknown, never holds',
    async (engine: EngineName) => {
      const report = await reportOn(ENDLESS, [engine], { timeoutMs: 1_500 });
      const odd = report.properties.find((p) => p.name === 'odd');
      expect(['bounded', 'unknown']).toContain(odd?.outcome);
    },
  );

  it.each(engines)(
    '%s: cancelled work says so and leaves nothing running',
    async (engine: EngineName) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 400);
      const result = await checkSubmission(
        { source: ENDLESS, format: 'native', name: 'endless' },
        { ...DEFAULT_OPTIONS, engines: [engine], timeoutMs: 60_000 },
        { signal: abort.signal, cacheDir: CACHE_DIR, onProgress: () => undefined },
      );
      if (!result.ok) throw new Error('refused');
      const odd = result.value.report.properties.find((p) => p.name === 'odd');
      expect(['bounded', 'unknown']).toContain(odd?.outcome);
      if (odd?.outcome === 'unknown') expect(odd.reason).toBe('cancelled');
    },
  );
});
