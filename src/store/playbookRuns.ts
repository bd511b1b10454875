import type { Json } from '../canonical/index.ts';
import { announce } from './announcements.ts';
import { json, Prisma, type AllRows, type Rows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { countRows, listRows, type Listing, type Page, type Slice } from './listing.ts';

export type PlaybookRunState = 'running' | 'completed' | 'failed' | 'cancelled';

/** A playbook that is carried out about an alert or an incident. */
export interface PlaybookRunRecord {
  readonly id: string;
  readonly monitorId: string;
  /** The alert or the incident. */
  readonly subject: string;
  readonly alertId: string | null;
  readonly incidentId: string;
  readonly playbookId: string;
  readonly name: string;
  /** Of the text of the playbook. */
  readonly digest: string;
  /** What it said when it was started; the service says of what shape. */
  readonly content: Json;
  readonly verified: boolean;
  /** Why it is used although it is not verified to help. */
  readonly reason: string;
  readonly state: PlaybookRunState;
  readonly startedBy: string;
  readonly owner: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type NewPlaybookRun = Omit<PlaybookRunRecord, 'id' | 'state' | 'createdAt' | 'updatedAt'>;

export interface PlaybookStepRecord {
  readonly id: string;
  readonly runId: string;
  /** 1, 2, 3, … in the order in which they came up. */
  readonly number: number;
  /** The number of its place in the flow. */
  readonly place: number;
  readonly state: string;
  readonly byHand: boolean;
  readonly approvedBy: string | null;
  readonly approvedAt: Date | null;
  readonly sentAt: Date | null;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
}

/** Who did what: a key and its role; `event`, `sender` and `clock` are roles too. */
export interface NewPlaybookNote {
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly text: string;
}

export interface PlaybookNoteRecord extends NewPlaybookNote {
  readonly id: string;
  readonly runId: string;
  readonly stepId: string | null;
  readonly createdAt: Date;
}

/** A step that comes up. */
export interface NewPlaybookStep {
  readonly place: number;
  readonly state: string;
  readonly timeoutMs?: number | undefined;
}

/** What changes in a run, all at once: its step, its state or its next step, and what is noted. */
export interface PlaybookMove {
  readonly note: NewPlaybookNote;
  readonly step?: Partial<
    Pick<PlaybookStepRecord, 'state' | 'byHand' | 'approvedBy' | 'approvedAt' | 'dueAt'>
  >;
  readonly ends?: Exclude<PlaybookRunState, 'running'>;
  readonly next?: NewPlaybookStep;
}

export interface PlaybookRunFilter {
  readonly monitorId?: string | undefined;
  readonly incidentId?: string | undefined;
  readonly alertId?: string | undefined;
  readonly state?: PlaybookRunState | undefined;
}

const RUN_COLUMNS: Readonly<Record<keyof PlaybookRunFilter, string>> = {
  monitorId: 'monitor_id',
  incidentId: 'incident_id',
  alertId: 'alert_id',
  state: 'state',
};

/** The playbooks that are and were carried out in an organisation. */
export class PlaybookRuns {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Nothing where the same is carried out about the same already. */
  async start(
    run: NewPlaybookRun,
    step: NewPlaybookStep,
    note: NewPlaybookNote,
  ): Promise<PlaybookRunRecord | undefined> {
    const { organisationId } = this.tenant;
    const id = newId('pbr');
    const running = `${run.subject} ${run.playbookId}`;
    const data = { ...run, content: json(run.content), id, organisationId, running };
    return this.tenant.in(async (rows) => {
      const { count } = await rows.playbookRun.createMany({ data: [data], skipDuplicates: true });
      if (count === 0) return undefined;
      const row = await rows.playbookRun.findUniqueOrThrow({ where: { id } });
      const stepId = await addStep(rows, organisationId, id, 1, step);
      await addNote(rows, organisationId, id, stepId, note);
      await this.announceMove(rows, row as unknown as PlaybookRunRecord, step.state);
      return row as unknown as PlaybookRunRecord;
    });
  }

  async get(id: string): Promise<PlaybookRunRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.playbookRun.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as PlaybookRunRecord | undefined;
  }

  async step(id: string): Promise<PlaybookStepRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.playbookStep.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as PlaybookStepRecord | undefined;
  }

  /** The steps of a run that have come up so far. */
  async steps(runId: string): Promise<readonly PlaybookStepRecord[]> {
    const orderBy = { number: 'asc' } as const;
    return (await this.tenant.in((rows) =>
      rows.playbookStep.findMany({ where: { runId }, orderBy }),
    )) as unknown as readonly PlaybookStepRecord[];
  }

  /** Who did what in a run, oldest first. */
  async notes(runId: string): Promise<readonly PlaybookNoteRecord[]> {
    const orderBy = { id: 'asc' } as const;
    return (await this.tenant.in((rows) =>
      rows.playbookNote.findMany({ where: { runId }, orderBy }),
    )) as unknown as readonly PlaybookNoteRecord[];
  }

  async list(page: Page, filter: PlaybookRunFilter): Promise<Slice<PlaybookRunRecord>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.listing(filter),
        page,
        async (where) =>
          (await rows.playbookRun.findMany({ where })) as unknown as PlaybookRunRecord[],
      ),
    );
  }

  count(filter: PlaybookRunFilter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing(filter)));
  }

  /**
   * Moves a run, one mover at a time: `decide` sees the run and one of its steps as they are, held
   * until what it says is written; nothing where it says nothing.
   */
  async move(
    stepId: string,
    decide: (run: PlaybookRunRecord, step: PlaybookStepRecord) => PlaybookMove | undefined,
  ): Promise<PlaybookMove | undefined> {
    const { organisationId } = this.tenant;
    return this.tenant.in(async (rows) => {
      const found = await heldStep(rows, organisationId, stepId);
      if (!found) return undefined;
      const { run, step } = found;
      const move = decide(run, step);
      if (!move) return undefined;
      if (move.step) await rows.playbookStep.updateMany({ where: { id: stepId }, data: move.step });
      await addNote(rows, organisationId, run.id, stepId, move.note);
      await rows.playbookRun.updateMany({
        where: { id: run.id },
        data: { updatedAt: new Date(), ...(move.ends && { state: move.ends, running: null }) },
      });
      if (move.next) await addStep(rows, organisationId, run.id, step.number + 1, move.next);
      if (move.step ?? move.ends) {
        const state = move.next?.state ?? move.step?.state ?? step.state;
        await this.announceMove(rows, { ...run, state: move.ends ?? run.state }, state);
      }
      return move;
    });
  }

  private announceMove(
    rows: Rows,
    { id, monitorId, subject, state, owner }: PlaybookRunRecord,
    step: string,
  ): Promise<string> {
    const data = { run: id, monitor: monitorId, subject, state, step };
    const about = { kind: 'playbook.moved', owner, subject: id, data } as const;
    return announce(rows, this.tenant.organisationId, about);
  }

  private listing(filter: PlaybookRunFilter): Listing {
    const asked = Object.entries(filter).flatMap(([name, value]) => {
      const column = Prisma.raw(`t."${RUN_COLUMNS[name as keyof PlaybookRunFilter]}"`);
      return value === undefined ? [] : [Prisma.sql`${column} = ${value}`];
    });
    return {
      from: Prisma.sql`"playbook_runs" AS t`,
      id: Prisma.sql`t."id"`,
      conditions: [Prisma.sql`t."organisation_id" = ${this.tenant.organisationId}`, ...asked],
    };
  }
}

/**
 * A step and its run, held until the end of the transaction: the run first. Their keys are not:
 * who takes a step to send it (`claim`) holds the step and then notes that at its run.
 */
async function heldStep(
  rows: Rows,
  organisationId: string,
  stepId: string,
): Promise<{ readonly run: PlaybookRunRecord; readonly step: PlaybookStepRecord } | undefined> {
  const known = await rows.playbookStep.findUnique({ where: { id: stepId } });
  if (!known) return undefined;
  await rows.$queryRaw(Prisma.sql`
    SELECT 1 FROM "playbook_runs"
    WHERE "organisation_id" = ${organisationId} AND "id" = ${known.runId} FOR NO KEY UPDATE`);
  await rows.$queryRaw(Prisma.sql`
    SELECT 1 FROM "playbook_steps"
    WHERE "organisation_id" = ${organisationId} AND "id" = ${stepId} FOR NO KEY UPDATE`);
  const run = await rows.playbookRun.findUniqueOrThrow({ where: { id: known.runId } });
  const step = await rows.playbookStep.findUniqueOrThrow({ where: { id: stepId } });
  return {
    run: run as unknown as PlaybookRunRecord,
    step: step as unknown as PlaybookStepRecord,
  };
}

async function addStep(
  rows: Rows,
  organisationId: string,
  runId: string,
  number: number,
  { place, state, timeoutMs }: NewPlaybookStep,
): Promise<string> {
  const id = newId('pst');
  const data = { id, organisationId, runId, number, place, state, timeoutMs: timeoutMs ?? null };
  await rows.playbookStep.create({ data });
  return id;
}

async function addNote(
  rows: Rows,
  organisationId: string,
  runId: string,
  stepId: string,
  note: NewPlaybookNote,
): Promise<void> {
  const data = { ...note, id: newId('pbn'), organisationId, runId, stepId };
  await rows.playbookNote.create({ data });
}

/** A step, and whose it is. */
export interface ClaimedStep {
  readonly organisationId: string;
  readonly id: string;
}

/** One chooser at a time, over all processes that share the database. */
const STEP_LOCK = 0x70627374;
/** Steps of one organisation that are sent at once: its slow receiver holds up its own. */
const AT_ONCE = 4;
const OVERDUE_AT_ONCE = 50;

/** Steps of all organisations. */
export class AllPlaybookSteps {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /**
   * The step that was approved first, which is `sending` from now on: nobody else is given it, ever
   * again, unless it is approved once more. Its outcome is due a timeout from now.
   */
  async claim(leaseMs: number): Promise<ClaimedStep | undefined> {
    return this.all.in(async (rows) => {
      await rows.$executeRaw`SELECT pg_advisory_xact_lock(${STEP_LOCK})`;
      const [claimed] = await rows.$queryRaw<(ClaimedStep & { runId: string })[]>(Prisma.sql`
        UPDATE "playbook_steps"
        SET "state" = 'sending', "sent_at" = CURRENT_TIMESTAMP,
            "lease_until" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond',
            "due_at" = CURRENT_TIMESTAMP + "timeout_ms" * INTERVAL '1 millisecond'
        WHERE "state" = 'approved' AND "id" = (
          SELECT s."id" FROM "playbook_steps" AS s
          WHERE s."state" = 'approved' AND ${AT_ONCE} > (
            SELECT count(*) FROM "playbook_steps" AS o
            WHERE o."organisation_id" = s."organisation_id" AND o."state" = 'sending'
              AND o."lease_until" > CURRENT_TIMESTAMP)
          ORDER BY s."approved_at", s."id"
          LIMIT 1
          FOR UPDATE SKIP LOCKED
        )
        RETURNING "organisation_id" AS "organisationId", "id", "run_id" AS "runId"`);
      if (!claimed) return undefined;
      const { organisationId, id, runId } = claimed;
      const note = { actor: '', role: 'sender', action: 'send', text: '' };
      await addNote(rows, organisationId, runId, id, note);
      return { organisationId, id };
    });
  }

  /** Steps whose sender died, or whose outcome is overdue. */
  async overdue(): Promise<readonly ClaimedStep[]> {
    return this.all.in((rows) =>
      rows.$queryRaw<ClaimedStep[]>(Prisma.sql`
        SELECT "organisation_id" AS "organisationId", "id"
        FROM "playbook_steps"
        WHERE ("state" = 'sending' AND "lease_until" < CURRENT_TIMESTAMP)
          OR ("state" IN ('sending', 'underWay', 'unknown') AND "due_at" < CURRENT_TIMESTAMP)
        ORDER BY "id"
        LIMIT ${OVERDUE_AT_ONCE}`),
    );
  }
}
