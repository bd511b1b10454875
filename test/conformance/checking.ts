import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/model/outcome.ts';
import type { EngineName } from '../../src/model/engine.ts';
import type { FormatName } from '../../src/model/formats.ts';
import { DEFAULT_OPTIONS, type Submission, type CheckOptions } from '../../src/checking/types.ts';
import { toolVersions, checkSubmission } from '../../src/checking/check.ts';

/** One cache for all tests of a machine: the TLC jar is fetched once. */
export const CACHE_DIR = process.env['PROBITY_CACHE_DIR'] ?? join(tmpdir(), 'probity-test-cache');

/** The report on a source by the given engines. Problems are a failure of the test. */
export async function reportOn(
  source: string,
  engines: readonly EngineName[] | 'auto',
  options: Partial<CheckOptions> = {},
  format: FormatName = 'native',
  more: Partial<Submission> = {},
): Promise<Report> {
  const result = await checkSubmission(
    { source, format, name: 'test', ...more },
    { ...DEFAULT_OPTIONS, engines, ...options },
    { signal: new AbortController().signal, cacheDir: CACHE_DIR, onProgress: () => undefined },
  );
  if (!result.ok) throw new Error(`the model is refused: ${JSON.stringify(result.problems)}`);
  return result.value.report;
}

/**
 * Why TLC is not on this machine, or nothing. With `tlc` in PROBITY_REQUIRE its absence is a
 * failure.
 */
export async function tlcAbsence(): Promise<string | undefined> {
  const version = (await toolVersions(CACHE_DIR))['tlc'] ?? '';
  if (!version.startsWith('unavailable')) return undefined;
  if ((process.env['PROBITY_REQUIRE'] ?? '').split(',').includes('tlc'))
    throw new Error(`PROBITY_REQUIRE names tlc, but it is ${version}`);
  return version;
}

/**
 * Runs something on the packaged Z3, also where `Z3_BIN` names a native one: that is what most
 * users have.
 */
export async function onPackagedZ3<T>(work: () => Promise<T>): Promise<T> {
  const native = process.env['Z3_BIN'];
  process.env['Z3_BIN'] = 'packaged';
  try {
    return await work();
  } finally {
    if (native === undefined) delete process.env['Z3_BIN'];
    else process.env['Z3_BIN'] = native;
  }
}
