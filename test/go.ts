import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'vitest';

const required = (process.env['PROBITY_REQUIRE'] ?? '')
  .split(',')
  .map((name) => name.trim())
  .includes('go');
export const hasGo = spawnSync('go', ['version']).status === 0;

/**
 * A suite that runs a Go program. Where there is no Go, one skipped test says so, or fails if
 * `PROBITY_REQUIRE` names it.
 */
export function describeGo(name: string, suite: () => void): void {
  if (hasGo) describe(name, suite);
  else if (required)
    it(`${name}: Go is required and not installed`, () => {
      throw new Error('go is not installed');
    });
  else it.skip(`${name}: Go is not installed`, () => undefined);
}

/**
 * Compiles the program in a folder into another, which its caller removes; modules come by Go's own
 * proxy, compared with go.sum.
 */
export function buildGo(folder: string, into: string): string {
  const program = join(into, 'program');
  const built = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=readonly' },
  });
  if (built.status !== 0) throw new Error(built.stderr);
  return program;
}
