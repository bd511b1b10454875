import { createHash, randomBytes } from 'node:crypto';
import { isDuplicate, type AllRows, type TenantRows } from './client.ts';
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
  prefix: true,
  scopes: true,
  expiresAt: true,
  lastUsedAt: true,
} as const;

/** Characters of a key that are kept: enough to tell two apart, of 43 that are secret. */
const PREFIX_LENGTH = 9;
/** How old the time of the last use may be. */
const USED_EVERY_MS = 60_000;

export interface NewKey {
  /** Absent, a new one. A key that has it already stays as it is. */
  readonly id?: string;
  readonly name: string;
  readonly role: string;
  readonly owner?: string;
  readonly scopes?: string;
  readonly expiresAt?: Date | null;
}

/**
 * API keys of an organisation. The key itself exists only in the answer that creates it: 256 random
 * bits need no slow hash.
 */
export class ApiKeys {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Fails where the id is taken. */
  async create(input: NewKey): Promise<{ key: string; record: KeyRecord }> {
    const id = input.id ?? newId('key');
    const key = `pk_${randomBytes(32).toString('base64url')}`;
    const data = {
      id,
      organisationId: this.tenant.organisationId,
      hash: hashOf(key),
      prefix: key.slice(0, PREFIX_LENGTH),
      name: input.name,
      role: input.role,
      owner: input.owner ?? id,
      scopes: input.scopes ?? '',
      expiresAt: input.expiresAt ?? null,
    };
    const record = await this.tenant.in((rows) => rows.apiKey.create({ data, select: VISIBLE }));
    return { key, record };
  }

  /** The same, or the key that has the id already: its text is gone. */
  async createOnce(
    input: NewKey & { readonly id: string },
  ): Promise<{ key: string | null; record: KeyRecord }> {
    try {
      return await this.create(input);
    } catch (error) {
      const record = isDuplicate(error) ? await this.get(input.id) : undefined;
      if (!record) throw error;
      return { key: null, record };
    }
  }

  async get(id: string): Promise<KeyRecord | undefined> {
    return (
      (await this.tenant.in((rows) =>
        rows.apiKey.findUnique({ where: { id }, select: VISIBLE }),
      )) ?? undefined
    );
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

  /** Ends a key at a time, unless it ends sooner already. */
  async endAt(id: string, expiresAt: Date): Promise<void> {
    const where = { id, OR: [{ expiresAt: null }, { expiresAt: { gt: expiresAt } }] };
    await this.tenant.in((rows) => rows.apiKey.updateMany({ where, data: { expiresAt } }));
  }

  async list(): Promise<KeyRecord[]> {
    return this.tenant.in((rows) =>
      rows.apiKey.findMany({ select: VISIBLE, orderBy: { id: 'asc' } }),
    );
  }

  async livingWithRole(role: string): Promise<number> {
    const where = {
      role,
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }],
    };
    return this.tenant.in((rows) => rows.apiKey.count({ where }));
  }
}

/** Keys before it is known whose they are. */
export class AllKeys {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** The living key with this text. That it was used is noted, as of a minute. */
  async find(key: string, now: Date = new Date()): Promise<KeyRecord | undefined> {
    const where = { hash: hashOf(key) };
    return this.all.in(async (rows) => {
      const record = await rows.apiKey.findUnique({ where, select: VISIBLE });
      if (!record || record.revokedAt !== null) return undefined;
      if (record.expiresAt !== null && record.expiresAt <= now) return undefined;
      if ((record.lastUsedAt?.getTime() ?? 0) < now.getTime() - USED_EVERY_MS)
        await rows.apiKey.updateMany({ where, data: { lastUsedAt: now } });
      return record;
    });
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
