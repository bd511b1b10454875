import { bytes, type AllRows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';

/** Bytes that were sent, under the digest that names them. */
export interface UploadRecord {
  readonly id: string;
  readonly digest: string;
  readonly size: number;
  readonly createdAt: Date;
  /** When it was last named, or sent again. */
  readonly usedAt: Date;
}

const SHOWN = { id: true, digest: true, size: true, createdAt: true, usedAt: true } as const;

/** What people of an organisation have sent: each sees the own ones. */
export class Uploads {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Begins one; nobody can name it before `complete`. */
  async begin(owner: string, digest: string): Promise<string> {
    const { organisationId } = this.tenant;
    const data = { id: newId('upl'), organisationId, owner, digest, size: 0n };
    const { id } = await this.tenant.in((rows) => rows.upload.create({ data }));
    return id;
  }

  /** Adds the next part; the size so far counts for the organisation at once. */
  async add(uploadId: string, position: number, part: Uint8Array): Promise<void> {
    const { organisationId } = this.tenant;
    await this.tenant.in(async (rows) => {
      await rows.uploadPart.create({
        data: { organisationId, uploadId, position, bytes: bytes(part) },
      });
      await rows.upload.updateMany({
        where: { id: uploadId },
        data: { size: { increment: BigInt(part.length) }, usedAt: new Date() },
      });
    });
  }

  async complete(id: string): Promise<void> {
    await this.tenant.in((rows) =>
      rows.upload.updateMany({ where: { id }, data: { complete: true } }),
    );
  }

  /** The complete one of this digest, which is used from now on. */
  async use(owner: string, digest: string): Promise<UploadRecord | undefined> {
    return this.tenant.in(async (rows) => {
      const where = { owner, digest, complete: true };
      const found = await rows.upload.findFirst({ where, select: SHOWN });
      if (!found) return undefined;
      const usedAt = new Date();
      await rows.upload.updateMany({ where: { id: found.id }, data: { usedAt } });
      return { ...found, size: Number(found.size), usedAt };
    });
  }

  async list(owner: string, most: number): Promise<UploadRecord[]> {
    const found = await this.tenant.in((rows) =>
      rows.upload.findMany({
        where: { owner, complete: true },
        select: SHOWN,
        orderBy: { usedAt: 'desc' },
        take: most,
      }),
    );
    return found.map((row) => ({ ...row, size: Number(row.size) }));
  }

  /** The bytes, a part after the other. */
  async *parts(id: string): AsyncGenerator<Uint8Array> {
    for (let position = 0; ; position += 1) {
      const part = await this.tenant.in((rows) =>
        rows.uploadPart.findUnique({
          where: { uploadId_position: { uploadId: id, position } },
          select: { bytes: true },
        }),
      );
      if (!part) return;
      yield part.bytes;
    }
  }

  async storedBytes(): Promise<number> {
    const { _sum: sum } = await this.tenant.in((rows) =>
      rows.upload.aggregate({ where: {}, _sum: { size: true } }),
    );
    return Number(sum.size ?? 0n);
  }

  async drop(id: string): Promise<void> {
    await this.tenant.in((rows) => rows.upload.deleteMany({ where: { id } }));
  }

  /** Erases what the owner has under this digest, and says whether there was something. */
  async erase(owner: string, digest: string): Promise<boolean> {
    const { count } = await this.tenant.in((rows) =>
      rows.upload.deleteMany({ where: { owner, digest } }),
    );
    return count > 0;
  }
}

/** Uploads of all organisations, for their age. */
export class AllUploads {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** Erases what nobody has named since, and what was begun and never ended. */
  async eraseUnused(since: Date, unfinishedSince: Date): Promise<number> {
    const { count } = await this.all.in((rows) =>
      rows.upload.deleteMany({
        where: {
          OR: [{ usedAt: { lt: since } }, { complete: false, usedAt: { lt: unfinishedSince } }],
        },
      }),
    );
    return count;
  }
}
