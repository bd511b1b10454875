import type { Client } from './client.ts';
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

  /** Newest first. */
  async list({
    first,
    after,
  }: {
    readonly first: number;
    readonly after?: number;
  }): Promise<AuditRecord[]> {
    const rows = await this.client.prisma.auditEvent.findMany({
      where: after === undefined ? {} : { id: { lt: BigInt(after) } },
      orderBy: { id: 'desc' },
      take: first,
    });
    return rows.map(toAudit);
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
