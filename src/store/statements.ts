import { isDuplicate, type Client } from './client.ts';
import type { StatementRecord } from './records.ts';
import type { Statement } from './generated/client.ts';

export type NewStatement = Omit<StatementRecord, 'logIndex' | 'receipt' | 'createdAt'>;

/** What is said after verdicts: at most one of each kind and state about one subject. */
export class Statements {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Keeps the first one about a subject: whoever comes second gets what the first one signed. */
  async keep(statement: NewStatement): Promise<StatementRecord> {
    const { kind, subject, state } = statement;
    try {
      return toStatement(await this.client.prisma.statement.create({ data: statement }));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return toStatement(
        await this.client.prisma.statement.findUniqueOrThrow({
          where: { kind_subject_state: { kind, subject, state } },
        }),
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
    await this.client.prisma.statement.updateMany({
      where: { id, logIndex: null },
      data: { statementDigest, envelope, salt, leaf },
    });
    return toStatement(await this.client.prisma.statement.findUniqueOrThrow({ where: { id } }));
  }

  /** The log has acknowledged the leaf. */
  async log(
    id: string,
    { index, receipt }: { readonly index: number; readonly receipt: string },
  ): Promise<StatementRecord> {
    return toStatement(
      await this.client.prisma.statement.update({
        where: { id },
        data: { logIndex: BigInt(index), receipt },
      }),
    );
  }

  /** What the log has about a verdict; `revoked` before `superseded`, since it weighs more. */
  async withdrawals(verdictId: string): Promise<StatementRecord[]> {
    const rows = await this.client.prisma.statement.findMany({
      where: { kind: 'revocation', subject: verdictId, logIndex: { not: null } },
      orderBy: { state: 'asc' },
    });
    return rows.map(toStatement);
  }

  /** All of a kind that the log has, in its order. */
  async list(kind: StatementRecord['kind']): Promise<StatementRecord[]> {
    return (
      await this.client.prisma.statement.findMany({
        where: { kind, logIndex: { not: null } },
        orderBy: { logIndex: 'asc' },
      })
    ).map(toStatement);
  }

  /** Signed, and not in the log yet: left behind by a process that was killed. */
  async unlogged(): Promise<StatementRecord[]> {
    return (
      await this.client.prisma.statement.findMany({
        where: { logIndex: null },
        orderBy: { id: 'asc' },
      })
    ).map(toStatement);
  }
}

function toStatement(row: Statement): StatementRecord {
  return {
    ...row,
    kind: row.kind as StatementRecord['kind'],
    logIndex: row.logIndex === null ? null : Number(row.logIndex),
  };
}
