import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, it } from 'vitest';
import { freePort, startEmbeddedPostgres } from '../src/store/index.ts';

export interface TestServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A folder that any account can reach, for a server that must not run as root. */
/**
 * In memory where the system has such a folder: for tests that flush thousands of times, and pull
 * no plug.
 */
export function quickFolder(name: string): Promise<string> {
  return mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `probity-${name}-`));
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'probity-test-'));
  await chmod(folder, 0o755);
  return folder;
}

/** A Postgres cluster of this test file's own. */
export async function startPostgres(): Promise<TestServer> {
  const folder = await temporaryFolder();
  const server = await startEmbeddedPostgres(folder);
  return {
    url: server.url,
    pid: server.pid,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let databases = 0;

/** An empty database in a running cluster. */
export async function createDatabase({ url }: TestServer): Promise<string> {
  const name = `test_${process.pid}_${(databases += 1)}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE "${name}" TEMPLATE template0`);
  await client.end();
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

const required = (process.env['PROBITY_REQUIRE'] ?? '')
  .split(',')
  .map((name) => name.trim())
  .includes('redis');
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of this test file's own, that keeps nothing. */
export async function startRedis(): Promise<TestServer> {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ],
    { stdio: 'ignore' },
  );
  const client = new Redis({
    port,
    host: '127.0.0.1',
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    url: `redis://127.0.0.1:${port}/0`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * A suite that needs Redis: where there is none, one skipped test says so, or fails if
 * `PROBITY_REQUIRE` names it.
 */
export function describeRedis(name: string, suite: () => void): void {
  if (hasRedis) describe(name, suite);
  else if (required)
    it(`${name}: redis-server is required and not installed`, () => {
      throw new Error('redis-server is not installed');
    });
  else it.skip(`${name}: redis-server is not installed`, () => undefined);
}

/**
 * Waits for a condition that another process brings about. The test's own time limit is the only
 * one.
 */
export async function until<T>(probe: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await sleep(25);
  }
}
