import type { Client } from './client.ts';
import type { Page, Slice } from './listing.ts';
import type { AuditRecord } from './records.ts';
import type { AuditEvent } from './generated/client.ts';

/** Who asked for what. Ids, never texts of models; rows are only ever added. */
export class Audit {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  async add(event: {
    readonly actor: string;
    readonly role: string;
    readonly operation: string;
    readonly subject: string;
    readonly detail?: string;
  }): Promise<void> {
    await this.client.prisma.auditEvent.create({ data: event });
  }

  async list({
    limit,
    cursor,
    oldestFirst = false,
    backward = false,
  }: Omit<Page, 'owner'>): Promise<Slice<AuditRecord>> {
    const ascending = oldestFirst !== backward;
    const found = await this.client.prisma.auditEvent.findMany({
      ...(cursor !== undefined && {
        where: { id: ascending ? { gt: BigInt(cursor) } : { lt: BigInt(cursor) } },
      }),
      orderBy: { id: ascending ? 'asc' : 'desc' },
      take: limit + 1,
    });
    const rows = found.slice(0, limit).map(toAudit);
    return { rows: backward ? rows.reverse() : rows, hasMore: found.length > limit };
  }

  /** Of a period, oldest first. */
  async between(from: Date, to: Date): Promise<AuditRecord[]> {
    return (
      await this.client.prisma.auditEvent.findMany({
        where: { at: { gte: from, lt: to } },
        orderBy: { id: 'asc' },
      })
    ).map(toAudit);
  }
}

function toAudit(row: AuditEvent): AuditRecord {
  return { ...row, id: Number(row.id) };
}
