import { sha256 } from '../canonical/index.ts';
import { isDuplicate, json, Prisma, type Client } from './client.ts';
import { newId } from './ids.ts';
import {
  countRows,
  inOrder,
  listIds,
  modelConditions,
  type Filter,
  type Listing,
  type Page,
  type Slice,
} from './listing.ts';
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

  /** Without their texts. */
  async list(page: Page, filter: Filter = {}): Promise<Slice<ModelHead>> {
    const { rows: ids, hasMore } = await listIds(this.client, modelsOf(page, filter), page);
    const rows = await this.client.prisma.model.findMany({
      where: { id: { in: [...ids] } },
      omit: { source: true, annotations: true, document: true },
    });
    return { rows: inOrder(ids, rows), hasMore };
  }

  count(page: Page, filter: Filter): Promise<number | undefined> {
    return countRows(this.client, modelsOf(page, filter));
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

/**
 * The models that an owner may see and that a filter leaves; of erased ones nothing is left to see.
 */
function modelsOf({ owner }: Page, filter: Filter): Listing {
  const { from, until, modelId, text } = filter;
  return {
    from: Prisma.sql`"models" AS m`,
    id: Prisma.sql`m."id"`,
    conditions: [
      Prisma.sql`m."source_digest" <> ''`,
      ...(owner === undefined ? [] : [Prisma.sql`m."owner" = ${owner}`]),
      ...(from === undefined ? [] : [Prisma.sql`m."created_at" >= ${from}`]),
      ...(until === undefined ? [] : [Prisma.sql`m."created_at" < ${until}`]),
      ...(modelId === undefined ? [] : [Prisma.sql`m."id" = ${modelId}`]),
      ...(text === undefined ? [] : modelConditions({ modelName: text }, Prisma.sql`m."owner"`)),
      ...modelConditions(filter, Prisma.sql`m."owner"`),
    ],
  };
}
