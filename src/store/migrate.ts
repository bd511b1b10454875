import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../config/packageRoot.ts';
import { Fault } from '../errors/index.ts';
import { databaseFault } from './faults.ts';

/** The key of Prisma's own migration lock: it and we never migrate at the same time. */
const MIGRATION_LOCK = 72707369;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the database to the schema of this version: each missing migration in a transaction of its
 * own, recorded the way `prisma migrate` records it. Returns the names that were applied. Any
 * number of processes may call it at once.
 */
export async function migrate(databaseUrl: string): Promise<readonly string[]> {
  const migrations = await readMigrations();
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await applyMissing(client, migrations);
  } catch (error) {
    throw databaseFault(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** All migrations in order. The checksum is Prisma's: SHA-256 of the file, in hexadecimal. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const folder = join(packageRoot(), 'prisma', 'migrations');
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyMissing(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
      "id"                  VARCHAR(36)  PRIMARY KEY NOT NULL,
      "checksum"            VARCHAR(64)  NOT NULL,
      "finished_at"         TIMESTAMPTZ,
      "migration_name"      VARCHAR(255) NOT NULL,
      "logs"                TEXT,
      "rolled_back_at"      TIMESTAMPTZ,
      "started_at"          TIMESTAMPTZ  NOT NULL DEFAULT now(),
      "applied_steps_count" INTEGER      NOT NULL DEFAULT 0
    )`);
  const recorded = await recordedChecksums(client);
  refuseForeign(recorded, migrations);
  const missing = migrations.filter(({ name }) => !recorded.has(name));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

async function recordedChecksums(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{
    migration_name: string;
    checksum: string;
    finished_at: Date | null;
  }>(`
    SELECT "migration_name", "checksum", "finished_at"
    FROM "_prisma_migrations"
    WHERE "rolled_back_at" IS NULL`);
  const unfinished = rows.find((row) => row.finished_at === null);
  if (unfinished)
    throw new Fault(
      'DATABASE_SCHEMA',
      `migration ${unfinished.migration_name} was begun by another tool and never finished; resolve it with prisma migrate resolve`,
    );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

/**
 * A database that a newer version has migrated, or whose migration was another text, is not ours to
 * write to.
 */
function refuseForeign(
  recorded: ReadonlyMap<string, string>,
  migrations: readonly Migration[],
): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of recorded) {
    const expected = known.get(name);
    if (expected === undefined)
      throw new Fault(
        'DATABASE_SCHEMA',
        `the database has migration ${name}, which this version does not know; run the newer version`,
      );
    if (expected !== checksum)
      throw new Fault(
        'DATABASE_SCHEMA',
        `migration ${name} in the database differs from this version's`,
      );
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query(
      `
      INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
      VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
