import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { databaseFault } from './faults.ts';
import { Prisma, PrismaClient } from './generated/client.ts';

export { Prisma };

/** The pool that everything in this process shares, and Prisma over it. */
export interface Client {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  close(): Promise<void>;
}

/**
 * Opens nothing yet: the first statement connects. Each statement that fails for the world's
 * reasons throws a `Fault`.
 */
export function connect(databaseUrl: string, connections: number): Client {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'probity',
  });
  // A connection that dies while idle is replaced by the pool; without a listener its error would
  // end the process.
  pool.on('error', () => undefined);
  const plain = new PrismaClient({
    adapter: new PrismaPg(pool),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: 15_000, timeout: 60_000 },
  });
  const prisma = plain.$extends({
    query: {
      $allOperations: async ({ args, query }) => {
        try {
          return await query(args);
        } catch (error) {
          throw databaseFault(error);
        }
      },
    },
  }) as unknown as PrismaClient;
  return {
    pool,
    prisma,
    close: async () => {
      await plain.$disconnect();
      await pool.end().catch(() => undefined);
    },
  };
}

/** Our data as Prisma's JSON input: the types differ in `readonly` only. */
export function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

export const orNull = (value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  value === null || value === undefined ? Prisma.DbNull : json(value);

/** Bytes that a driver takes: backed by a plain ArrayBuffer, never by a shared one. */
export function bytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value);
}

/** Whether a unique index refused a row. */
export function isDuplicate(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 'P2002'
  );
}
