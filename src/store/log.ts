import { createHash } from 'node:crypto';
import type pg from 'pg';
import { Fault } from '../errors/index.ts';
import type { LogNode, LogStore, StoreAudit } from '../evidence/log/store.ts';
import type { NodeId } from '../evidence/formats/merkle.ts';
import { databaseFault } from './faults.ts';

/** One appender at a time, over all processes that share the database. */
const LOG_LOCK = 0x70726f62;

type Change = Parameters<LogStore['commit']>[0];

/**
 * The transparency log on Postgres. Plain SQL rather than Prisma: an append is one transaction of
 * five statements, and is on the path of every verdict.
 */
export class PostgresLogStore implements LogStore {
  private readonly pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  async checkpoint(): Promise<string | undefined> {
    const { rows } = await this.query<{ note: string }>(
      'SELECT "note" FROM "log_checkpoint" WHERE "id" = 1',
      [],
    );
    return rows[0]?.note;
  }

  async leaves(first: number, count: number): Promise<Uint8Array[]> {
    const { rows } = await this.query<{ index: string; bytes: Buffer }>(
      'SELECT "index", "bytes" FROM "log_leaves" WHERE "index" >= $1 AND "index" < $2 ORDER BY "index"',
      [first, first + count],
    );
    const missing = rows.findIndex(({ index }, place) => Number(index) !== first + place);
    return (missing < 0 ? rows : rows.slice(0, missing)).map(({ bytes }) => new Uint8Array(bytes));
  }

  async nodes(ids: readonly NodeId[]): Promise<Uint8Array[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.query<{ hash: Buffer | null }>(
      `
      SELECT "log_nodes"."hash"
      FROM UNNEST($1::INTEGER[], $2::BIGINT[]) WITH ORDINALITY AS "wanted" ("level", "index", "place")
      LEFT JOIN "log_nodes" USING ("level", "index")
      ORDER BY "wanted"."place"`,
      [ids.map(({ level }) => level), ids.map(({ index }) => index)],
    );
    return rows.map(({ hash }, place) => {
      if (hash === null)
        throw new Fault(
          'LOG_CORRUPT',
          `node ${ids[place]?.level}/${ids[place]?.index} of the log is missing`,
        );
      return new Uint8Array(hash);
    });
  }

  async audit(): Promise<StoreAudit> {
    const {
      rows: [row],
    } = await this.query<{ leaves: string; nodes: string; size: string | null }>(
      `
      SELECT (SELECT COUNT(*) FROM "log_leaves") AS "leaves", (SELECT COUNT(*) FROM "log_nodes") AS "nodes", (SELECT "size" FROM "log_checkpoint" WHERE "id" = 1) AS "size"`,
      [],
    );
    return {
      leaves: Number(row?.leaves),
      nodes: Number(row?.nodes),
      size: row?.size === null || row === undefined ? undefined : Number(row.size),
      history: [],
      strange: [],
      lookups: async (first, count) => {
        const { rows } = await this.query<{ index: string; hash: Buffer }>(
          'SELECT "index", "hash" FROM "log_leaves" WHERE "index" >= $1 AND "index" < $2',
          [first, first + count],
        );
        return new Map(rows.map(({ index, hash }) => [Number(index), new Uint8Array(hash)]));
      },
    };
  }

  /**
   * Compare-and-swap under a lock: leaves, nodes and checkpoint in one transaction. An error may
   * come after the commit became durable (the connection broke on the way back); the caller has to
   * read before it tries again.
   */
  async commit(change: Change): Promise<boolean> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw databaseFault(error);
    });
    let broken: Error | undefined;
    try {
      // Whatever the server's default: what is acknowledged is on the disk.
      await client.query('BEGIN; SET LOCAL synchronous_commit TO on');
      const swapped = await swap(client, change);
      await client.query(swapped ? 'COMMIT' : 'ROLLBACK');
      return swapped;
    } catch (error) {
      await client.query('ROLLBACK').catch((cause: Error) => {
        broken = cause;
      });
      throw error instanceof Fault ? error : logFault(error);
    } finally {
      client.release(broken);
    }
  }

  async find(hash: Uint8Array): Promise<number | undefined> {
    const { rows } = await this.query<{ index: string }>(
      'SELECT "index" FROM "log_leaves" WHERE "hash" = $1 ORDER BY "index" LIMIT 1',
      [Buffer.from(hash)],
    );
    return rows[0] && Number(rows[0].index);
  }

  private async query<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    try {
      return await this.pool.query<Row>(text, values);
    } catch (error) {
      throw databaseFault(error);
    }
  }
}

async function swap(client: pg.PoolClient, change: Change): Promise<boolean> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOG_LOCK]);
  const { rows } = await client.query<{ note: string; size: string }>(
    'SELECT "note", "size" FROM "log_checkpoint" WHERE "id" = 1',
  );
  if (rows[0]?.note !== change.expected) return false;
  if (Number(rows[0]?.size ?? 0) !== change.firstIndex) {
    throw new Fault(
      'LOG_CORRUPT',
      `the log has ${rows[0]?.size ?? 0} leaves, and the next is said to be number ${change.firstIndex}`,
    );
  }
  await insertLeaves(client, change.firstIndex, change.leaves);
  await insertNodes(client, change.nodes);
  await client.query(
    `
    INSERT INTO "log_checkpoint" ("id", "size", "note")
    VALUES (1, $1, $2)
    ON CONFLICT ("id") DO UPDATE
    SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", "updated_at" = CURRENT_TIMESTAMP`,
    [change.firstIndex + change.leaves.length, change.checkpoint],
  );
  return true;
}

async function insertLeaves(
  client: pg.PoolClient,
  firstIndex: number,
  leaves: readonly Uint8Array[],
): Promise<void> {
  await client.query(
    `
    INSERT INTO "log_leaves" ("index", "bytes", "hash")
    SELECT * FROM UNNEST($1::BIGINT[], $2::BYTEA[], $3::BYTEA[])`,
    [
      leaves.map((_, offset) => firstIndex + offset),
      leaves.map((leaf) => Buffer.from(leaf)),
      leaves.map(leafHash),
    ],
  );
}

async function insertNodes(client: pg.PoolClient, nodes: readonly LogNode[]): Promise<void> {
  if (nodes.length === 0) return;
  await client.query(
    `
    INSERT INTO "log_nodes" ("level", "index", "hash")
    SELECT * FROM UNNEST($1::INTEGER[], $2::BIGINT[], $3::BYTEA[])`,
    [
      nodes.map(({ level }) => level),
      nodes.map(({ index }) => index),
      nodes.map(({ hash }) => Buffer.from(hash)),
    ],
  );
}

/** RFC 9162 section 2.1.1: SHA-256 of a zero byte and the leaf. */
function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(leaf).digest();
}

/**
 * A row that is already there means that the log contradicts itself; everything else is a write
 * that failed.
 */
function logFault(error: unknown): Fault {
  const fault = databaseFault(error);
  if (fault instanceof Fault) return fault;
  const duplicate = (error as { code?: unknown }).code === '23505';
  return duplicate
    ? new Fault('LOG_CORRUPT', 'the log already has a leaf or node that was to be added', {
        cause: error,
      })
    : new Fault('LOG_WRITE', 'the log could not be written', { retryable: true, cause: error });
}
