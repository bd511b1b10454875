import type { PropertyReport, Report } from '../model/outcome.ts';
import { Prisma, type TenantRows } from './client.ts';

/** A property whose trace may have been left out, for it is large. */
export type ShownProperty = PropertyReport & {
  /** The number of its steps, where it was. */
  readonly traceSteps?: number;
};

export interface ShownReport extends Omit<Report, 'properties'> {
  readonly properties: readonly ShownProperty[];
}

/**
 * Reports as they are shown. A trace may be larger than all else that a process has: what is too
 * large to show never leaves the database. The keys keep their order, which is that of reading.
 */
export class ShownReports {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** The report without traces that have more than `traceBytes`; nothing where there is none. */
  async get(runId: string, traceBytes: number): Promise<ShownReport | undefined> {
    const rows = await this.tenant.in((db) =>
      db.$queryRaw<{ report: ShownReport | null }[]>(Prisma.sql`
      SELECT json_object_agg(
        top.key,
        CASE WHEN top.key = 'properties' THEN (
          SELECT COALESCE(json_agg(shown.property), '[]')
          FROM json_array_elements(top.value) AS each(property)
          CROSS JOIN LATERAL (
            SELECT json_object_agg(field.key, field.value) AS property
            FROM (
              SELECT key, value
              FROM json_each(each.property)
              WHERE key <> 'trace' OR octet_length(value::text) <= ${traceBytes}
              UNION ALL
              SELECT 'traceSteps', to_json(json_array_length(each.property -> 'trace' -> 'steps'))
              WHERE octet_length((each.property -> 'trace')::text) > ${traceBytes}
            ) AS field
          ) AS shown
        ) ELSE top.value END
      ) AS "report"
      FROM "runs"
      CROSS JOIN LATERAL json_each("runs"."report") AS top
      WHERE "runs"."organisation_id" = ${this.tenant.organisationId} AND "runs"."id" = ${runId}`),
    );
    return rows[0]?.report ?? undefined;
  }

  /** The trace of one property as JSON text; nothing where it has none. */
  async trace(runId: string, property: string): Promise<string | undefined> {
    const rows = await this.tenant.in((db) =>
      db.$queryRaw<{ trace: string | null }[]>(Prisma.sql`
      SELECT (each.property -> 'trace')::text AS "trace"
      FROM "runs"
      CROSS JOIN LATERAL json_array_elements("runs"."report" -> 'properties') AS each(property)
      WHERE "runs"."organisation_id" = ${this.tenant.organisationId} AND "runs"."id" = ${runId}
        AND each.property ->> 'name' = ${property}`),
    );
    return rows[0]?.trace ?? undefined;
  }
}
