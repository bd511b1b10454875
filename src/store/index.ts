import { connect, type Client } from './client.ts';
import { Anchors } from './anchors.ts';
import { CosignedCheckpoints } from './cosigned.ts';
import { databaseFault } from './faults.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { ApiKeys } from './keys.ts';
import { Leases } from './leases.ts';
import { Locks } from './locks.ts';
import { PostgresLogStore } from './log.ts';
import { migrate } from './migrate.ts';
import { Models } from './models.ts';
import { Notices } from './notices.ts';
import { Audit } from './audit.ts';
import { RunStore } from './runs.ts';
import { ShownReports } from './shownReports.ts';
import { Statements } from './statements.ts';
import { Verdicts } from './verdicts.ts';

export * from './records.ts';
export type { Filter, Page, RunFilter, Slice, VerdictFilter } from './listing.ts';
export { isId, newId, verdictIdOf } from './ids.ts';
export { migrate } from './migrate.ts';
export {
  freePort,
  runningEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from './embedded/postgres.ts';
export type { RunClaim, NewRun } from './runs.ts';
export type { ShownProperty, ShownReport } from './shownReports.ts';

/** Everything that is kept. The only door to Postgres; nothing above knows Prisma or SQL. */
export class Store {
  readonly models: Models;
  readonly runs: RunStore;
  readonly shownReports: ShownReports;
  readonly verdicts: Verdicts;
  readonly statements: Statements;
  readonly audit: Audit;
  readonly keys: ApiKeys;
  readonly anchors: Anchors;
  readonly cosigned: CosignedCheckpoints;
  readonly idempotency: IdempotencyKeys;
  readonly log: PostgresLogStore;
  readonly notices: Notices;
  readonly locks: Locks;
  readonly leases: Leases;
  private readonly client: Client;

  constructor(databaseUrl: string, connections: number) {
    this.client = connect(databaseUrl, connections);
    this.models = new Models(this.client);
    this.runs = new RunStore(this.client);
    this.shownReports = new ShownReports(this.client);
    this.verdicts = new Verdicts(this.client);
    this.statements = new Statements(this.client);
    this.audit = new Audit(this.client);
    this.keys = new ApiKeys(this.client);
    this.anchors = new Anchors(this.client);
    this.cosigned = new CosignedCheckpoints(this.client);
    this.idempotency = new IdempotencyKeys(this.client);
    this.log = new PostgresLogStore(this.client.pool);
    this.notices = new Notices(databaseUrl);
    this.locks = new Locks(databaseUrl);
    this.leases = new Leases(databaseUrl);
  }

  /** Throws `DATABASE_UNAVAILABLE` when the server does not answer. */
  async ping(): Promise<void> {
    await this.client.pool.query('SELECT 1').catch((error: unknown) => {
      throw databaseFault(error);
    });
  }

  async close(): Promise<void> {
    await this.notices.close();
    await this.leases.close();
    await this.locks.close();
    await this.client.close();
  }
}

/** Migrates, then opens. `connections` bounds what this process takes from the server. */
export async function openStore(databaseUrl: string, connections = 8): Promise<Store> {
  await migrate(databaseUrl);
  return new Store(databaseUrl, connections);
}
