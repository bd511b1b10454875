import { createHash, randomBytes } from 'node:crypto';
import type { AllRows, TenantRows } from './client.ts';
import { newId } from './ids.ts';
import type { KeyRecord } from './records.ts';

const VISIBLE = {
  id: true,
  organisationId: true,
  name: true,
  role: true,
  owner: true,
  createdAt: true,
  revokedAt: true,
} as const;

/**
 * API keys of an organisation. The key itself exists only in the answer that creates it: 256 random
 * bits need no slow hash.
 */
export class ApiKeys {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async create(input: {
    readonly name: string;
    readonly role: string;
    readonly owner?: string;
  }): Promise<{ key: string; record: KeyRecord }> {
    const id = newId('key');
    const key = `pk_${randomBytes(32).toString('base64url')}`;
    const data = {
      id,
      organisationId: this.tenant.organisationId,
      hash: hashOf(key),
      name: input.name,
      role: input.role,
      owner: input.owner ?? id,
    };
    const record = await this.tenant.in((rows) => rows.apiKey.create({ data, select: VISIBLE }));
    return { key, record };
  }

  /** Revokes for good. Undefined when nothing has this id; revoking twice keeps the first time. */
  async revoke(id: string): Promise<KeyRecord | undefined> {
    const found = await this.tenant.in(async (rows) => {
      const data = { revokedAt: new Date() };
      await rows.apiKey.updateMany({ where: { id, revokedAt: null }, data });
      return rows.apiKey.findUnique({ where: { id }, select: VISIBLE });
    });
    return found ?? undefined;
  }

  async list(): Promise<KeyRecord[]> {
    return this.tenant.in((rows) =>
      rows.apiKey.findMany({ select: VISIBLE, orderBy: { id: 'asc' } }),
    );
  }

  async livingWithRole(role: string): Promise<number> {
    return this.tenant.in((rows) => rows.apiKey.count({ where: { role, revokedAt: null } }));
  }
}

/** Keys before it is known whose they are. */
export class AllKeys {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** The living key with this text. */
  async find(key: string): Promise<KeyRecord | undefined> {
    const record = await this.all.in((rows) =>
      rows.apiKey.findUnique({ where: { hash: hashOf(key) }, select: VISIBLE }),
    );
    return record && record.revokedAt === null ? record : undefined;
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
