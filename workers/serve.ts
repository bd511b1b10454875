/**
 * The process that answers requests, below `probity serve`: it shares nothing with its parent and
 * its siblings but the database and the queue, so that whichever of them ends, the others go on.
 */
import { startApi } from '../src/api/server.ts';
import { ownConfig } from '../src/config/index.ts';
import { Fault } from '../src/errors/index.ts';
import { composeService } from '../src/service/compose.ts';
import { describeError } from '../src/service/observe.ts';
import type { FromChild } from '../src/cli/children.ts';

// The terminal may be gone before we are.
process.stderr.on('error', () => undefined);

const say = (message: FromChild<{ url: string; port: number }>, done?: () => void): void => {
  process.send?.(message, undefined, undefined, () => done?.());
};

/** How long stopping in good order may take. */
const LAST_MS = 8_000;

async function main(): Promise<void> {
  const config = ownConfig();
  if (!config.ok) throw new Fault('INTERNAL', config.problems.map((p) => p.message).join('; '));
  const { installation, close } = await composeService(config.value, 'api');
  // The first request would wait for it: finding out may start Java, or fetch a jar.
  installation.checker.toolVersions(config.value.cacheDir).catch(() => undefined);
  const api = await startApi(installation);
  const stop = async (): Promise<void> => {
    // Where database or queue are away, nothing of this may come to an end.
    setTimeout(() => process.exit(0), LAST_MS).unref();
    await api.stop();
    await close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  // Below `serve`, Ctrl-C reaches the whole group: the parent decides when we stop. Its death is
  // our end too.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => void stop());
  if (!process.connected) return stop();
  say({ ready: { url: api.url, port: api.port } });
}

main().catch((error: unknown) => {
  const { code, message } =
    error instanceof Fault
      ? error
      : { code: 'INTERNAL' as const, message: JSON.stringify(describeError(error)) };
  say({ failed: { code, message } }, () => process.exit(4));
});
