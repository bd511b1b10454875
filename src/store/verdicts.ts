import { isDuplicate, json, type Client } from './client.ts';
import type { Page, VerdictRecord } from './records.ts';
import type { Verdict } from './generated/client.ts';

export type SignedVerdict = Omit<VerdictRecord, 'logIndex' | 'receipt' | 'createdAt' | 'sealedAt'>;

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
      return toVerdict(await this.client.prisma.verdict.findUniqueOrThrow({ where: { runId: verdict.runId } }));
    }
  }

  /** The log has acknowledged the leaf: verdict and run are sealed together. */
  async seal(id: string, log: { readonly index: number; readonly receipt: string }): Promise<void> {
    const now = new Date();
    await this.client.prisma.$transaction(async (transaction) => {
      const { runId } = await transaction.verdict.update({
        where: { id }, data: { logIndex: BigInt(log.index), receipt: log.receipt, sealedAt: now },
      });
      await transaction.run.updateMany({ where: { id: runId, state: 'checked' }, data: { state: 'sealed', finishedAt: now } });
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
      where: { owner, sealedAt: { not: null }, ...(after === undefined ? {} : { id: { lt: after } }) }, orderBy: { id: 'desc' }, take: first,
    });
    return rows.map(toVerdict);
  }

  async count(): Promise<number> {
    return this.client.prisma.verdict.count({ where: { sealedAt: { not: null } } });
  }
}

function toVerdict(row: Verdict): VerdictRecord {
  return { ...row, information: row.information as Record<string, string>, logIndex: row.logIndex === null ? null : Number(row.logIndex) };
}
