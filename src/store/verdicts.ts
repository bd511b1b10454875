import { isDuplicate, json, Prisma, type Client } from './client.ts';
import type { Page, VerdictRecord } from './records.ts';
import type { Verdict } from './generated/client.ts';

export type SignedVerdict = Omit<
  VerdictRecord,
  'logIndex' | 'receipt' | 'createdAt' | 'sealedAt' | 'erasedAt' | 'timestamp'
>;

/** Signed answers, at most one per run. */
export class Verdicts {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Keeps the first signature of a run: whoever comes second gets what the first one signed. */
  async keep(verdict: SignedVerdict): Promise<VerdictRecord> {
    try {
      const data = { ...verdict, information: json(verdict.information) };
      return toVerdict(await this.client.prisma.verdict.create({ data }));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return toVerdict(
        await this.client.prisma.verdict.findUniqueOrThrow({ where: { runId: verdict.runId } }),
      );
    }
  }

  /**
   * Another signature in place of one that the log does not have: its key was retired meanwhile.
   */
  async replaceUnsealed(verdict: SignedVerdict): Promise<VerdictRecord> {
    const data = { ...verdict, information: json(verdict.information) };
    await this.client.prisma.verdict.updateMany({
      where: { id: verdict.id, logIndex: null },
      data,
    });
    return toVerdict(
      await this.client.prisma.verdict.findUniqueOrThrow({ where: { id: verdict.id } }),
    );
  }

  /**
   * Erases what a sealed verdict says and what it was made of: envelope, salt, information, report,
   * artifacts, risk, options; the model too, unless another run of it is left. Leaf and receipt
   * stay: they say nothing, and the log is not touched.
   */
  async erase(id: string): Promise<VerdictRecord | undefined> {
    await this.client.prisma.$transaction(async (transaction) => {
      const { count } = await transaction.verdict.updateMany({
        where: { id, sealedAt: { not: null }, erasedAt: null },
        data: {
          envelope: '',
          salt: '',
          statementDigest: '',
          information: {},
          timestamp: null,
          erasedAt: new Date(),
        },
      });
      if (count === 0) return;
      const { runId } = await transaction.verdict.findUniqueOrThrow({ where: { id } });
      // Its reason may say what the verdict said.
      await transaction.statement.updateMany({
        where: { kind: 'revocation', subject: id, logIndex: { not: null } },
        data: { envelope: '', salt: '', statementDigest: '' },
      });
      await transaction.artifact.deleteMany({ where: { runId } });
      const { modelId } = await transaction.run.update({
        where: { id: runId },
        data: {
          report: Prisma.DbNull,
          risk: Prisma.DbNull,
          progress: Prisma.DbNull,
          options: {},
          cacheable: false,
          cacheKey: '',
        },
      });
      const others = await transaction.run.count({
        where: { modelId, OR: [{ verdict: null }, { verdict: { erasedAt: null } }] },
      });
      if (others === 0)
        await transaction.model.update({
          where: { id: modelId },
          data: {
            source: '',
            annotations: '',
            annotationsDigest: '',
            document: {},
            name: '',
            digest: `erased ${modelId}`,
            sourceDigest: '',
          },
        });
    });
    return this.get(id);
  }

  /** Sealed, and not stamped yet, oldest first. */
  async unstamped(limit: number): Promise<VerdictRecord[]> {
    const rows = await this.client.prisma.verdict.findMany({
      where: { timestamp: null, erasedAt: null, sealedAt: { not: null } },
      orderBy: { id: 'asc' },
      take: limit,
    });
    return rows.map(toVerdict);
  }

  async stamp(id: string, timestamp: string): Promise<void> {
    await this.client.prisma.verdict.updateMany({
      where: { id, timestamp: null, erasedAt: null },
      data: { timestamp },
    });
  }

  /** Sealed in this period, oldest first. */
  async sealedBetween(from: Date, to: Date): Promise<VerdictRecord[]> {
    const rows = await this.client.prisma.verdict.findMany({
      where: { sealedAt: { gte: from, lt: to } },
      orderBy: { logIndex: 'asc' },
    });
    return rows.map(toVerdict);
  }

  /** The log has acknowledged the leaf: verdict and run are sealed together. */
  async seal(id: string, log: { readonly index: number; readonly receipt: string }): Promise<void> {
    const now = new Date();
    await this.client.prisma.$transaction(async (transaction) => {
      const { runId } = await transaction.verdict.update({
        where: { id },
        data: { logIndex: BigInt(log.index), receipt: log.receipt, sealedAt: now },
      });
      await transaction.run.updateMany({
        where: { id: runId, state: 'checked' },
        data: { state: 'sealed', finishedAt: now },
      });
    });
  }

  async get(id: string): Promise<VerdictRecord | undefined> {
    const row = await this.client.prisma.verdict.findUnique({ where: { id } });
    return row ? toVerdict(row) : undefined;
  }

  async ofRun(runId: string): Promise<VerdictRecord | undefined> {
    const row = await this.client.prisma.verdict.findUnique({ where: { runId } });
    return row ? toVerdict(row) : undefined;
  }

  /** Sealed verdicts, newest first. */
  async list({ first, after, owner }: Page): Promise<VerdictRecord[]> {
    const rows = await this.client.prisma.verdict.findMany({
      where: {
        owner,
        sealedAt: { not: null },
        ...(after === undefined ? {} : { id: { lt: after } }),
      },
      orderBy: { id: 'desc' },
      take: first,
    });
    return rows.map(toVerdict);
  }

  async count(): Promise<number> {
    return this.client.prisma.verdict.count({ where: { sealedAt: { not: null } } });
  }
}

function toVerdict(row: Verdict): VerdictRecord {
  return {
    ...row,
    information: row.information as Record<string, string>,
    logIndex: row.logIndex === null ? null : Number(row.logIndex),
  };
}
