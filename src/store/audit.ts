import type { TenantRows } from './client.ts';
import type { Page, Slice } from './listing.ts';
import type { AuditRecord } from './records.ts';
import type { AuditEvent } from './generated/client.ts';

/** Who asked for what in an organisation. Ids, never texts of models; rows are only ever added. */
export class Audit {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async add(event: {
    readonly actor: string;
    readonly role: string;
    readonly operation: string;
    readonly subject: string;
    readonly detail?: string;
  }): Promise<void> {
    const data = { ...event, organisationId: this.tenant.organisationId };
    await this.tenant.in((rows) => rows.auditEvent.create({ data }));
  }

  async list({
    limit,
    cursor,
    oldestFirst = false,
    backward = false,
  }: Omit<Page, 'owner'>): Promise<Slice<AuditRecord>> {
    const ascending = oldestFirst !== backward;
    const found = await this.tenant.in((rows) =>
      rows.auditEvent.findMany({
        ...(cursor !== undefined && {
          where: { id: ascending ? { gt: BigInt(cursor) } : { lt: BigInt(cursor) } },
        }),
        orderBy: { id: ascending ? 'asc' : 'desc' },
        take: limit + 1,
      }),
    );
    const page = found.slice(0, limit).map(toAudit);
    return { rows: backward ? page.reverse() : page, hasMore: found.length > limit };
  }

  /** Of a period, oldest first. */
  async between(from: Date, to: Date): Promise<AuditRecord[]> {
    const where = { at: { gte: from, lt: to } };
    const found = await this.tenant.in((rows) =>
      rows.auditEvent.findMany({ where, orderBy: { id: 'asc' } }),
    );
    return found.map(toAudit);
  }
}

function toAudit({ organisationId: _organisation, ...row }: AuditEvent): AuditRecord {
  return { ...row, id: Number(row.id) };
}
