import { sha256 } from '../canonical/index.ts';
import { isDuplicate, json, Prisma, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import {
  countRows,
  listRows,
  modelConditions,
  type Filter,
  type Listing,
  type Page,
  type Slice,
} from './listing.ts';
import type { ModelHead, ModelRecord, ModelTexts } from './records.ts';

export type NewModel = Omit<ModelRecord, 'id' | 'organisationId' | 'createdAt' | 'annotations'> &
  Partial<Pick<ModelRecord, 'annotations'>>;

/** Submitted models of an organisation, once per owner and text. */
export class Models {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Stores a model, or finds the same one of the same owner. */
  async put(model: NewModel): Promise<ModelRecord> {
    const { owner, digest, sourceDigest, format, name } = model;
    const annotationsDigest = model.annotations ? sha256(model.annotations) : '';
    const { organisationId } = this.tenant;
    const where = {
      submission: { organisationId, owner, digest, sourceDigest, annotationsDigest, format, name },
    };
    const find = () => this.tenant.in((rows) => rows.model.findUnique({ where }));
    const known = await find();
    if (known) return known as unknown as ModelRecord;
    const data = {
      ...model,
      organisationId,
      annotationsDigest,
      id: newId('mdl'),
      document: json(model.document),
    };
    try {
      return (await this.tenant.in((rows) =>
        rows.model.create({ data }),
      )) as unknown as ModelRecord;
    } catch (error) {
      const sooner = isDuplicate(error) ? await find() : undefined;
      if (!sooner) throw error;
      return sooner as unknown as ModelRecord;
    }
  }

  /** Without their texts. */
  async list(page: Page, filter: Filter = {}): Promise<Slice<ModelHead>> {
    const omit = { source: true, annotations: true, document: true } as const;
    return this.tenant.in((rows) =>
      listRows(rows, this.listing(page, filter), page, (where) =>
        rows.model.findMany({ where, omit }),
      ),
    );
  }

  count(page: Page, filter: Filter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing(page, filter)));
  }

  /** Without its texts, which may have megabytes. */
  async head(id: string): Promise<ModelHead | undefined> {
    const omit = { source: true, annotations: true, document: true } as const;
    return (
      (await this.tenant.in((rows) => rows.model.findUnique({ where: { id }, omit }))) ?? undefined
    );
  }

  async texts(id: string): Promise<ModelTexts | undefined> {
    const select = { source: true, annotations: true, document: true } as const;
    return ((await this.tenant.in((rows) => rows.model.findUnique({ where: { id }, select }))) ??
      undefined) as unknown as ModelTexts | undefined;
  }

  async get(id: string): Promise<ModelRecord | undefined> {
    return ((await this.tenant.in((rows) => rows.model.findUnique({ where: { id } }))) ??
      undefined) as unknown as ModelRecord | undefined;
  }

  /** What all of them take where they lie, compressed as they are. */
  async storedBytes(): Promise<number> {
    const { organisationId } = this.tenant;
    const [row] = await this.tenant.in((rows) =>
      rows.$queryRaw<{ bytes: bigint | null }[]>(Prisma.sql`
        SELECT sum(pg_column_size("source") + pg_column_size("annotations") + pg_column_size("document"))::BIGINT AS "bytes"
        FROM "models"
        WHERE "organisation_id" = ${organisationId}`),
    );
    return Number(row?.bytes ?? 0);
  }

  private listing(page: Page, filter: Filter): Listing {
    return modelsOf(this.tenant.organisationId, page, filter);
  }
}

/**
 * The models that an owner may see and that a filter leaves; of erased ones nothing is left to see.
 */
function modelsOf(organisationId: string, { owner }: Page, filter: Filter): Listing {
  const { from, until, modelId, text } = filter;
  return {
    from: Prisma.sql`"models" AS m`,
    id: Prisma.sql`m."id"`,
    conditions: [
      Prisma.sql`m."organisation_id" = ${organisationId}`,
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
