import type { Json } from '../canonical/index.ts';
import type { Report } from '../model/outcome.ts';
import { isDuplicate, json, orNull, Prisma, type Client } from './client.ts';
import {
  answerConditions,
  countRows,
  inOrder,
  listIds,
  modelConditions,
  type Listing,
  type Page,
  type RunFilter,
  type Slice,
} from './listing.ts';
import type { ArtifactRecord, RunFailure, RunHead, RunRecord, RunState } from './records.ts';

export interface NewRun {
  readonly id: string;
  readonly owner: string;
  readonly modelId: string;
  readonly options: Json;
  readonly cacheKey: string;
  /** What is asked of risk; the service says of what shape. */
  readonly risk?: Json;
}

/**
 * A worker's right to a run: every write under it names the attempt, and changes nothing once
 * another has taken over.
 */
export interface RunClaim {
  readonly runId: string;
  readonly attempt: number;
}

/** A worker has it: what runs, and what was answered and is being asked of other engines. */
const HELD = {
  OR: [{ state: 'running' }, { state: 'checked', provisional: true }],
};

const LARGE = { report: true, risk: true } as const;

export interface CheckedRun {
  readonly report: Report;
  readonly artifacts: readonly ArtifactRecord[];
  /** False when an answer is unknown: such a result is never given to another request. */
  readonly cacheable: boolean;
  /** Whether it is to be sealed, as where nothing is said; else it ends here. */
  readonly seal?: boolean;
  /** The risk in place of what was asked of it; absent, the row keeps what it has. */
  readonly risk?: Json;
}

/**
 * Run rows: the truth about every run. Each change is one statement or one transaction, guarded by
 * state and attempt.
 */
export class RunStore {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** One that is there already stays: a request with the same idempotency key was sooner. */
  async create(run: NewRun): Promise<RunRecord> {
    try {
      const row = await this.client.prisma.run.create({
        data: { ...run, state: 'queued', options: json(run.options), risk: orNull(run.risk) },
      });
      return toRun(row);
    } catch (error) {
      const known = isDuplicate(error) ? await this.get(run.id) : undefined;
      if (!known) throw error;
      return known;
    }
  }

  /**
   * A run whose answer is already known: it waits for its seal at most. It looks like one that was
   * checked just now, so that nothing in it says that somebody else had asked before.
   */
  async createChecked(run: NewRun, from: RunRecord, seal = true): Promise<RunRecord> {
    const artifacts = await this.artifacts(from.id);
    const now = new Date();
    const row = await this.client.prisma.run.create({
      data: {
        ...run,
        ...endOf(seal, now),
        options: json(run.options),
        report: orNull(from.report),
        risk: orNull(from.risk),
        cacheable: true,
        attempt: 1,
        startedAt: now,
        checkedAt: now,
        artifacts: { create: artifacts.map((artifact, position) => ({ ...artifact, position })) },
      },
    });
    return toRun(row);
  }

  async get(id: string): Promise<RunRecord | undefined> {
    const row = await this.client.prisma.run.findUnique({ where: { id } });
    return row ? toRun(row) : undefined;
  }

  /** For those who only want to know how it stands: a report may have a hundred megabytes. */
  async head(id: string): Promise<RunHead | undefined> {
    const row = await this.client.prisma.run.findUnique({ where: { id }, omit: LARGE });
    return row ? (row as unknown as RunHead) : undefined;
  }

  async risk(id: string): Promise<Json | null> {
    const row = await this.client.prisma.run.findUnique({ where: { id }, select: { risk: true } });
    return (row?.risk ?? null) as Json | null;
  }

  /** Without what may be large. */
  async list(page: Page, filter: RunFilter = {}): Promise<Slice<RunHead>> {
    const { rows: ids, hasMore } = await listIds(this.client, runsOf(page, filter), page);
    const rows = await this.client.prisma.run.findMany({
      omit: LARGE,
      where: { id: { in: [...ids] } },
    });
    return { rows: inOrder(ids, rows as unknown as RunHead[]), hasMore };
  }

  count(page: Page, filter: RunFilter): Promise<number | undefined> {
    return countRows(this.client, runsOf(page, filter));
  }

  async artifacts(id: string): Promise<ArtifactRecord[]> {
    return this.client.prisma.artifact.findMany({
      where: { runId: id },
      orderBy: { position: 'asc' },
      select: { name: true, mediaType: true, text: true, digest: true },
    });
  }

  /** A cacheable run with this key that has ended, the given owner's before anybody else's. */
  async findCached(cacheKey: string, owner: string): Promise<RunRecord | undefined> {
    const where = { cacheKey, state: { in: ['sealed', 'unsigned'] }, cacheable: true };
    // What is sealed serves everybody, and comes first.
    const orderBy = [{ state: 'asc' as const }, { id: 'desc' as const }];
    const row =
      (await this.client.prisma.run.findFirst({
        where: { ...where, owner },
        orderBy,
      })) ?? (await this.client.prisma.run.findFirst({ where, orderBy }));
    return row ? toRun(row) : undefined;
  }

  /** A result that no other request is answered with from now on. */
  async forget(id: string): Promise<void> {
    await this.client.prisma.run.updateMany({ where: { id }, data: { cacheable: false } });
  }

  /**
   * Takes up a run that waits, or whose worker has fallen silent. Nothing when it is not to be had.
   */
  async claim(id: string, worker: string, leaseMs: number): Promise<RunClaim | undefined> {
    const rows = await this.client.prisma.$queryRaw<{ attempt: number }[]>(Prisma.sql`
      UPDATE "runs"
      SET "state" = 'running', "attempt" = "attempt" + 1, "worker" = ${worker}, "progress" = NULL,
          "lease_until" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond',
          "started_at" = COALESCE("started_at", CURRENT_TIMESTAMP)
      WHERE "id" = ${id}
        AND ("state" = 'queued'
          OR (("state" = 'running' OR ("state" = 'checked' AND "provisional"))
            AND "lease_until" < CURRENT_TIMESTAMP))
      RETURNING "attempt"`);
    return rows[0] && { runId: id, attempt: rows[0].attempt };
  }

  async holds({ runId, attempt }: RunClaim): Promise<boolean> {
    return (await this.client.prisma.run.count({ where: { id: runId, attempt, ...HELD } })) === 1;
  }

  async progress({ runId, attempt }: RunClaim, progress: Json): Promise<void> {
    await this.client.prisma.run.updateMany({
      where: { id: runId, attempt, ...HELD },
      data: { progress: json(progress) },
    });
  }

  /** `running` → `checked`, with a first answer that may still change; the claim is kept. */
  async answerFirst({ runId, attempt }: RunClaim, report: Report): Promise<void> {
    await this.client.prisma.run.updateMany({
      where: { id: runId, attempt, state: 'running' },
      data: { state: 'checked', provisional: true, report: json(report), checkedAt: new Date() },
    });
  }

  /**
   * `running`, or a first answer, → `checked` or `unsigned`, with report and artifacts, in one
   * transaction. False: the claim was lost, nothing was written.
   */
  async check(
    { runId, attempt }: RunClaim,
    { report, artifacts, cacheable, seal = true, risk }: CheckedRun,
  ): Promise<boolean> {
    const now = new Date();
    return this.client.prisma.$transaction(async (transaction) => {
      const { count } = await transaction.run.updateMany({
        where: { id: runId, attempt, ...HELD },
        data: {
          ...endOf(seal, now),
          provisional: false,
          report: json(report),
          cacheable,
          ...(risk === undefined ? {} : { risk: json(risk) }),
          progress: Prisma.DbNull,
          leaseUntil: null,
          checkedAt: now,
        },
      });
      if (count === 0) return false;
      await transaction.artifact.createMany({
        data: artifacts.map((artifact, position) => ({ ...artifact, position, runId })),
      });
      return true;
    });
  }

  /** Gives a run back to the queue: its worker stops in good order, or is known to be dead. */
  async release(id: string, worker: string): Promise<boolean> {
    const { count } = await this.client.prisma.run.updateMany({
      where: { id, worker, ...HELD },
      data: { state: 'queued', worker: null, leaseUntil: null, progress: Prisma.DbNull },
    });
    return count === 1;
  }

  /** The runs that a worker holds. */
  async heldBy(worker: string): Promise<string[]> {
    const rows = await this.client.prisma.run.findMany({
      where: { worker, ...HELD },
      select: { id: true },
    });
    return rows.map(({ id }) => id);
  }

  /**
   * Ends a run without an answer that counts. One that has its last report can no longer fail, only
   * be sealed later.
   */
  async fail(id: string, failure: RunFailure): Promise<boolean> {
    const { count } = await this.client.prisma.run.updateMany({
      where: { id, OR: [{ state: 'queued' }, ...HELD.OR] },
      data: {
        state: 'failed',
        failure: json(failure),
        finishedAt: new Date(),
        leaseUntil: null,
        progress: Prisma.DbNull,
      },
    });
    return count === 1;
  }

  /** Ends a run at its owner's wish. False: too late, it has its last answer or has ended. */
  async cancel(id: string): Promise<boolean> {
    const { count } = await this.client.prisma.run.updateMany({
      where: { id, OR: [{ state: 'queued' }, ...HELD.OR] },
      data: {
        state: 'cancelled',
        finishedAt: new Date(),
        leaseUntil: null,
        progress: Prisma.DbNull,
      },
    });
    return count === 1;
  }

  /**
   * What nobody seems to be working on: waiting for longer than `idleMs`, or running without a
   * living worker.
   */
  async stalled(idleMs: number, limit = 500): Promise<RunHead[]> {
    const ids = await this.client.prisma.$queryRaw<{ id: string }[]>(Prisma.sql`
      SELECT "id"
      FROM "runs"
      WHERE (("state" = 'queued' OR ("state" = 'checked' AND NOT "provisional"))
          AND "updated_at" < CURRENT_TIMESTAMP - ${idleMs} * INTERVAL '1 millisecond')
         OR (("state" = 'running' OR ("state" = 'checked' AND "provisional"))
          AND "lease_until" < CURRENT_TIMESTAMP)
      ORDER BY "id"
      LIMIT ${limit}`);
    if (ids.length === 0) return [];
    const rows = await this.client.prisma.run.findMany({
      omit: LARGE,
      where: { id: { in: ids.map(({ id }) => id) } },
      orderBy: { id: 'asc' },
    });
    return rows as unknown as RunHead[];
  }

  /** How many runs are in each state. */
  async counts(): Promise<ReadonlyMap<RunState, number>> {
    const rows = await this.client.prisma.run.groupBy({ by: ['state'], _count: true });
    return new Map(rows.map((row) => [row.state as RunState, row._count]));
  }
}

/** The runs that an owner may see and that a filter leaves. */
function runsOf({ owner }: Page, filter: RunFilter): Listing {
  const { from, until, modelId, states } = filter;
  return {
    from: Prisma.sql`"runs" AS r JOIN "models" AS m ON m."id" = r."model_id"`,
    id: Prisma.sql`r."id"`,
    conditions: [
      ...(owner === undefined ? [] : [Prisma.sql`r."owner" = ${owner}`]),
      ...(from === undefined ? [] : [Prisma.sql`r."created_at" >= ${from}`]),
      ...(until === undefined ? [] : [Prisma.sql`r."created_at" < ${until}`]),
      ...(modelId === undefined ? [] : [Prisma.sql`r."model_id" = ${modelId}`]),
      ...(states === undefined ? [] : [Prisma.sql`r."state" = ANY(${[...states]})`]),
      ...modelConditions(filter, Prisma.sql`r."owner"`),
      ...answerConditions(filter),
    ],
  };
}

/** The state of a run that has its last report. */
function endOf(seal: boolean, now: Date) {
  return seal ? { state: 'checked' } : { state: 'unsigned', finishedAt: now };
}

function toRun(row: object): RunRecord {
  return row as RunRecord;
}
