import { Prisma, type AllRows } from './client.ts';
import type { RunState } from './records.ts';
import { HELD } from './runs.ts';

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

  /** Whose run it is. */
  async organisationOf(id: string): Promise<string | undefined> {
    const select = { organisationId: true } as const;
    const row = await this.all.in((rows) => rows.run.findUnique({ where: { id }, select }));
    return row?.organisationId;
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

  /** The organisations with revocations that the log does not have yet. */
  async unlogged(): Promise<string[]> {
    const where = { kind: 'revocation', logIndex: null };
    const found = await this.all.in((rows) =>
      rows.statement.findMany({ where, distinct: ['organisationId'], orderBy: { id: 'asc' } }),
    );
    return found.flatMap(({ organisationId }) => organisationId ?? []);
  }
}
