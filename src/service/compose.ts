import { digestOf, sha256 } from '../canonical/index.ts';
import type { Config } from '../config/index.ts';
import { identify, toolVersions, checkSubmission } from '../checking/check.ts';
import { jsonLogger } from './observe.ts';
import { openService, type OpenService } from './open.ts';
import { ThreadReader } from './reader.ts';
import type { Checker } from './service.ts';

/**
 * How long the versions of engines count as fresh. Asking them starts child processes, and they
 * stand in every cache key.
 */
const VERSIONS_FRESH_MS = 60_000;
/** Longer sources are read in a thread of their own. */
const SHORT = 64 * 1024;
/**
 * Short sources whose reading is remembered: a learner, or a CI job, sends the same again and
 * again.
 */
const REMEMBERED = 200;

/** The real verification. */
function realChecker(): Checker {
  return { checkSubmission, inspect: rememberedInspect(), toolVersions: rememberedVersions() };
}

/**
 * Tool versions as of the last minute: a stale answer is given at once and asked for anew behind
 * it.
 */
function rememberedVersions(): Checker['toolVersions'] {
  let known:
    { readonly versions: Promise<Record<string, string>>; readonly freshUntil: number } | undefined;
  let asking = false;
  return (cacheDir) => {
    if (known && (known.freshUntil > Date.now() || asking)) return known.versions;
    asking = true;
    const versions = toolVersions(cacheDir).finally(() => {
      asking = false;
    });
    const fresh = { versions, freshUntil: Date.now() + VERSIONS_FRESH_MS };
    const before = known;
    known ??= fresh;
    versions.then(
      () => {
        known = fresh;
      },
      () => {
        known = before;
      },
    );
    return known.versions;
  };
}

/**
 * Reading depends on the text alone, so the same text need not be read twice by one process; a long
 * one is read apart.
 */
function rememberedInspect(): Checker['inspect'] {
  const reader = new ThreadReader();
  const known = new Map<string, ReturnType<Checker['inspect']>>();
  return async (submission) => {
    const files = submission.files ?? [];
    const beside = submission.annotations ?? '';
    if (
      files.reduce(
        (size, { text }) => size + text.length,
        submission.source.length + beside.length,
      ) > SHORT
    )
      return reader.inspect(submission);
    const key = `${submission.format} ${submission.name} ${sha256(submission.source)} ${digestOf({ files, beside })}`;
    const before = known.get(key);
    const result = before ?? identify(submission);
    known.delete(key);
    known.set(key, result);
    result.catch(() => known.delete(key));
    if (known.size > REMEMBERED) known.delete(known.keys().next().value ?? '');
    return result;
  };
}

/**
 * The composition root: the service as it runs, in the API's process and in each worker's. `part`
 * names the process in its log.
 */
export function composeService(config: Config, part: string): Promise<OpenService> {
  const logger = jsonLogger(
    config.logLevel,
    (line) => {
      process.stderr.write(line);
    },
    { part },
  );
  return openService(config, { checker: realChecker(), logger });
}
