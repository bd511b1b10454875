/**
 * A worker process: takes runs and anchors from the queue until it is told to stop. Start any
 * number, on any machine that has the same DATABASE_URL, REDIS_URL and keys. `probity serve` starts
 * its own.
 */
import { hostname } from 'node:os';
import { ownConfig } from '../src/config/index.ts';
import { describeError, jsonLogger } from '../src/service/observe.ts';
import { composeService } from '../src/service/compose.ts';
import { startWorker } from '../src/service/worker.ts';
import { keepWarm } from '../src/checking/check.ts';
import { sweepScratch } from '../src/processes/scratch.ts';

const logger = jsonLogger(
  'info',
  (line) => {
    process.stderr.write(line);
  },
  { part: 'worker' },
);
// The terminal may be gone before we are.
process.stderr.on('error', () => undefined);

/** How long stopping in good order may take. */
const LAST_MS = 8_000;

async function main(): Promise<void> {
  const config = ownConfig();
  if (!config.ok) {
    logger.error('config.invalid', { problems: config.problems });
    process.exit(2);
  }
  if (config.value.databaseUrl === undefined) {
    logger.error('config.invalid', {
      message: 'a worker by itself needs DATABASE_URL; probity serve brings a database of its own',
    });
    process.exit(2);
  }
  const { installation, close } = await composeService(config.value, 'worker');
  sweepScratch().catch(() => undefined);
  keepWarm(config.value.warmJvms);
  const worker = await startWorker(
    installation,
    process.env['PROBITY_WORKER_NAME'] ?? `${hostname()}-${process.pid}`,
  );
  const stop = async (): Promise<void> => {
    // Where database or queue are away, nothing of this may come to an end.
    setTimeout(() => process.exit(0), LAST_MS).unref();
    await worker.stop();
    keepWarm(0);
    await close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  // Below `serve`, Ctrl-C reaches the whole group: the parent decides when we stop. Its death is
  // our end too.
  if (process.send) process.once('disconnect', () => void stop());
  process.on('SIGINT', () => {
    if (!process.send) void stop();
  });
  // A parent that ended while we started is told nothing.
  if (process.send && !process.connected) return stop();
  process.send?.({ ready: true }, undefined, undefined, (error) => {
    if (error) void stop();
  });
}

/** One line, and the code of a fault: whoever started us starts another. */
function fail(error: unknown): void {
  logger.error('worker.failed', describeError(error));
  process.exit(4);
}

// A connection of the queue can break while it is made, when nobody listens to it yet.
process.on('uncaughtException', fail);
main().catch(fail);
