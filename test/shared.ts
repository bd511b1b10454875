import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';

const repository = fileURLToPath(new URL('..', import.meta.url));
const shared = resolve(repository, process.env['PROBITY_SHARED'] ?? '../shared');
const required = (process.env['PROBITY_REQUIRE'] ?? '')
  .split(',')
  .map((name) => name.trim())
  .includes('shared');

/**
 * Whether the shared cases and vectors (`PROBITY_SHARED`, by default `../shared`) are on this
 * machine.
 */
export const hasShared = existsSync(shared);

/**
 * A path inside the shared folder. It exists only where `hasShared`; ask inside `describeShared`.
 */
export function sharedPath(...parts: readonly string[]): string {
  return join(shared, ...parts);
}

/**
 * A suite over the shared folder. Where the folder is missing, one skipped test says what was not
 * tested; with `shared` in `PROBITY_REQUIRE` that test fails instead, so that CI cannot lose the
 * suite silently.
 */
export function describeShared(name: string, suite: () => void): void {
  if (hasShared) {
    describe(name, suite);
  } else if (required) {
    it(`${name}: needs the shared folder`, () => {
      throw new Error(`PROBITY_REQUIRE names shared, but ${shared} does not exist`);
    });
  } else {
    it.skip(`${name}: skipped, ${shared} does not exist (set PROBITY_SHARED)`, () => undefined);
  }
}
