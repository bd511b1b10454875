import type { Json } from '../canonical/index.ts';
import { orNull, Prisma, type Client } from './client.ts';
import type { Anchor } from './generated/client.ts';
import type { AnchorRow } from './records.ts';

/** One signer at a time, over all processes that share the database. */
const SIGNING_LOCK = 0x616e6368;

/** Checkpoints on their way to the ledger. A larger one covers all smaller ones. */
export class Anchors {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Notes a checkpoint for anchoring; one of the same size is already noted. */
  async request(size: number, checkpoint: string): Promise<void> {
    await this.client.prisma.anchor.upsert({
      where: { size: BigInt(size) },
      update: {},
      create: { size: BigInt(size), checkpoint, state: 'pending' },
    });
  }

  /**
   * The checkpoint to anchor next, when one is due. While a transaction is signed and not settled
   * there is no other one, due or not: its coin is promised. Else the largest that waits; it speaks
   * for the smaller ones.
   */
  async next(): Promise<AnchorRow | undefined> {
    const { anchor } = this.client.prisma;
    const signed = await anchor.findFirst({
      where: { state: 'pending', record: { not: Prisma.DbNull } },
      orderBy: { size: 'asc' },
    });
    const next =
      signed ??
      (await anchor.findFirst({ where: { state: 'pending' }, orderBy: { size: 'desc' } }));
    return next && next.nextAttemptAt <= new Date() ? toAnchor(next) : undefined;
  }

  /**
   * Keeps a signed transaction that is about to be sent. False, and nothing is kept, when another
   * one waits to be settled: whoever signed this one believed to hold the sender's lock, and had
   * lost it.
   */
  async prepared(size: number, record: Json): Promise<boolean> {
    const [, kept] = await this.client.prisma.$transaction([
      this.client.prisma.$executeRaw`SELECT pg_advisory_xact_lock(${SIGNING_LOCK})`,
      this.client.prisma.$executeRaw`
        UPDATE "anchors"
        SET "record" = ${JSON.stringify(record)}::JSON, "prepared_at" = CURRENT_TIMESTAMP
        WHERE "size" = ${size} AND "record" IS NULL
          AND NOT EXISTS (SELECT 1 FROM "anchors" WHERE "state" = 'pending' AND "record" IS NOT NULL)`,
    ]);
    return kept === 1;
  }

  /** The transaction can never be taken: another one may be signed. */
  async forget(size: number): Promise<void> {
    await this.client.prisma.anchor.update({
      where: { size: BigInt(size) },
      data: { record: orNull(null) },
    });
  }

  /** When transactions were signed since then, the newest first. */
  async preparedSince(since: Date): Promise<Date[]> {
    const rows = await this.client.prisma.anchor.findMany({
      where: { preparedAt: { gte: since } },
      orderBy: { preparedAt: 'desc' },
      select: { preparedAt: true },
    });
    return rows.flatMap(({ preparedAt }) => (preparedAt ? [preparedAt] : []));
  }

  /** The ledger has it, and said this. */
  async confirmed(size: number, confirmation: Json): Promise<void> {
    await this.client.prisma.$transaction([
      this.client.prisma.anchor.update({
        where: { size: BigInt(size) },
        data: {
          state: 'confirmed',
          confirmedAt: new Date(),
          confirmation: orNull(confirmation),
          error: null,
        },
      }),
      this.client.prisma.anchor.updateMany({
        where: { size: { lt: BigInt(size) }, state: 'pending' },
        data: { state: 'superseded' },
      }),
    ]);
  }

  /** Not now: it is too soon, or too dear. */
  async wait(size: number, until: Date, error: string | null): Promise<void> {
    await this.client.prisma.anchor.update({
      where: { size: BigInt(size) },
      data: { nextAttemptAt: until, error },
    });
  }

  /** The ledger did not answer, or refused: try again later. */
  async postpone(size: number, error: string, delayMs: number): Promise<void> {
    await this.client.prisma.anchor.update({
      where: { size: BigInt(size) },
      data: {
        attempts: { increment: 1 },
        error: error.slice(0, 500),
        nextAttemptAt: new Date(Date.now() + delayMs),
      },
    });
  }

  /** Every checkpoint that was ever to be anchored. */
  async checkpoints(): Promise<{ readonly size: number; readonly checkpoint: string }[]> {
    const rows = await this.client.prisma.anchor.findMany({
      orderBy: { size: 'asc' },
      select: { size: true, checkpoint: true },
    });
    return rows.map(({ size, checkpoint }) => ({ size: Number(size), checkpoint }));
  }

  /** The largest checkpoint that was ever to be anchored, whatever became of it. */
  async newest(): Promise<AnchorRow | undefined> {
    const row = await this.client.prisma.anchor.findFirst({ orderBy: { size: 'desc' } });
    return row ? toAnchor(row) : undefined;
  }

  /** The first confirmed anchor whose checkpoint covers a leaf. */
  async covering(index: number): Promise<AnchorRow | undefined> {
    const row = await this.client.prisma.anchor.findFirst({
      where: { state: 'confirmed', size: { gt: BigInt(index) } },
      orderBy: { size: 'asc' },
    });
    return row ? toAnchor(row) : undefined;
  }

  /** The waiting checkpoint that will cover a leaf, for those who ask where their anchor is. */
  async waitingFor(index: number): Promise<AnchorRow | undefined> {
    const row = await this.client.prisma.anchor.findFirst({
      where: { state: 'pending', size: { gt: BigInt(index) } },
      orderBy: { size: 'desc' },
    });
    return row ? toAnchor(row) : undefined;
  }

  async pending(): Promise<number> {
    return this.client.prisma.anchor.count({ where: { state: 'pending' } });
  }

  /** How many wait, and what last kept them waiting. */
  async waiting(): Promise<{ readonly count: number; readonly error: string | null }> {
    const troubled = await this.client.prisma.anchor.findFirst({
      where: { state: 'pending', error: { not: null } },
      orderBy: { size: 'desc' },
    });
    return { count: await this.pending(), error: troubled?.error ?? null };
  }
}

function toAnchor(row: Anchor): AnchorRow {
  return { ...row, size: Number(row.size) } as unknown as AnchorRow;
}
