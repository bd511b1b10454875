import type { Config } from '../config/index.ts';
import { inspect, toolVersions, verify } from '../verification/verify.ts';
import { jsonLogger } from './observe.ts';
import { openService, type OpenService } from './open.ts';
import type { Verifier } from './service.ts';

/** How long the versions of engines count as unchanged: they are asked of child processes, and stand in every cache key. */
const VERSIONS_LAST_MS = 60_000;

/** The real verification, with its tool versions remembered for a while. */
function realVerifier(): Verifier {
  let known: { readonly versions: Promise<Record<string, string>>; readonly until: number } | undefined;
  return {
    verify, inspect,
    toolVersions: (cacheDir) => {
      if (known && known.until > Date.now()) return known.versions;
      const versions = toolVersions(cacheDir);
      versions.catch(() => { known = undefined; });
      known = { versions, until: Date.now() + VERSIONS_LAST_MS };
      return versions;
    },
  };
}

/** The composition root: the service as it runs, in the API's process and in each worker's. `part` names the process in its log. */
export function composeService(config: Config, part: string): Promise<OpenService> {
  const logger = jsonLogger(config.logLevel, (line) => { process.stderr.write(line); }, { part });
  return openService(config, { verifier: realVerifier(), logger });
}
