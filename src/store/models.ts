import { isDuplicate, json, type Client } from './client.ts';
import { newId } from './ids.ts';
import type { ModelRecord } from './records.ts';

export type NewModel = Omit<ModelRecord, 'id' | 'createdAt'>;

/** Submitted models, once per owner and text. */
export class Models {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Stores a model, or finds the same one of the same owner. */
  async put(model: NewModel): Promise<ModelRecord> {
    const { owner, digest, sourceDigest, format, name } = model;
    const key = { owner_digest_sourceDigest_format_name: { owner, digest, sourceDigest, format, name } };
    const known = await this.client.prisma.model.findUnique({ where: key });
    if (known) return known as unknown as ModelRecord;
    try {
      const data = { ...model, id: newId('mdl'), document: json(model.document) };
      return (await this.client.prisma.model.create({ data })) as unknown as ModelRecord;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return (await this.client.prisma.model.findUniqueOrThrow({ where: key })) as unknown as ModelRecord;
    }
  }

  async get(id: string): Promise<ModelRecord | undefined> {
    return ((await this.client.prisma.model.findUnique({ where: { id } })) ?? undefined) as unknown as ModelRecord | undefined;
  }
}
