import type { Json } from '../canonical/index.ts';
import { orNull, Prisma, type Client } from './client.ts';
import type { Anchor } from './generated/client.ts';
import type { AnchorRecord } from './records.ts';

/** Checkpoints on their way to the ledger. A larger one covers all smaller ones. */
export class Anchors {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Notes a checkpoint for anchoring; one of the same size is already noted. */
  async request(size: number, checkpoint: string): Promise<void> {
    await this.client.prisma.anchor.upsert({
      where: { size: BigInt(size) }, update: {}, create: { size: BigInt(size), checkpoint, state: 'pending' },
    });
  }

  /**
   * The checkpoint to anchor next, when one is due: one that was published but not yet confirmed, else the largest.
   * Smaller ones that wait are superseded: the largest speaks for them.
   */
  async next(): Promise<AnchorRecord | undefined> {
    const due = { state: 'pending', nextAttemptAt: { lte: new Date() } };
    const published = await this.client.prisma.anchor.findFirst({ where: { ...due, record: { not: Prisma.DbNull } }, orderBy: { size: 'asc' } });
    if (published) return toAnchor(published);
    const largest = await this.client.prisma.anchor.findFirst({ where: { state: 'pending' }, orderBy: { size: 'desc' } });
    if (!largest || largest.nextAttemptAt > new Date()) return undefined;
    return toAnchor(largest);
  }

  /** The ledger took the transaction: from here on it is asked about. `null` forgets it again: the ledger does not know it. */
  async published(size: number, record: Json | null): Promise<void> {
    await this.client.prisma.anchor.update({ where: { size: BigInt(size) }, data: { record: orNull(record) } });
  }

  async confirmed(size: number): Promise<void> {
    await this.client.prisma.$transaction([
      this.client.prisma.anchor.update({
        where: { size: BigInt(size) }, data: { state: 'confirmed', confirmedAt: new Date(), error: null },
      }),
      this.client.prisma.anchor.updateMany({ where: { size: { lt: BigInt(size) }, state: 'pending' }, data: { state: 'superseded' } }),
    ]);
  }

  /** The ledger did not answer, or refused: try again later. */
  async postpone(size: number, error: string, delayMs: number): Promise<void> {
    await this.client.prisma.anchor.update({
      where: { size: BigInt(size) },
      data: { attempts: { increment: 1 }, error: error.slice(0, 500), nextAttemptAt: new Date(Date.now() + delayMs) },
    });
  }

  /** The first confirmed anchor whose checkpoint covers a leaf. */
  async covering(index: number): Promise<AnchorRecord | undefined> {
    const row = await this.client.prisma.anchor.findFirst({
      where: { state: 'confirmed', size: { gt: BigInt(index) } }, orderBy: { size: 'asc' },
    });
    return row ? toAnchor(row) : undefined;
  }

  /** The waiting checkpoint that will cover a leaf, for those who ask where their anchor is. */
  async waitingFor(index: number): Promise<AnchorRecord | undefined> {
    const row = await this.client.prisma.anchor.findFirst({
      where: { state: 'pending', size: { gt: BigInt(index) } }, orderBy: { size: 'desc' },
    });
    return row ? toAnchor(row) : undefined;
  }

  async pending(): Promise<number> {
    return this.client.prisma.anchor.count({ where: { state: 'pending' } });
  }
}

function toAnchor(row: Anchor): AnchorRecord {
  return { ...row, size: Number(row.size) } as unknown as AnchorRecord;
}
