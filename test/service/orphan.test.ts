import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/store/index.ts';
import { temporaryFolder } from '../servers.ts';

const WORKER = fileURLToPath(new URL('../../dist/workers/run.js', import.meta.url));

describe('a worker whose parent and whose database are gone', () => {
  it('ends soon, and does not go on about it', async () => {
    const [folder, dataDir] = [await temporaryFolder(), await temporaryFolder()];
    const server = await startEmbeddedPostgres(folder);
    const worker = fork(WORKER, {
      env: {
        ...process.env,
        DATABASE_URL: server.url,
        REDIS_URL: '',
        PROBITY_DATA_DIR: dataDir,
        PROBITY_IOTA_NETWORK: 'none',
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let log = '';
    worker.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
    await new Promise((resolve) => worker.once('message', resolve));
    const ended = new Promise<number | null>((resolve) => worker.once('exit', resolve));
    const started = Date.now();
    await server.stop();
    // It may have ended by itself: a connection that breaks while it is made is a fault.
    if (worker.connected) worker.disconnect();
    expect([0, 4]).toContain(await ended);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(log.split('\n').length).toBeLessThan(100);
    await Promise.all([folder, dataDir].map((each) => rm(each, { recursive: true, force: true })));
  }, 120_000);
});
