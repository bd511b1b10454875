import type { Json } from '../canonical/index.ts';
import { announce } from './announcements.ts';
import { isDuplicate, json, Prisma, type AllRows, type Rows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { countRows, listRows, type Listing, type Page, type Slice } from './listing.ts';

/** What a monitor is set to; the service says of what shape. */
export interface MonitorHead {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  /** Counts from 1. */
  readonly version: number;
  readonly modelId: string;
  readonly settings: Json;
  /** The number of the last event that it has judged. */
  readonly arrival: bigint;
  /** The latest time of the stream so far. */
  readonly clock: Date | null;
  /** Why it goes no further. */
  readonly failure: string | null;
  /** When it needs to be told the time, if nothing comes before. */
  readonly tickAt: Date | null;
  /** Changes when stored events are erased: what is in memory is then read anew. */
  readonly erasures: number;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
}

export interface MonitorRecord extends MonitorHead {
  readonly mapping: string;
  /** What was found out about its playbooks; null before. */
  readonly responses: Json | null;
}

export type NewMonitor = Pick<MonitorRecord, 'owner' | 'name' | 'modelId' | 'mapping' | 'settings'>;

/** How a case stands. */
export interface MonitoredCaseRecord {
  readonly id: string;
  readonly monitorId: string;
  readonly caseKey: string;
  readonly status: string;
  readonly answer: Json;
  readonly updatedAt: Date;
}

/** What the monitor says of an alert now. */
export type AlertStanding = 'stands' | 'resolved' | 'withdrawn';

/** An alert as a monitor tells it. */
export interface ToldAlert {
  readonly caseKey: string;
  readonly kind: string;
  readonly source: string;
  readonly eventId: string;
  readonly property: string;
  /** Its place among those of its case. */
  readonly position: number;
  readonly standing: AlertStanding;
  readonly told: Json;
  /** What was known when it was raised: kept as it was then. */
  readonly detail?: Json;
  readonly cause: string;
  readonly explainedBy: Json;
  readonly raisedAt: Date;
  readonly settlesAt: Date;
}

export interface ToldCase {
  readonly caseKey: string;
  readonly status: string;
  readonly answer: Json;
}

/** What came of a part of the stream, to be kept together. */
export interface JudgedPart {
  readonly arrival: bigint;
  readonly clock: Date | null;
  /** When the time is to be told, if nothing comes before; absent: it stays as it was. */
  readonly tickAt?: Date | null;
  readonly cases: readonly ToldCase[];
  readonly alerts: readonly ToldAlert[];
  readonly at: Date;
  /** Who sees what is announced of it, besides those who see all. */
  readonly owner: string;
  /** The erasures of the monitor that judged it. */
  readonly erasures?: number;
}

const LARGE = { mapping: true, responses: true } as const;

/** The monitors of an organisation, and how far each has judged its stream. */
export class Monitors {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** The next version under a name; those before are retired with it. */
  async create(monitor: NewMonitor): Promise<MonitorRecord> {
    const { organisationId } = this.tenant;
    for (;;) {
      try {
        return await this.tenant.in(async (rows) => {
          const where = { organisationId, name: monitor.name };
          const before = await rows.monitor.findFirst({ where, orderBy: { version: 'desc' } });
          await rows.monitor.updateMany({
            where: { ...where, retiredAt: null },
            data: { retiredAt: new Date() },
          });
          const version = (before?.version ?? 0) + 1;
          const settings = json(monitor.settings);
          const data = { ...monitor, settings, id: newId('mon'), organisationId, version };
          return (await rows.monitor.create({ data })) as unknown as MonitorRecord;
        });
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    }
  }

  async get(id: string): Promise<MonitorRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.monitor.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as MonitorRecord | undefined;
  }

  /** Without what may be large. */
  async head(id: string): Promise<MonitorHead | undefined> {
    const row = await this.tenant.in((rows) =>
      rows.monitor.findUnique({ where: { id }, omit: LARGE }),
    );
    return (row ?? undefined) as unknown as MonitorHead | undefined;
  }

  /** All of them, retired ones too. */
  async every(): Promise<readonly MonitorRecord[]> {
    const { organisationId } = this.tenant;
    return (await this.tenant.in((rows) =>
      rows.monitor.findMany({ where: { organisationId } }),
    )) as unknown as readonly MonitorRecord[];
  }

  async list(page: Page): Promise<Slice<MonitorHead>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.listing(),
        page,
        async (where) =>
          (await rows.monitor.findMany({ where, omit: LARGE })) as unknown as MonitorHead[],
      ),
    );
  }

  count(): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing()));
  }

  /** It judges no further. False where it was over already, or is not there. */
  async retire(id: string): Promise<boolean> {
    const where = { id, retiredAt: null };
    const data = { retiredAt: new Date() };
    const { count } = await this.tenant.in((rows) => rows.monitor.updateMany({ where, data }));
    return count === 1;
  }

  async keepResponses(id: string, responses: Json): Promise<void> {
    const data = { responses: json(responses) };
    await this.tenant.in((rows) => rows.monitor.updateMany({ where: { id }, data }));
  }

  async fail(id: string, failure: string): Promise<void> {
    await this.tenant.in((rows) => rows.monitor.updateMany({ where: { id }, data: { failure } }));
  }

  /**
   * Keeps what came of the stream up to a number: cases, alerts and the number become durable
   * together, and new alerts are announced. `from`: the number that it went on from. False where
   * another process was faster: then nothing is kept.
   */
  async keep(monitorId: string, from: bigint, part: JudgedPart): Promise<boolean> {
    const { organisationId } = this.tenant;
    return this.tenant.in(async (rows) => {
      const { count } = await rows.monitor.updateMany({
        where: {
          id: monitorId,
          arrival: from,
          ...(part.erasures !== undefined && { erasures: part.erasures }),
        },
        data: {
          arrival: part.arrival,
          clock: part.clock,
          ...(part.tickAt !== undefined && { tickAt: part.tickAt }),
        },
      });
      if (count === 0) return false;
      await keepCases(rows, organisationId, monitorId, part);
      const raised = await keepAlerts(rows, organisationId, monitorId, part);
      for (const { id, kind, incidentId } of raised)
        await announce(rows, organisationId, {
          kind: 'monitor.alert',
          owner: part.owner,
          subject: id,
          data: { alert: id, monitor: monitorId, incident: incidentId, kind },
        });
      return true;
    });
  }

  private listing(): Listing {
    const { organisationId } = this.tenant;
    return {
      from: Prisma.sql`"monitors" AS o`,
      id: Prisma.sql`o."id"`,
      conditions: [Prisma.sql`o."organisation_id" = ${organisationId}`],
    };
  }
}

/** A monitor that has not judged all that came. */
export interface MonitorBehind {
  readonly organisationId: string;
  readonly id: string;
}

/** Monitors of all organisations. */
export class AllMonitors {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** Those with something to judge, the one that is furthest behind in time first. */
  async behind(most: number): Promise<readonly MonitorBehind[]> {
    return this.all.in((rows) =>
      rows.$queryRaw<MonitorBehind[]>(Prisma.sql`
        SELECT m."organisation_id" AS "organisationId", m."id" AS "id"
        FROM "monitors" AS m
        JOIN "event_streams" AS s USING ("organisation_id")
        WHERE m."retired_at" IS NULL AND m."failure" IS NULL AND m."arrival" < s."last"
        ORDER BY m."arrival"
        LIMIT ${most}`),
    );
  }

  /** The organisations with a monitor that has judged all, and needs to be told the time. */
  async untold(now: Date, most: number): Promise<readonly string[]> {
    const found = await this.all.in((rows) =>
      rows.$queryRaw<{ id: string }[]>(Prisma.sql`
        SELECT DISTINCT m."organisation_id" AS "id"
        FROM "monitors" AS m
        JOIN "event_streams" AS s USING ("organisation_id")
        WHERE m."retired_at" IS NULL AND m."failure" IS NULL AND m."arrival" = s."last"
          AND m."tick_at" < ${now}
        LIMIT ${most}`),
    );
    return found.map(({ id }) => id);
  }
}

async function keepCases(
  rows: Rows,
  organisationId: string,
  monitorId: string,
  { cases, at }: JudgedPart,
): Promise<void> {
  if (cases.length === 0) return;
  const told = cases.map(({ answer, ...each }) => ({
    ...each,
    id: newId('cas'),
    answer: JSON.stringify(answer),
  }));
  await rows.$executeRaw(Prisma.sql`
    INSERT INTO "monitored_cases"
      ("id", "organisation_id", "monitor_id", "case_key", "status", "answer", "updated_at")
    SELECT n."id", ${organisationId}, ${monitorId}, n."caseKey", n."status", n."answer"::JSON, ${at}
    FROM json_to_recordset(${JSON.stringify(told)}::JSON) AS n
      ("id" TEXT, "caseKey" TEXT, "status" TEXT, "answer" TEXT)
    ON CONFLICT ("organisation_id", "monitor_id", "case_key") DO UPDATE
    SET "status" = EXCLUDED."status", "answer" = EXCLUDED."answer",
      "updated_at" = EXCLUDED."updated_at"`);
}

/** Alerts, each under the incident of its cause; the ids of those that are new. */
async function keepAlerts(
  rows: Rows,
  organisationId: string,
  monitorId: string,
  { alerts, at }: JudgedPart,
): Promise<readonly RaisedNow[]> {
  if (alerts.length === 0) return [];
  // Of one moment: sorted, so that the order of ids is that in which they were raised.
  const ids = alerts.map(() => newId('alr')).sort();
  const told = alerts.map(({ told: said, detail, explainedBy, ...each }, i) => ({
    ...each,
    id: ids[i],
    incident: newId('inc'),
    told: JSON.stringify(said),
    detail: JSON.stringify(detail ?? {}),
    explainedBy: JSON.stringify(explainedBy),
  }));
  const given = JSON.stringify(told);
  await rows.$executeRaw(Prisma.sql`
    INSERT INTO "incidents"
      ("id", "organisation_id", "monitor_id", "cause", "kind", "property", "explained_by", "created_at")
    SELECT DISTINCT ON (n."cause")
      n."incident", ${organisationId}, ${monitorId}, n."cause", n."kind", n."property",
      n."explainedBy"::JSON, ${at}
    FROM json_to_recordset(${given}::JSON) AS n
      ("incident" TEXT, "cause" TEXT, "kind" TEXT, "property" TEXT, "explainedBy" TEXT)
    ORDER BY n."cause"
    ON CONFLICT ("organisation_id", "monitor_id", "cause") DO NOTHING`);
  const found = await rows.$queryRaw<RaisedNow[]>(Prisma.sql`
    INSERT INTO "raised_alerts" AS a
      ("id", "organisation_id", "monitor_id", "incident_id", "case_key", "kind", "source", "event_id",
       "property", "position", "standing", "told", "detail", "raised_at", "settles_at", "updated_at")
    SELECT n."id", ${organisationId}, ${monitorId}, i."id", n."caseKey", n."kind", n."source",
      n."eventId", n."property", n."position", n."standing", n."told"::JSON, n."detail"::JSON,
      n."raisedAt", n."settlesAt", ${at}
    FROM json_to_recordset(${given}::JSON) AS n
      ("id" TEXT, "cause" TEXT, "caseKey" TEXT, "kind" TEXT, "source" TEXT, "eventId" TEXT,
       "property" TEXT, "position" INTEGER, "standing" TEXT, "told" TEXT, "detail" TEXT,
       "raisedAt" TIMESTAMPTZ, "settlesAt" TIMESTAMPTZ)
    JOIN "incidents" AS i
      ON i."organisation_id" = ${organisationId} AND i."monitor_id" = ${monitorId}
        AND i."cause" = n."cause"
    ON CONFLICT ("organisation_id", "monitor_id", "case_key", "kind", "source", "event_id", "property")
    DO UPDATE SET "position" = EXCLUDED."position", "standing" = EXCLUDED."standing",
      "told" = EXCLUDED."told", "incident_id" = EXCLUDED."incident_id",
      "updated_at" = EXCLUDED."updated_at"
    RETURNING a."id" AS "id", a."kind" AS "kind", a."incident_id" AS "incidentId",
      (a."xmax" = 0) AS "fresh"`);
  return found.filter(({ fresh }) => fresh);
}

interface RaisedNow {
  readonly id: string;
  readonly kind: string;
  readonly incidentId: string;
  readonly fresh: boolean;
}
