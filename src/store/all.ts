import { Prisma, type AllRows } from './client.ts';
import type { RunState } from './records.ts';
import { claiming, HELD, type RunClaim } from './runs.ts';

/** Where a row is: whoever wants more of it asks the store of that organisation. */
export interface Located {
  readonly organisationId: string;
  readonly id: string;
}

/** A run that waits for somebody, as far as the queue must know it. */
export interface WaitingRun extends Located {
  readonly state: RunState;
  readonly attempt: number;
  /** Whether it has a first answer that a worker still asks others about. */
  readonly provisional: boolean;
}

const WAITING = {
  organisationId: true,
  id: true,
  state: true,
  attempt: true,
  provisional: true,
} as const;
/** One chooser at a time, over all processes that share the database. */
const TURN_LOCK = 0x7475726e;
const LOCATED = { organisationId: true, id: true } as const;

/**
 * Runs over all organisations: what queue, workers and sweep must know of them. Places and states,
 * never what is in them.
 */
export class AllRuns {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** How it stands with a run, and whose it is. */
  async find(id: string): Promise<WaitingRun | undefined> {
    const row = await this.all.in((rows) =>
      rows.run.findUnique({ where: { id }, select: WAITING }),
    );
    return (row ?? undefined) as WaitingRun | undefined;
  }

  /**
   * The next run that waits, for a worker: of the organisations in which the fewest run now, the
   * one that was served longest ago; of its runs the oldest. So whoever asks for a thousand waits
   * for the own ones. One worker chooses at a time.
   */
  async claimNext(worker: string, leaseMs: number): Promise<RunClaim | undefined> {
    return this.all.in(async (rows) => {
      await rows.$executeRaw`SELECT pg_advisory_xact_lock(${TURN_LOCK})`;
      const [next] = await rows.$queryRaw<Located[]>(Prisma.sql`
        SELECT o."id" AS "organisationId", waiting."id"
        FROM "organisations" AS o
        CROSS JOIN LATERAL (
          SELECT "id" FROM "runs" AS r
          WHERE r."organisation_id" = o."id" AND r."state" = 'queued'
          ORDER BY r."id"
          LIMIT 1
        ) AS waiting
        ORDER BY
          (SELECT count(*) FROM "runs" AS r WHERE r."organisation_id" = o."id" AND r."state" = 'running'),
          o."served_at" NULLS FIRST, waiting."id"
        LIMIT 1`);
      if (!next) return undefined;
      const { organisationId, id: runId } = next;
      const [claimed] = await rows.$queryRaw<{ attempt: number }[]>(
        claiming(next, worker, leaseMs),
      );
      if (!claimed) return undefined;
      await rows.$executeRaw`
        UPDATE "organisations" SET "served_at" = CURRENT_TIMESTAMP WHERE "id" = ${organisationId}`;
      return { organisationId, runId, attempt: claimed.attempt };
    });
  }

  /** The runs that a worker holds. */
  async heldBy(worker: string): Promise<WaitingRun[]> {
    const where = { worker, ...HELD };
    const found = await this.all.in((rows) => rows.run.findMany({ where, select: WAITING }));
    return found as WaitingRun[];
  }

  /**
   * What nobody seems to be working on: waiting for longer than `idleMs`, or running without a
   * living worker.
   */
  async stalled(idleMs: number, limit = 500): Promise<WaitingRun[]> {
    return this.all.in((rows) =>
      rows.$queryRaw<WaitingRun[]>(Prisma.sql`
        SELECT "organisation_id" AS "organisationId", "id", "state", "attempt", "provisional"
        FROM "runs"
        WHERE (("state" = 'queued' OR ("state" = 'checked' AND NOT "provisional"))
            AND "updated_at" < CURRENT_TIMESTAMP - ${idleMs} * INTERVAL '1 millisecond')
           OR (("state" = 'running' OR ("state" = 'checked' AND "provisional"))
            AND "lease_until" < CURRENT_TIMESTAMP)
        ORDER BY "id"
        LIMIT ${limit}`),
    );
  }

  /** How long the run waits that waits longest, in seconds; 0 where none does. */
  async oldestQueuedS(): Promise<number> {
    const [row] = await this.all.in((rows) =>
      rows.$queryRaw<{ seconds: number | null }[]>(Prisma.sql`
        SELECT extract(epoch FROM CURRENT_TIMESTAMP - min("updated_at"))::FLOAT8 AS "seconds"
        FROM "runs"
        WHERE "state" = 'queued'`),
    );
    return Math.max(0, row?.seconds ?? 0);
  }

  /** How many runs are in each state. */
  async counts(): Promise<ReadonlyMap<RunState, number>> {
    const found = await this.all.in((rows) => rows.run.groupBy({ by: ['state'], _count: true }));
    return new Map(found.map((row) => [row.state as RunState, row._count]));
  }
}

export class AllVerdicts {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** Whose verdict it is, if its organisation publishes: anybody may ask of it. */
  async publishedBy(id: string): Promise<string | undefined> {
    return this.all.in(async (rows) => {
      const verdict = await rows.verdict.findUnique({ where: { id }, select: LOCATED });
      const where = { id: verdict?.organisationId ?? '', publishes: true };
      return (await rows.organisation.findUnique({ where }))?.id;
    });
  }

  /** Sealed, and not stamped yet, oldest first. */
  async unstamped(limit: number): Promise<Located[]> {
    const where = { timestamp: null, erasedAt: null, sealedAt: { not: null } };
    return this.all.in((rows) =>
      rows.verdict.findMany({ where, orderBy: { id: 'asc' }, take: limit, select: LOCATED }),
    );
  }

  async count(): Promise<number> {
    return this.all.in((rows) => rows.verdict.count({ where: { sealedAt: { not: null } } }));
  }
}

export class AllStatements {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** The organisations with statements of a kind that the log does not have yet. */
  async unlogged(kind: 'revocation' | 'incident' = 'revocation'): Promise<string[]> {
    const where = { kind, logIndex: null };
    const found = await this.all.in((rows) =>
      rows.statement.findMany({ where, distinct: ['organisationId'], orderBy: { id: 'asc' } }),
    );
    return found.flatMap(({ organisationId }) => organisationId ?? []);
  }
}
