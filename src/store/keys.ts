import { createHash, randomBytes } from 'node:crypto';
import type { Client } from './client.ts';
import { newId } from './ids.ts';
import type { KeyRecord } from './records.ts';

const VISIBLE = {
  id: true,
  name: true,
  role: true,
  owner: true,
  createdAt: true,
  revokedAt: true,
} as const;

/**
 * API keys. The key itself exists only in the answer that creates it: 256 random bits need no slow
 * hash.
 */
export class ApiKeys {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
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
      hash: hashOf(key),
      name: input.name,
      role: input.role,
      owner: input.owner ?? id,
    };
    return { key, record: await this.client.prisma.apiKey.create({ data, select: VISIBLE }) };
  }

  /** The living key with this text. */
  async find(key: string): Promise<KeyRecord | undefined> {
    const record = await this.client.prisma.apiKey.findUnique({
      where: { hash: hashOf(key) },
      select: VISIBLE,
    });
    return record && record.revokedAt === null ? record : undefined;
  }

  /** Revokes for good. Undefined when nothing has this id; revoking twice keeps the first time. */
  async revoke(id: string): Promise<KeyRecord | undefined> {
    await this.client.prisma.apiKey.updateMany({
      where: { id, revokedAt: null },
      data: { revokedAt: new Date() },
    });
    return (
      (await this.client.prisma.apiKey.findUnique({ where: { id }, select: VISIBLE })) ?? undefined
    );
  }

  async list(): Promise<KeyRecord[]> {
    return this.client.prisma.apiKey.findMany({ select: VISIBLE, orderBy: { id: 'asc' } });
  }

  async livingWithRole(role: string): Promise<number> {
    return this.client.prisma.apiKey.count({ where: { role, revokedAt: null } });
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
