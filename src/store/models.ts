import { sha256 } from '../canonical/index.ts';
import { isDuplicate, json, type Client } from './client.ts';
import { newId } from './ids.ts';
import type { ModelHead, ModelRecord, ModelTexts } from './records.ts';

export type NewModel = Omit<ModelRecord, 'id' | 'createdAt' | 'annotations'> &
  Partial<Pick<ModelRecord, 'annotations'>>;

/** Submitted models, once per owner and text. */
export class Models {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Stores a model, or finds the same one of the same owner. */
  async put(model: NewModel): Promise<ModelRecord> {
    const { owner, digest, sourceDigest, format, name } = model;
    const annotationsDigest = model.annotations ? sha256(model.annotations) : '';
    const key = { submission: { owner, digest, sourceDigest, annotationsDigest, format, name } };
    const known = await this.client.prisma.model.findUnique({ where: key });
    if (known) return known as unknown as ModelRecord;
    try {
      const data = {
        ...model,
        annotationsDigest,
        id: newId('mdl'),
        document: json(model.document),
      };
      return (await this.client.prisma.model.create({ data })) as unknown as ModelRecord;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return (await this.client.prisma.model.findUniqueOrThrow({
        where: key,
      })) as unknown as ModelRecord;
    }
  }

  /** Without its texts, which may have megabytes. */
  async head(id: string): Promise<ModelHead | undefined> {
    return (
      (await this.client.prisma.model.findUnique({
        where: { id },
        omit: { source: true, annotations: true, document: true },
      })) ?? undefined
    );
  }

  async texts(id: string): Promise<ModelTexts | undefined> {
    return ((await this.client.prisma.model.findUnique({
      where: { id },
      select: { source: true, annotations: true, document: true },
    })) ?? undefined) as unknown as ModelTexts | undefined;
  }

  async get(id: string): Promise<ModelRecord | undefined> {
    return ((await this.client.prisma.model.findUnique({ where: { id } })) ??
      undefined) as unknown as ModelRecord | undefined;
  }
}
