import { fork } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/store/index.ts';
import { temporaryFolder, until } from '../servers.ts';

const script = fileURLToPath(new URL('embeddedChild.ts', import.meta.url));

async function value(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] as object)[0];
  } finally {
    await client.end();
  }
}

describe('embedded Postgres', () => {
  it('keeps what was written over a restart, and answers on loopback only with its password', async () => {
    const folder = await temporaryFolder();
    const first = await startEmbeddedPostgres(folder);
    await value(first.url, 'CREATE TABLE kept AS SELECT 42 AS n; SELECT 1').catch(() => undefined);
    await first.stop();
    await first.stop();
    const second = await startEmbeddedPostgres(folder);
    expect(second.adopted).toBe(false);
    expect(await value(second.url, 'SELECT n FROM kept')).toBe(42);
    expect(await value(second.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    await expect(
      value(Object.assign(new URL(second.url), { password: 'wrong' }).href, 'SELECT 1'),
    ).rejects.toMatchObject({ code: '28P01' });
    await second.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  it('takes over the server of a process that was killed with -9', async () => {
    const folder = await temporaryFolder();
    const child = fork(script, [folder], { execArgv: ['--import', 'tsx'] });
    const url = await new Promise<string>((resolve) =>
      child.once('message', (message) => resolve(String(message))),
    );
    child.kill('SIGKILL');
    await until(async () => child.signalCode !== null);
    const adopted = await startEmbeddedPostgres(folder);
    expect(adopted).toMatchObject({ adopted: true, url });
    expect(await value(adopted.url, 'SELECT 1')).toBe(1);
    await adopted.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  it('starts a server that dies by itself again, where it was', async () => {
    const folder = await temporaryFolder();
    const server = await startEmbeddedPostgres(folder);
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await until(
      async () =>
        server.pid !== pid &&
        value(server.url, 'SELECT 1').then(
          (one) => one === 1,
          () => false,
        ),
    );
    await server.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  it('refuses a data folder that another process uses, naming it', async () => {
    const folder = await temporaryFolder();
    const first = await startEmbeddedPostgres(folder);
    await expect(startEmbeddedPostgres(folder)).rejects.toMatchObject({ code: 'DATA_DIR' });
    await first.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  it('starts below a folder that only its owner may enter', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'probity-test-'));
    await chmod(closed, 0o700);
    const server = await startEmbeddedPostgres(join(closed, 'data'));
    expect(await value(server.url, 'SELECT 1')).toBe(1);
    await server.stop();
    await rm(closed, { recursive: true });
    await rm(server.home, { recursive: true, force: true });
  }, 60_000);

  it('says with a code that the data folder cannot be made', async () => {
    await expect(startEmbeddedPostgres('/dev/null/data')).rejects.toMatchObject({
      code: 'DATA_DIR',
    });
  });
});
