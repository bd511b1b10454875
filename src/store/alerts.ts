import type { Json } from '../canonical/index.ts';
import { Prisma, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { countRows, listRows, type Listing, type Page, type Slice } from './listing.ts';
import type { AlertStanding, MonitoredCaseRecord, ToldAlert } from './monitors.ts';

/** What people have done about an alert. */
export type AlertState = 'open' | 'acknowledged' | 'closed';

export interface AlertRecord extends Omit<ToldAlert, 'cause' | 'explainedBy'> {
  readonly id: string;
  readonly monitorId: string;
  readonly incidentId: string;
  readonly detail: Json;
  readonly state: AlertState;
  readonly assignee: string | null;
  readonly updatedAt: Date;
}

export type AlertAction = 'acknowledge' | 'assign' | 'comment' | 'close' | 'reopen';

export interface AlertNoteRecord {
  readonly id: string;
  readonly alertId: string;
  readonly actor: string;
  readonly role: string;
  readonly action: AlertAction;
  readonly text: string;
  readonly createdAt: Date;
}

/** Alerts of one cause, with how many there are. */
export interface IncidentRecord {
  readonly id: string;
  readonly monitorId: string;
  readonly kind: string;
  readonly property: string;
  readonly explainedBy: Json;
  readonly createdAt: Date;
}

/** How many alerts of an incident were raised in an hour of the stream. */
export interface IncidentHour {
  readonly at: Date;
  readonly count: number;
}

export interface AlertFilter {
  readonly monitorId?: string | undefined;
  readonly incidentId?: string | undefined;
  readonly caseKey?: string | undefined;
  readonly kind?: string | undefined;
  readonly property?: string | undefined;
  readonly standing?: AlertStanding | undefined;
  readonly state?: AlertState | undefined;
  readonly assignee?: string | undefined;
}

export interface CaseFilter {
  readonly monitorId?: string | undefined;
  readonly status?: string | undefined;
  readonly caseKey?: string | undefined;
}

/** What a change of an alert's state is noted as. */
export interface AlertChange {
  readonly action: AlertAction;
  readonly text: string;
  readonly state?: AlertState;
  readonly assignee?: string | null;
}

const COLUMNS: Readonly<Record<keyof AlertFilter, string>> = {
  monitorId: 'monitor_id',
  incidentId: 'incident_id',
  caseKey: 'case_key',
  kind: 'kind',
  property: 'property',
  standing: 'standing',
  state: 'state',
  assignee: 'assignee',
};

/** The alerts of an organisation, the cases that they are of, and what people did about them. */
export class Alerts {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async get(id: string): Promise<AlertRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.raisedAlert.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as AlertRecord | undefined;
  }

  async list(page: Page, filter: AlertFilter): Promise<Slice<AlertRecord>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.listing('raised_alerts', filter),
        page,
        async (where) => (await rows.raisedAlert.findMany({ where })) as unknown as AlertRecord[],
      ),
    );
  }

  count(filter: AlertFilter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing('raised_alerts', filter)));
  }

  /** All of a case, in the order in which they were first raised. */
  async ofCase(monitorId: string, caseKey: string): Promise<readonly AlertRecord[]> {
    const where = { monitorId, caseKey };
    return (await this.tenant.in((rows) =>
      rows.raisedAlert.findMany({ where, orderBy: { position: 'asc' } }),
    )) as unknown as readonly AlertRecord[];
  }

  /** Changes what people say of an alert and notes who did; nothing where it is not there. */
  async change(
    id: string,
    by: { readonly actor: string; readonly role: string },
    { action, text, state, assignee }: AlertChange,
  ): Promise<AlertRecord | undefined> {
    const { organisationId } = this.tenant;
    return this.tenant.in(async (rows) => {
      const data = {
        ...(state !== undefined && { state }),
        ...(assignee !== undefined && { assignee }),
      };
      const known = await rows.raisedAlert.findUnique({ where: { id } });
      if (!known) return undefined;
      await rows.raisedAlert.updateMany({ where: { id }, data });
      const note = { ...by, id: newId('not'), organisationId, alertId: id, action, text };
      await rows.alertNote.create({ data: note });
      return { ...known, ...data } as unknown as AlertRecord;
    });
  }

  /** What people did about an alert, oldest first. */
  async notes(alertId: string): Promise<readonly AlertNoteRecord[]> {
    const orderBy = { id: 'asc' } as const;
    return (await this.tenant.in((rows) =>
      rows.alertNote.findMany({ where: { alertId }, orderBy }),
    )) as unknown as readonly AlertNoteRecord[];
  }

  async case(id: string): Promise<MonitoredCaseRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.monitoredCase.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as MonitoredCaseRecord | undefined;
  }

  async cases(page: Page, filter: CaseFilter): Promise<Slice<MonitoredCaseRecord>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.caseListing(filter),
        page,
        async (where) =>
          (await rows.monitoredCase.findMany({ where })) as unknown as MonitoredCaseRecord[],
      ),
    );
  }

  countCases(filter: CaseFilter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.caseListing(filter)));
  }

  async incident(id: string): Promise<IncidentRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.incident.findUnique({ where: { id } }));
    return (row ?? undefined) as unknown as IncidentRecord | undefined;
  }

  async incidents(page: Page, monitorId: string | undefined): Promise<Slice<IncidentRecord>> {
    return this.tenant.in((rows) =>
      listRows(
        rows,
        this.listing('incidents', { monitorId }),
        page,
        async (where) => (await rows.incident.findMany({ where })) as unknown as IncidentRecord[],
      ),
    );
  }

  countIncidents(monitorId: string | undefined): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing('incidents', { monitorId })));
  }

  /** How many alerts of an incident there are, and of how many cases. */
  async extent(incidentId: string): Promise<{ readonly alerts: number; readonly cases: number }> {
    const [row] = await this.tenant.in((rows) =>
      rows.$queryRaw<{ alerts: bigint; cases: bigint }[]>(Prisma.sql`
        SELECT count(*) AS "alerts", count(DISTINCT "case_key") AS "cases"
        FROM "raised_alerts"
        WHERE "organisation_id" = ${this.tenant.organisationId} AND "incident_id" = ${incidentId}
          AND "standing" <> 'withdrawn'`),
    );
    return { alerts: Number(row?.alerts ?? 0), cases: Number(row?.cases ?? 0) };
  }

  /** The curve of an incident: its alerts hour by hour, by the time of their events. */
  async curve(incidentId: string): Promise<readonly IncidentHour[]> {
    const found = await this.tenant.in((rows) =>
      rows.$queryRaw<{ at: Date; count: bigint }[]>(Prisma.sql`
        SELECT date_trunc('hour', "raised_at" AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS "at",
          count(*) AS "count"
        FROM "raised_alerts"
        WHERE "organisation_id" = ${this.tenant.organisationId} AND "incident_id" = ${incidentId}
          AND "standing" <> 'withdrawn'
        GROUP BY 1
        ORDER BY 1
        LIMIT ${MOST_HOURS}`),
    );
    return found.map(({ at, count }) => ({ at, count: Number(count) }));
  }

  private caseListing({ monitorId, status, caseKey }: CaseFilter): Listing {
    const base = this.listing('monitored_cases', { monitorId, caseKey });
    if (status === undefined) return base;
    return { ...base, conditions: [...base.conditions, Prisma.sql`t."status" = ${status}`] };
  }

  private listing(
    table: 'raised_alerts' | 'incidents' | 'monitored_cases',
    filter: AlertFilter,
  ): Listing {
    const asked = Object.entries(filter).flatMap(([name, value]) => {
      const column = Prisma.raw(`t."${COLUMNS[name as keyof AlertFilter]}"`);
      return value === undefined ? [] : [Prisma.sql`${column} = ${value}`];
    });
    return {
      from: Prisma.sql`${Prisma.raw(`"${table}"`)} AS t`,
      id: Prisma.sql`t."id"`,
      conditions: [Prisma.sql`t."organisation_id" = ${this.tenant.organisationId}`, ...asked],
    };
  }
}

const MOST_HOURS = 10_000;
