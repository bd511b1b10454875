import type { Client } from './client.ts';
import type { CosignedCheckpoint } from './generated/client.ts';
import type { CosignedRecord } from './records.ts';

/** Checkpoints with the signatures of witnesses. */
export class CosignedCheckpoints {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Keeps what was had; what was had before of the same checkpoint stays if it was enough. */
  async keep({ size, note, witnesses, quorum }: Omit<CosignedRecord, 'cosignedAt'>): Promise<void> {
    const data = { note, witnesses: witnesses.join('\n'), quorum };
    const where = { size: BigInt(size) };
    const before = await this.client.prisma.cosignedCheckpoint.findUnique({ where });
    if (before?.quorum) return;
    await this.client.prisma.cosignedCheckpoint.upsert({
      where,
      update: { ...data, cosignedAt: new Date() },
      create: { size: BigInt(size), ...data },
    });
  }

  /**
   * The first checkpoint with a quorum that covers a leaf: a receipt under it stays the same from
   * then on.
   */
  async covering(index: number): Promise<CosignedRecord | undefined> {
    const row = await this.client.prisma.cosignedCheckpoint.findFirst({
      where: { quorum: true, size: { gt: BigInt(index) } },
      orderBy: { size: 'asc' },
    });
    return row ? toRecord(row) : undefined;
  }

  async ofSize(size: number): Promise<CosignedRecord | undefined> {
    const row = await this.client.prisma.cosignedCheckpoint.findUnique({
      where: { size: BigInt(size) },
    });
    return row ? toRecord(row) : undefined;
  }

  async all(): Promise<CosignedRecord[]> {
    return (await this.client.prisma.cosignedCheckpoint.findMany({ orderBy: { size: 'asc' } })).map(
      toRecord,
    );
  }

  /** The largest that anybody cosigned, enough or not. */
  async newest(quorum?: true): Promise<CosignedRecord | undefined> {
    const row = await this.client.prisma.cosignedCheckpoint.findFirst({
      ...(quorum ? { where: { quorum } } : {}),
      orderBy: { size: 'desc' },
    });
    return row ? toRecord(row) : undefined;
  }
}

function toRecord(row: CosignedCheckpoint): CosignedRecord {
  return {
    ...row,
    size: Number(row.size),
    witnesses: row.witnesses.split('\n').filter((name) => name !== ''),
  };
}
