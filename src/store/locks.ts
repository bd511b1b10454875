import pg from 'pg';
import { databaseFault } from './faults.ts';

/**
 * Locks by name over all processes on the database, each on a connection of its own: the database
 * frees the lock of a process that dies. A small pool apart, so that waiting for a lock cannot
 * starve the work done under one.
 */
export class Locks {
  private readonly pool: pg.Pool;

  constructor(databaseUrl: string) {
    this.pool = new pg.Pool({
      connectionString: databaseUrl,
      max: 4,
      connectionTimeoutMillis: 60_000,
      idleTimeoutMillis: 10_000,
      application_name: 'probity locks',
    });
    this.pool.on('error', () => undefined);
  }

  /**
   * Runs `work` while holding the lock, after whoever holds it now. With `shared`, that lock is
   * held too, together with others who hold it so, and against whoever holds it alone; on the same
   * connection, so that no two wait for each other.
   */
  async hold<T>(name: string, work: () => Promise<T>, shared?: string): Promise<T> {
    return this.connected(
      async (client) => {
        if (shared !== undefined)
          await client.query('SELECT pg_advisory_lock_shared(hashtextextended($1, 0))', [shared]);
        await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
        return work();
      },
      name,
      shared,
    );
  }

  /** Runs `work` if nobody holds the lock; resolves to nothing otherwise. */
  async tryHold<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.connected(async (client) => {
      const { rows } = await client.query<{ held: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "held"',
        [name],
      );
      return rows[0]?.held ? work() : undefined;
    }, name);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async connected<T>(
    work: (client: pg.PoolClient) => Promise<T>,
    name: string,
    shared?: string,
  ): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw databaseFault(error);
    });
    let broken: Error | undefined;
    client.on('error', (error) => {
      broken = error;
    });
    try {
      return await work(client);
    } catch (error) {
      throw databaseFault(error);
    } finally {
      // Harmless where the lock was not had: Postgres answers with a warning.
      await client
        .query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name])
        .catch((error: Error) => {
          broken = error;
        });
      if (shared !== undefined)
        await client
          .query('SELECT pg_advisory_unlock_shared(hashtextextended($1, 0))', [shared])
          .catch((error: Error) => {
            broken = error;
          });
      client.removeAllListeners('error');
      client.release(broken);
    }
  }
}
