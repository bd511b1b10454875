import { announce } from './announcements.ts';
import { isDuplicate, type AllRows, type Rows, type TenantRows } from './client.ts';
import type { StatementRecord } from './records.ts';
import type { Statement } from './generated/client.ts';

export type NewStatement = Omit<StatementRecord, 'logIndex' | 'receipt' | 'createdAt'>;

/**
 * What is said after things: at most one of each kind and state about one subject. Those about
 * verdicts are the organisation's; those about the keys of the installation are nobody's.
 */
export class Statements {
  private readonly scope: TenantRows | AllRows;
  private readonly kind: StatementRecord['kind'];

  constructor(
    scope: TenantRows | AllRows,
    kind: StatementRecord['kind'] = 'organisationId' in scope ? 'revocation' : 'key',
  ) {
    this.scope = scope;
    this.kind = kind;
  }

  async get(id: string): Promise<StatementRecord | undefined> {
    const where = { id, kind: this.kind };
    const row = await this.scope.in((rows) => rows.statement.findFirst({ where }));
    return row ? toStatement(row) : undefined;
  }

  /** What the log has about a subject, the latest first. */
  async about(subject: string): Promise<StatementRecord[]> {
    const where = { kind: this.kind, subject, logIndex: { not: null } };
    const found = await this.scope.in((rows) =>
      rows.statement.findMany({ where, orderBy: { logIndex: 'desc' } }),
    );
    return found.map(toStatement);
  }

  /** Keeps the first one about a subject: whoever comes second gets what the first one signed. */
  async keep(statement: NewStatement): Promise<StatementRecord> {
    const { kind, subject, state } = statement;
    const organisationId = 'organisationId' in this.scope ? this.scope.organisationId : null;
    const data = { ...statement, organisationId };
    try {
      return toStatement(await this.scope.in((rows) => rows.statement.create({ data })));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const where = { kind_subject_state: { kind, subject, state } };
      return toStatement(
        await this.scope.in((rows) => rows.statement.findUniqueOrThrow({ where })),
      );
    }
  }

  /** Another signature in place of one that the log does not have. */
  async replaceUnlogged(
    id: string,
    {
      statementDigest,
      envelope,
      salt,
      leaf,
    }: Pick<NewStatement, 'statementDigest' | 'envelope' | 'salt' | 'leaf'>,
  ): Promise<StatementRecord> {
    const data = { statementDigest, envelope, salt, leaf };
    const row = await this.scope.in(async (rows) => {
      await rows.statement.updateMany({ where: { id, logIndex: null }, data });
      return rows.statement.findUniqueOrThrow({ where: { id } });
    });
    return toStatement(row);
  }

  /** The log has acknowledged the leaf. */
  async log(
    id: string,
    { index, receipt }: { readonly index: number; readonly receipt: string },
  ): Promise<StatementRecord> {
    const data = { logIndex: BigInt(index), receipt };
    const row = await this.scope.in(async (rows) => {
      const { count } = await rows.statement.updateMany({ where: { id, logIndex: null }, data });
      const logged = await rows.statement.findUniqueOrThrow({ where: { id } });
      if (count === 1) await announceWithdrawn(rows, logged);
      return logged;
    });
    return toStatement(row);
  }

  /** What the log has about a verdict; `revoked` before `superseded`, since it weighs more. */
  async withdrawals(verdictId: string): Promise<StatementRecord[]> {
    const where = { kind: 'revocation', subject: verdictId, logIndex: { not: null } };
    const found = await this.scope.in((rows) =>
      rows.statement.findMany({ where, orderBy: { state: 'asc' } }),
    );
    return found.map(toStatement);
  }

  /** All that the log has, in its order. */
  async list(): Promise<StatementRecord[]> {
    const where = { kind: this.kind, logIndex: { not: null } };
    const found = await this.scope.in((rows) =>
      rows.statement.findMany({ where, orderBy: { logIndex: 'asc' } }),
    );
    return found.map(toStatement);
  }

  /** Signed, and not in the log yet: left behind by a process that was killed. */
  async unlogged(): Promise<StatementRecord[]> {
    const found = await this.scope.in((rows) =>
      rows.statement.findMany({
        where: { kind: this.kind, logIndex: null },
        orderBy: { id: 'asc' },
      }),
    );
    return found.map(toStatement);
  }
}

/** That a verdict was withdrawn. Of changes of keys nobody is told here: they are nobody's. */
async function announceWithdrawn(rows: Rows, statement: Statement): Promise<void> {
  const { kind, organisationId, subject, state, logIndex } = statement;
  if (kind !== 'revocation' || organisationId === null) return;
  const { owner } = await rows.verdict.findUniqueOrThrow({ where: { id: subject } });
  const data = { verdict: subject, state, leaf: Number(logIndex) };
  await announce(rows, organisationId, { kind: 'verdict.revoked', owner, subject, data });
}

function toStatement({ organisationId: _organisation, ...row }: Statement): StatementRecord {
  return {
    ...row,
    kind: row.kind as StatementRecord['kind'],
    logIndex: row.logIndex === null ? null : Number(row.logIndex),
  };
}
