import type { Json } from '../canonical/index.ts';
import type { Report } from '../model/outcome.ts';
import { announce } from './announcements.ts';
import { isDuplicate, json, orNull, Prisma, type Rows, type TenantRows } from './client.ts';
import {
  answerConditions,
  countRows,
  listRows,
  modelConditions,
  type Listing,
  type Page,
  type RunFilter,
  type Slice,
} from './listing.ts';
import type { ArtifactRecord, RunFailure, RunHead, RunRecord } from './records.ts';

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
  readonly organisationId: string;
  readonly runId: string;
  readonly attempt: number;
}

/** A worker has it: what runs, and what was answered and is being asked of other engines. */
export const HELD = {
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
 * Run rows of an organisation: the truth about every run. Each change is one statement or one
 * transaction, guarded by state and attempt.
 */
export class RunStore {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async create(run: NewRun): Promise<RunRecord> {
    const { organisationId } = this.tenant;
    const given = { options: json(run.options), risk: orNull(run.risk) };
    const data = { ...run, organisationId, state: 'queued', ...given };
    return this.firstOf(run.id, () => this.tenant.in((rows) => rows.run.create({ data })));
  }

  /**
   * A run whose answer is already known: it waits for its seal at most. It looks like one that was
   * checked just now, so that nothing in it says that somebody else had asked before.
   */
  async createChecked(run: NewRun, from: RunRecord, seal = true): Promise<RunRecord> {
    const artifacts = await this.artifacts(from.id);
    const now = new Date();
    const { organisationId } = this.tenant;
    const data = {
      ...run,
      organisationId,
      ...endOf(seal, now),
      options: json(run.options),
      report: orNull(from.report),
      risk: orNull(from.risk),
      cacheable: true,
      attempt: 1,
      startedAt: now,
      checkedAt: now,
      artifacts: { create: artifacts.map((artifact, position) => ({ ...artifact, position })) },
    };
    return this.firstOf(run.id, () =>
      this.tenant.in(async (rows) => {
        const made = await rows.run.create({ data });
        if (!seal) await announceFinished(rows, organisationId, run.id);
        return made;
      }),
    );
  }

  /** One that is there already stays: a request with the same idempotency key was sooner. */
  private async firstOf(id: string, create: () => Promise<object>): Promise<RunRecord> {
    try {
      return toRun(await create());
    } catch (error) {
      const known = isDuplicate(error) ? await this.get(id) : undefined;
      if (!known) throw error;
      return known;
    }
  }

  async get(id: string): Promise<RunRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.run.findUnique({ where: { id } }));
    return row ? toRun(row) : undefined;
  }

  /** For those who only want to know how it stands: a report may have a hundred megabytes. */
  async head(id: string): Promise<RunHead | undefined> {
    const row = await this.tenant.in((rows) => rows.run.findUnique({ where: { id }, omit: LARGE }));
    return row ? (row as unknown as RunHead) : undefined;
  }

  async risk(id: string): Promise<Json | null> {
    const select = { risk: true } as const;
    const row = await this.tenant.in((rows) => rows.run.findUnique({ where: { id }, select }));
    return (row?.risk ?? null) as Json | null;
  }

  /** Without what may be large. */
  async list(page: Page, filter: RunFilter = {}): Promise<Slice<RunHead>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.listing(page, filter),
        page,
        async (where) => (await rows.run.findMany({ omit: LARGE, where })) as unknown as RunHead[],
      ),
    );
  }

  count(page: Page, filter: RunFilter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing(page, filter)));
  }

  /** How many have not ended; no more than `most` are counted. */
  async open(most: number): Promise<number> {
    const states = ['queued', 'running', 'checked'];
    const { organisationId } = this.tenant;
    const [row] = await this.tenant.in((rows) =>
      rows.$queryRaw<{ count: bigint }[]>(Prisma.sql`
        SELECT count(*) AS "count"
        FROM (
          SELECT 1 FROM "runs"
          WHERE "organisation_id" = ${organisationId} AND "state" = ANY(${states})
          LIMIT ${most}
        ) AS "some"`),
    );
    return Number(row?.count ?? 0);
  }

  async artifacts(id: string): Promise<ArtifactRecord[]> {
    return this.tenant.in((rows) =>
      rows.artifact.findMany({
        where: { runId: id },
        orderBy: { position: 'asc' },
        select: { name: true, mediaType: true, text: true, digest: true },
      }),
    );
  }

  /** A cacheable run with this key that has ended: the owner's, else another's. */
  async findCached(cacheKey: string, owner: string): Promise<RunRecord | undefined> {
    const where = { cacheKey, state: { in: ['sealed', 'unsigned'] }, cacheable: true };
    // What is sealed serves everybody, and comes first.
    const orderBy = [{ state: 'asc' as const }, { id: 'desc' as const }];
    const row = await this.tenant.in(
      async (rows) =>
        (await rows.run.findFirst({ where: { ...where, owner }, orderBy })) ??
        (await rows.run.findFirst({ where, orderBy })),
    );
    return row ? toRun(row) : undefined;
  }

  /** A result that no other request is answered with from now on. */
  async forget(id: string): Promise<void> {
    const data = { cacheable: false };
    await this.tenant.in((rows) => rows.run.updateMany({ where: { id }, data }));
  }

  /**
   * Takes up a run that waits, or whose worker has fallen silent. Nothing when it is not to be had.
   */
  async claim(id: string, worker: string, leaseMs: number): Promise<RunClaim | undefined> {
    const { organisationId } = this.tenant;
    const claimed = await this.tenant.in((rows) =>
      rows.$queryRaw<{ attempt: number }[]>(claiming({ organisationId, id }, worker, leaseMs)),
    );
    return claimed[0] && { organisationId, runId: id, attempt: claimed[0].attempt };
  }

  async holds({ runId, attempt }: RunClaim): Promise<boolean> {
    const where = { id: runId, attempt, ...HELD };
    return (await this.tenant.in((rows) => rows.run.count({ where }))) === 1;
  }

  async progress({ runId, attempt }: RunClaim, progress: Json): Promise<void> {
    const where = { id: runId, attempt, ...HELD };
    const data = { progress: json(progress) };
    await this.tenant.in((rows) => rows.run.updateMany({ where, data }));
  }

  /** `running` → `checked`, with a first answer that may still change; the claim is kept. */
  async answerFirst({ runId, attempt }: RunClaim, report: Report): Promise<void> {
    const where = { id: runId, attempt, state: 'running' };
    const said = { report: json(report), checkedAt: new Date() };
    await this.tenant.in((rows) =>
      rows.run.updateMany({ where, data: { state: 'checked', provisional: true, ...said } }),
    );
  }

  /**
   * `running`, or a first answer, → `checked` or `unsigned`, with report and artifacts, in one
   * transaction. False: the claim was lost, nothing was written.
   */
  async check(
    { runId, attempt }: RunClaim,
    { report, artifacts, cacheable, seal = true, risk }: CheckedRun,
  ): Promise<boolean> {
    const { organisationId } = this.tenant;
    const now = new Date();
    return this.tenant.in(async (rows) => {
      const { count } = await rows.run.updateMany({
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
      await rows.artifact.createMany({
        data: artifacts.map((artifact, position) => ({
          ...artifact,
          organisationId,
          position,
          runId,
        })),
      });
      if (!seal) await announceFinished(rows, organisationId, runId);
      return true;
    });
  }

  /** Gives a run back to the queue: its worker stops in good order, or is known to be dead. */
  async release(id: string, worker: string): Promise<boolean> {
    const where = { id, worker, ...HELD };
    const data = { state: 'queued', worker: null, leaseUntil: null, progress: Prisma.DbNull };
    const { count } = await this.tenant.in((rows) => rows.run.updateMany({ where, data }));
    return count === 1;
  }

  /**
   * Ends a run without an answer that counts. One that has its last report can no longer fail, only
   * be sealed later.
   */
  async fail(id: string, failure: RunFailure): Promise<boolean> {
    return this.end(id, { state: 'failed', failure: json(failure) });
  }

  /** Ends a run at its owner's wish. False: too late, it has its last answer or has ended. */
  async cancel(id: string): Promise<boolean> {
    return this.end(id, { state: 'cancelled' });
  }

  private async end(id: string, said: Prisma.RunUpdateManyMutationInput): Promise<boolean> {
    const where = { id, OR: [{ state: 'queued' }, ...HELD.OR] };
    const ended = { finishedAt: new Date(), leaseUntil: null, progress: Prisma.DbNull };
    return this.tenant.in(async (rows) => {
      const { count } = await rows.run.updateMany({ where, data: { ...said, ...ended } });
      if (count === 1) await announceFinished(rows, this.tenant.organisationId, id);
      return count === 1;
    });
  }

  private listing(page: Page, filter: RunFilter): Listing {
    return runsOf(this.tenant.organisationId, page, filter);
  }
}

/** That a run has ended, in the transaction in which it does. */
export async function announceFinished(
  rows: Rows,
  organisationId: string,
  id: string,
): Promise<void> {
  const select = { owner: true, modelId: true, state: true, failure: true } as const;
  const { owner, modelId, state, failure } = await rows.run.findUniqueOrThrow({
    where: { id },
    select,
  });
  const code = (failure as RunFailure | null)?.code;
  const data = { run: id, model: modelId, state, ...(code !== undefined && { failure: code }) };
  await announce(rows, organisationId, { kind: 'run.finished', owner, subject: id, data });
}

/** Takes a run up, if it is to be had. */
export const claiming = (
  { organisationId, id }: { readonly organisationId: string; readonly id: string },
  worker: string,
  leaseMs: number,
): Prisma.Sql => Prisma.sql`
  UPDATE "runs"
  SET "state" = 'running', "attempt" = "attempt" + 1, "worker" = ${worker}, "progress" = NULL,
      "lease_until" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond',
      "started_at" = COALESCE("started_at", CURRENT_TIMESTAMP)
  WHERE "organisation_id" = ${organisationId} AND "id" = ${id}
    AND ("state" = 'queued'
      OR (("state" = 'running' OR ("state" = 'checked' AND "provisional"))
        AND "lease_until" < CURRENT_TIMESTAMP))
  RETURNING "attempt"`;

/** The runs that an owner may see and that a filter leaves. */
function runsOf(organisationId: string, { owner }: Page, filter: RunFilter): Listing {
  const { from, until, modelId, states } = filter;
  return {
    from: Prisma.sql`"runs" AS r JOIN "models" AS m ON m."id" = r."model_id"`,
    id: Prisma.sql`r."id"`,
    conditions: [
      Prisma.sql`r."organisation_id" = ${organisationId}`,
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
