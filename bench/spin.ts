/** SPIN on models that were written by hand, where it is installed (Debian: `spin`, `gcc`). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measured } from './rows.ts';

/** The search, and apart from it how long its C took to be made and compiled. */
export interface SpinRun extends Measured {
  readonly compileSeconds: number;
}

/** An unreduced search for safety; nothing where SPIN or a C compiler is absent. */
export function spin(model: string, size: number): SpinRun | undefined {
  const file = fileURLToPath(new URL(`./hand/${model}.pml`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'probity-spin-'));
  try {
    const started = performance.now();
    if (!runs('spin', [`-DN=${size}`, '-a', file], folder)) return undefined;
    if (
      !runs('gcc', ['-O2', '-DNOREDUCE', '-DSAFETY', '-DMEMLIM=8000', '-o', 'pan', 'pan.c'], folder)
    )
      return undefined;
    const compileSeconds = (performance.now() - started) / 1000;
    const begun = performance.now();
    const { stdout } = spawnSync('./pan', ['-m1000000', '-w24'], { cwd: folder, encoding: 'utf8' });
    const seconds = (performance.now() - begun) / 1000;
    const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? NaN);
    if (number(/errors: (\d+)/u) !== 0) throw new Error(stdout);
    return {
      states: number(/(\d+) states, stored/u),
      seconds,
      megabytes: Math.round(number(/([\d.]+)\s+total actual memory usage/u)),
      compileSeconds,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runs(command: string, args: readonly string[], cwd: string): boolean {
  return spawnSync(command, args, { cwd, stdio: 'ignore' }).status === 0;
}
