/** The inside of `leases.ts`: its own connection, its own clock. */
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { FromLeases, KeptLease, ToLeases } from './leases.ts';
import type { Claim } from './runs.ts';

const RENEW = `
  UPDATE "runs"
  SET "lease_until" = CURRENT_TIMESTAMP + $1 * INTERVAL '1 millisecond'
  WHERE "id" = $2 AND "attempt" = $3 AND "state" = 'running'`;

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

const timers = new Map<string, NodeJS.Timeout>();
const keyOf = ({ runId, attempt }: Claim): string => `${runId} ${attempt}`;

function end(claim: Claim): void {
  clearInterval(timers.get(keyOf(claim)));
  timers.delete(keyOf(claim));
}

function lose(claim: Claim): void {
  if (!timers.has(keyOf(claim))) return;
  end(claim);
  parentPort?.postMessage({ lost: claim } satisfies FromLeases);
}

function keep({ claim, leaseMs, until }: KeptLease): void {
  let renewedAt = Date.now();
  const renew = (): void => {
    if (Date.now() > until) return lose(claim);
    pool.query(RENEW, [leaseMs, claim.runId, claim.attempt]).then(
      ({ rowCount }) => {
        if (rowCount === 1) renewedAt = Date.now();
        else lose(claim);
      },
      // A database that is away for longer than the lease has given the run to another by now.
      () => {
        if (Date.now() - renewedAt > leaseMs) lose(claim);
      },
    );
  };
  timers.set(keyOf(claim), setInterval(renew, leaseMs / 3));
}

parentPort?.on('message', (message: ToLeases) => {
  if (message === 'close') {
    for (const timer of timers.values()) clearInterval(timer);
    void pool.end().finally(() => process.exit(0));
  } else if ('keep' in message) keep(message.keep);
  else end(message.end);
});
