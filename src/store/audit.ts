import { randomBytes } from 'node:crypto';
import {
  GENESIS,
  linkOf,
  saltedDigest,
  whatOf,
  whoOf,
  type AuditHead,
} from '../evidence/formats/auditChain.ts';
import type { TenantRows } from './client.ts';
import { reading, sliceOf, type Page, type Slice } from './listing.ts';
import type { AuditRecord } from './records.ts';
import type { AuditEvent } from './generated/client.ts';

/** Who asked for what. */
export interface NewAuditEvent {
  readonly actor: string;
  readonly role: string;
  readonly operation: string;
  readonly subject: string;
  readonly detail?: string;
  readonly address?: string | undefined;
}

/** In place of an actor that was erased. */
export const ERASED_ACTOR = 'erased';
const SALT_BYTES = 16;
const newSalt = (): string => randomBytes(SALT_BYTES).toString('base64url');

/** Who asked for what in an organisation. Ids, never texts of models; rows are only ever added. */
export class Audit {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** The next link of the chain: one writer at a time, who holds the head until the commit. */
  async add(event: NewAuditEvent): Promise<void> {
    const { organisationId } = this.tenant;
    await this.tenant.in(async (rows) => {
      const [head] = await rows.$queryRaw<{ position: bigint; link: string }[]>`
        INSERT INTO "audit_heads" AS h ("organisation_id", "position", "link")
        VALUES (${organisationId}, 0, ${GENESIS})
        ON CONFLICT ("organisation_id") DO UPDATE SET "position" = h."position"
        RETURNING "position", "link"`;
      const [whoSalt, whatSalt] = [newSalt(), newSalt()];
      const at = new Date();
      const chained = {
        position: Number(head?.position ?? 0) + 1,
        at: at.toISOString(),
        previous: head?.link ?? GENESIS,
        whoDigest: saltedDigest(whoSalt, whoOf(event)),
        whatDigest: saltedDigest(whatSalt, whatOf(event)),
      };
      const link = linkOf(chained);
      const position = BigInt(chained.position);
      const salts = { whoSalt, whatSalt };
      const data = { ...event, organisationId, ...chained, at, position, link, ...salts };
      await rows.auditEvent.create({ data });
      await rows.auditHead.updateMany({ data: { position, link } });
    });
  }

  /** The last link; nothing where there is none. */
  async head(): Promise<AuditHead | undefined> {
    const row = await this.tenant.in((rows) => rows.auditHead.findFirst());
    return row ? { position: Number(row.position), link: row.link } : undefined;
  }

  /** Links after a position, in their order. */
  async chained(after: number, limit: number): Promise<AuditRecord[]> {
    const where = { position: { gt: BigInt(after) } };
    const found = await this.tenant.in((rows) =>
      rows.auditEvent.findMany({ where, orderBy: { position: 'asc' }, take: limit }),
    );
    return found.map(toAudit);
  }

  /** How many there are from before there was a chain. */
  unchained(): Promise<number> {
    return this.tenant.in((rows) => rows.auditEvent.count({ where: { position: null } }));
  }

  /** Erases who it was, and from where, beside the chain. How many rows were his. */
  async eraseActor(actor: string): Promise<number> {
    const data = { actor: ERASED_ACTOR, address: null, whoSalt: null };
    const { count } = await this.tenant.in((rows) =>
      rows.auditEvent.updateMany({ where: { actor }, data }),
    );
    return count;
  }

  async list(page: Omit<Page, 'owner'>): Promise<Slice<AuditRecord>> {
    const { cursor } = page;
    const { behind, order, take } = reading(page, cursor === undefined ? cursor : BigInt(cursor));
    const found = await this.tenant.in((rows) =>
      rows.auditEvent.findMany({
        ...(behind && { where: { id: behind } }),
        orderBy: { id: order },
        take,
      }),
    );
    return sliceOf(found.map(toAudit), page);
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
  return {
    ...row,
    id: Number(row.id),
    position: row.position === null ? null : Number(row.position),
  };
}
