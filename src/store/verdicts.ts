import { unreachable } from '../errors/index.ts';
import type { VerdictState } from '../evidence/statements/revocation.ts';
import { announce } from './announcements.ts';
import { announceFinished } from './runs.ts';
import { isDuplicate, json, Prisma, type TenantRows } from './client.ts';
import {
  answerConditions,
  countRows,
  listRows,
  modelConditions,
  type Listing,
  type Page,
  type Slice,
  type VerdictFilter,
} from './listing.ts';
import type { VerdictRecord } from './records.ts';
import type { Verdict } from './generated/client.ts';

export type SignedVerdict = Omit<
  VerdictRecord,
  'organisationId' | 'logIndex' | 'receipt' | 'createdAt' | 'sealedAt' | 'erasedAt' | 'timestamp'
>;

/** Signed answers of an organisation, at most one per run. */
export class Verdicts {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Keeps the first signature of a run: whoever comes second gets what the first one signed. */
  async keep(verdict: SignedVerdict): Promise<VerdictRecord> {
    try {
      const { organisationId } = this.tenant;
      const data = { ...verdict, organisationId, information: json(verdict.information) };
      return toVerdict(await this.tenant.in((rows) => rows.verdict.create({ data })));
    } catch (error) {
      const first = isDuplicate(error) ? await this.ofRun(verdict.runId) : undefined;
      if (!first) throw error;
      return first;
    }
  }

  /**
   * Another signature in place of one that the log does not have: its key was retired meanwhile.
   */
  async replaceUnsealed(verdict: SignedVerdict): Promise<VerdictRecord> {
    const data = { ...verdict, information: json(verdict.information) };
    const { id } = verdict;
    const row = await this.tenant.in(async (rows) => {
      await rows.verdict.updateMany({ where: { id, logIndex: null }, data });
      return rows.verdict.findUniqueOrThrow({ where: { id } });
    });
    return toVerdict(row);
  }

  /**
   * Erases what a sealed verdict says and what it was made of: envelope, salt, information, report,
   * artifacts, risk, options; the model too, unless another run of it is left. Leaf and receipt
   * stay: they say nothing, and the log is not touched.
   */
  async erase(id: string): Promise<VerdictRecord | undefined> {
    await this.tenant.in(async (transaction) => {
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

  async stamp(id: string, timestamp: string): Promise<void> {
    const where = { id, timestamp: null, erasedAt: null };
    await this.tenant.in((rows) => rows.verdict.updateMany({ where, data: { timestamp } }));
  }

  /** Sealed in this period, oldest first. */
  async sealedBetween(from: Date, to: Date): Promise<VerdictRecord[]> {
    const where = { sealedAt: { gte: from, lt: to } };
    const found = await this.tenant.in((rows) =>
      rows.verdict.findMany({ where, orderBy: { logIndex: 'asc' } }),
    );
    return found.map(toVerdict);
  }

  /** The log has acknowledged the leaf: verdict and run are sealed together. */
  async seal(id: string, log: { readonly index: number; readonly receipt: string }): Promise<void> {
    const now = new Date();
    const { organisationId } = this.tenant;
    await this.tenant.in(async (transaction) => {
      const { runId, owner } = await transaction.verdict.update({
        where: { id },
        data: { logIndex: BigInt(log.index), receipt: log.receipt, sealedAt: now },
      });
      const { count } = await transaction.run.updateMany({
        where: { id: runId, state: 'checked' },
        data: { state: 'sealed', finishedAt: now },
      });
      if (count === 0) return;
      const data = { verdict: id, run: runId, leaf: log.index };
      const issued = { kind: 'verdict.issued', owner, subject: id, data } as const;
      await announce(transaction, organisationId, issued);
      await announceFinished(transaction, organisationId, runId);
    });
  }

  async get(id: string): Promise<VerdictRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.verdict.findUnique({ where: { id } }));
    return row ? toVerdict(row) : undefined;
  }

  async ofRun(runId: string): Promise<VerdictRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.verdict.findUnique({ where: { runId } }));
    return row ? toVerdict(row) : undefined;
  }

  /** Sealed verdicts. */
  async list(page: Page, filter: VerdictFilter = {}): Promise<Slice<VerdictRecord>> {
    return this.tenant.in((rows) =>
      listRows(rows, this.listing(page, filter), page, async (where) =>
        (await rows.verdict.findMany({ where })).map(toVerdict),
      ),
    );
  }

  countListed(page: Page, filter: VerdictFilter): Promise<number | undefined> {
    return this.tenant.in((rows) => countRows(rows, this.listing(page, filter)));
  }

  private listing(page: Page, filter: VerdictFilter): Listing {
    return verdictsOf(this.tenant.organisationId, page, filter);
  }
}

/** The verdicts that an owner may see and that a filter leaves. */
function verdictsOf(organisationId: string, { owner }: Page, filter: VerdictFilter): Listing {
  const { from, until, modelId, state } = filter;
  return {
    from: Prisma.sql`"verdicts" AS v
      JOIN "runs" AS r ON r."id" = v."run_id"
      JOIN "models" AS m ON m."id" = r."model_id"`,
    id: Prisma.sql`v."id"`,
    conditions: [
      Prisma.sql`v."organisation_id" = ${organisationId}`,
      Prisma.sql`v."sealed_at" IS NOT NULL`,
      ...(owner === undefined ? [] : [Prisma.sql`v."owner" = ${owner}`]),
      // Text of one form and in UTC: its order is that of time.
      ...(from === undefined ? [] : [Prisma.sql`v."issued_at" >= ${from.toISOString()}`]),
      ...(until === undefined ? [] : [Prisma.sql`v."issued_at" < ${until.toISOString()}`]),
      ...(modelId === undefined ? [] : [Prisma.sql`r."model_id" = ${modelId}`]),
      ...(state === undefined ? [] : [standing(state)]),
      ...modelConditions(filter, Prisma.sql`v."owner"`),
      ...answerConditions(filter),
    ],
  };
}

/** Revoked weighs more than superseded: both may be in the log. */
function standing(state: VerdictState): Prisma.Sql {
  const said = (which: string): Prisma.Sql => Prisma.sql`EXISTS (
      SELECT 1
      FROM "statements" AS s
      WHERE s."kind" = 'revocation' AND s."subject" = v."id" AND s."log_index" IS NOT NULL
        AND s."state" = ${which})`;
  switch (state) {
    case 'valid':
      return Prisma.sql`NOT ${said('revoked')} AND NOT ${said('superseded')}`;
    case 'revoked':
      return said('revoked');
    case 'superseded':
      return Prisma.sql`${said('superseded')} AND NOT ${said('revoked')}`;
    default:
      return unreachable(state);
  }
}

function toVerdict(row: Verdict): VerdictRecord {
  return {
    ...row,
    information: row.information as Record<string, string>,
    logIndex: row.logIndex === null ? null : Number(row.logIndex),
  };
}
