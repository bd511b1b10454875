/** The inside of `leases.ts`: its own connection, its own clock. */
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { FromLeases, KeptLease, ToLeases } from './leases.ts';
import type { RunClaim } from './runs.ts';

const OF_TENANT = `SELECT set_config('probity.tenant', $1, true)`;

const RENEW = `
  UPDATE "runs"
  SET "lease_until" = CURRENT_TIMESTAMP + $1 * INTERVAL '1 millisecond'
  WHERE "id" = $2 AND "attempt" = $3
    AND ("state" = 'running' OR ("state" = 'checked' AND "provisional"))`;

const HOLDS = `
  SELECT 1
  FROM "runs"
  WHERE "id" = $1 AND "attempt" = $2
    AND ("state" = 'running' OR ("state" = 'checked' AND "provisional"))`;

/** How soon it is noticed that a run was cancelled, or given to another. */
const LOOK_EVERY_MS = 1_000;

/** One connection, opened when it is needed, and again when it was lost. */
const pool = new pg.Pool({
  connectionString: workerData as string,
  max: 1,
  connectionTimeoutMillis: 10_000,
  idleTimeoutMillis: 60_000,
  keepAlive: true,
  application_name: 'probity leases',
});
pool.on('error', () => undefined);

const timers = new Map<string, readonly NodeJS.Timeout[]>();
const keyOf = ({ runId, attempt }: RunClaim): string => `${runId} ${attempt}`;

function end(claim: RunClaim): void {
  for (const timer of timers.get(keyOf(claim)) ?? []) clearInterval(timer);
  timers.delete(keyOf(claim));
}

function lose({ claim, lost }: KeptLease): void {
  if (!timers.has(keyOf(claim))) return;
  end(claim);
  Atomics.store(lost, 0, 1);
  parentPort?.postMessage({ lost: claim } satisfies FromLeases);
}

/** In a transaction that says whose run it is. How many rows there were. */
async function ofTenant(
  claim: RunClaim,
  text: string,
  values: readonly unknown[],
): Promise<number> {
  const client = await pool.connect();
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
  });
  try {
    await client.query('BEGIN');
    await client.query(OF_TENANT, [claim.organisationId]);
    const { rowCount } = await client.query(text, [...values]);
    await client.query('COMMIT');
    return rowCount ?? 0;
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.removeAllListeners('error');
    // A connection in the middle of a transaction is not used again.
    client.release(broken);
  }
}

function keep(lease: KeptLease): void {
  const { claim, leaseMs, until } = lease;
  let renewedAt = Date.now();
  const renew = (): void => {
    if (Date.now() > until) return lose(lease);
    ofTenant(claim, RENEW, [leaseMs, claim.runId, claim.attempt]).then(
      (renewed) => {
        if (renewed === 1) renewedAt = Date.now();
        else lose(lease);
      },
      // A database that is away for longer than the lease has given the run to another by now.
      () => {
        if (Date.now() - renewedAt > leaseMs) lose(lease);
      },
    );
  };
  const look = (): void => {
    ofTenant(claim, HOLDS, [claim.runId, claim.attempt]).then(
      (held) => {
        if (held !== 1) lose(lease);
      },
      () => undefined,
    );
  };
  timers.set(keyOf(claim), [setInterval(renew, leaseMs / 3), setInterval(look, LOOK_EVERY_MS)]);
}

parentPort?.on('message', (message: ToLeases) => {
  if (message === 'close') {
    for (const timer of [...timers.values()].flat()) clearInterval(timer);
    void pool.end().finally(() => process.exit(0));
  } else if ('keep' in message) keep(message.keep);
  else end(message.end);
});
