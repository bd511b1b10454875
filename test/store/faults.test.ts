import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/store/index.ts';
import { databaseFault } from '../../src/store/faults.ts';
import { temporaryFolder } from '../servers.ts';

const thrown = (code: string, message = ''): Error => Object.assign(new Error(message), { code });

describe('what a database driver throws', () => {
  const CASES: readonly (readonly [
    title: string,
    error: Error,
    code: string,
    retryable: boolean,
  ])[] = [
    ['the server is away', thrown('ECONNREFUSED'), 'DATABASE_UNAVAILABLE', true],
    ['the server shuts down', thrown('57P01'), 'DATABASE_UNAVAILABLE', true],
    [
      'the connection breaks',
      new Error('Connection terminated unexpectedly'),
      'DATABASE_UNAVAILABLE',
      true,
    ],
    [
      'the adapter wraps it',
      new Error('query failed', { cause: thrown('08006') }),
      'DATABASE_UNAVAILABLE',
      true,
    ],
    [
      'the password is wrong',
      thrown('28P01', 'password authentication failed'),
      'DATABASE_UNAVAILABLE',
      false,
    ],
    ['the disk is full', thrown('53100'), 'DISK_FULL', false],
  ];
  for (const [title, error, code, retryable] of CASES)
    it(title, () => expect(databaseFault(error)).toMatchObject({ code, retryable }));

  it('a wrong statement stays a bug', () => {
    const bug = thrown('42601', 'syntax error');
    expect(databaseFault(bug)).toBe(bug);
  });
});

describe('embedded Postgres', () => {
  it('says why a cluster that is damaged does not start', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'postgres'));
    await writeFile(join(folder, 'postgres', 'PG_VERSION'), '9.1\n');
    await chmod(join(folder, 'postgres'), 0o700);
    await expect(startEmbeddedPostgres(folder)).rejects.toMatchObject({
      code: 'DATABASE_EMBEDDED',
    });
    await rm(folder, { recursive: true, force: true });
  });
});
