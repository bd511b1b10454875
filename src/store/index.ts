import { connect, type Client, type TenantRows } from './client.ts';
import { AllRuns, AllStatements, AllVerdicts } from './all.ts';
import { Anchors } from './anchors.ts';
import { CosignedCheckpoints } from './cosigned.ts';
import { databaseFault } from './faults.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { AllKeys, ApiKeys } from './keys.ts';
import { Leases } from './leases.ts';
import { Locks } from './locks.ts';
import { PostgresLogStore } from './log.ts';
import { migrate } from './migrate.ts';
import { AllLti, Lti } from './lti.ts';
import { Models } from './models.ts';
import { Notices } from './notices.ts';
import { Organisations, ownOrganisation } from './organisations.ts';
import type { OrganisationRecord } from './records.ts';
import { AllAnnouncements, Announcements } from './announcements.ts';
import { Alerts } from './alerts.ts';
import { Approvals } from './approvals.ts';
import { Attempts } from './attempts.ts';
import { ErasedCases } from './erasedCases.ts';
import { EventStore } from './events.ts';
import { AllMonitors, Monitors } from './monitors.ts';
import { AllPlaybookSteps, PlaybookRuns } from './playbookRuns.ts';
import { Audit } from './audit.ts';
import { RunStore } from './runs.ts';
import { ShownReports } from './shownReports.ts';
import { Statements } from './statements.ts';
import { Tallies } from './tallies.ts';
import { AllUploads, Uploads } from './uploads.ts';
import { Verdicts } from './verdicts.ts';
import { AllDeliveries, Webhooks } from './webhooks.ts';

export * from './records.ts';
export {
  announce,
  ANNOUNCEMENT_KINDS,
  type AnnouncementFilter,
  type AnnouncementKind,
  type AnnouncementRecord,
  type NewAnnouncement,
} from './announcements.ts';
export type {
  AlertAction,
  AlertFilter,
  AlertNoteRecord,
  AlertRecord,
  AlertState,
  CaseFilter,
  IncidentHour,
  IncidentRecord,
} from './alerts.ts';
export type {
  ClaimedScore,
  DeepLink,
  LaunchRecord,
  NewLaunch,
  PlatformRecord,
  ScoreOutcome,
  ScoreStanding,
} from './lti.ts';
export type { ErasedCaseRecord } from './erasedCases.ts';
export type { EventReceipt, NewEvent, StoredEventRecord } from './events.ts';
export type {
  AlertStanding,
  JudgedPart,
  MonitoredCaseRecord,
  MonitorHead,
  MonitorRecord,
  ToldAlert,
  ToldCase,
} from './monitors.ts';
export type {
  ClaimedStep,
  NewPlaybookNote,
  NewPlaybookStep,
  PlaybookMove,
  PlaybookNoteRecord,
  PlaybookRunFilter,
  PlaybookRunRecord,
  PlaybookStepRecord,
} from './playbookRuns.ts';
export type {
  AttemptOutcome,
  ClaimedDelivery,
  DeliveryRecord,
  DeliveryState,
  WebhookAttemptRecord,
  WebhookRecord,
} from './webhooks.ts';
export type { ApprovalRecord, ApprovalState, NewApproval } from './approvals.ts';
export type { AttemptFilter, AttemptRecord } from './attempts.ts';
export type { Located, WaitingRun } from './all.ts';
export type { Filter, Page, RunFilter, Slice, VerdictFilter } from './listing.ts';
export { isId, newId, verdictIdOf } from './ids.ts';
export { migrate } from './migrate.ts';
export {
  freePort,
  runningEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from './embedded/postgres.ts';
export type { NewOrganisation } from './organisations.ts';
export type { RunClaim, NewRun } from './runs.ts';
export type { UploadRecord } from './uploads.ts';
export type { Tally } from './tallies.ts';
export type { ShownProperty, ShownReport } from './shownReports.ts';

/** What belongs to no organisation, and says nothing of any: one log, its ledger, locks, hints. */
export interface SharedStore {
  readonly anchors: Anchors;
  readonly cosigned: CosignedCheckpoints;
  readonly log: PostgresLogStore;
  readonly notices: Notices;
  readonly locks: Locks;
  readonly leases: Leases;
  /** Changes of the installation's signing keys. */
  readonly keyChanges: Statements;
  /** What processes count together. */
  readonly tallies: Tallies;
}

/**
 * Everything that is kept for one organisation. Whoever holds it can ask for nothing else: rows of
 * others are not there.
 */
export class TenantStore implements SharedStore {
  readonly organisationId: string;
  readonly models: Models;
  readonly runs: RunStore;
  readonly shownReports: ShownReports;
  readonly verdicts: Verdicts;
  readonly statements: Statements;
  readonly incidentStatements: Statements;
  readonly audit: Audit;
  readonly attempts: Attempts;
  readonly approvals: Approvals;
  readonly announcements: Announcements;
  readonly uploads: Uploads;
  readonly events: EventStore;
  readonly monitors: Monitors;
  readonly alerts: Alerts;
  readonly erasedCases: ErasedCases;
  readonly playbookRuns: PlaybookRuns;
  readonly webhooks: Webhooks;
  readonly lti: Lti;
  readonly keys: ApiKeys;
  readonly idempotency: IdempotencyKeys;
  readonly anchors: Anchors;
  readonly cosigned: CosignedCheckpoints;
  readonly log: PostgresLogStore;
  readonly notices: Notices;
  readonly locks: Locks;
  readonly leases: Leases;
  readonly keyChanges: Statements;
  readonly tallies: Tallies;

  /** Nothing where there is none with this id. */
  readonly organisation: () => Promise<OrganisationRecord | undefined>;

  constructor(tenant: TenantRows, shared: SharedStore) {
    this.organisationId = tenant.organisationId;
    this.organisation = () => ownOrganisation(tenant);
    this.models = new Models(tenant);
    this.runs = new RunStore(tenant);
    this.shownReports = new ShownReports(tenant);
    this.verdicts = new Verdicts(tenant);
    this.statements = new Statements(tenant);
    this.incidentStatements = new Statements(tenant, 'incident');
    this.audit = new Audit(tenant);
    this.attempts = new Attempts(tenant);
    this.approvals = new Approvals(tenant);
    this.announcements = new Announcements(tenant);
    this.uploads = new Uploads(tenant);
    this.events = new EventStore(tenant);
    this.monitors = new Monitors(tenant);
    this.alerts = new Alerts(tenant);
    this.erasedCases = new ErasedCases(tenant);
    this.playbookRuns = new PlaybookRuns(tenant);
    this.webhooks = new Webhooks(tenant);
    this.lti = new Lti(tenant);
    this.keys = new ApiKeys(tenant);
    this.idempotency = new IdempotencyKeys(tenant);
    ({
      anchors: this.anchors,
      cosigned: this.cosigned,
      log: this.log,
      notices: this.notices,
      locks: this.locks,
      leases: this.leases,
      keyChanges: this.keyChanges,
      tallies: this.tallies,
    } = shared);
  }
}

/** What the installation asks of the rows of all organisations. */
export interface AllTenants {
  readonly keys: AllKeys;
  readonly runs: AllRuns;
  readonly verdicts: AllVerdicts;
  readonly statements: AllStatements;
  readonly monitors: AllMonitors;
  readonly announcements: AllAnnouncements;
  readonly uploads: AllUploads;
  readonly deliveries: AllDeliveries;
  readonly playbookSteps: AllPlaybookSteps;
  readonly lti: AllLti;
}

/**
 * Everything that is kept. The only door to Postgres; nothing above knows Prisma or SQL. What
 * belongs to an organisation is behind `of`.
 */
export class Store implements SharedStore {
  readonly organisations: Organisations;
  readonly all: AllTenants;
  readonly anchors: Anchors;
  readonly cosigned: CosignedCheckpoints;
  readonly log: PostgresLogStore;
  readonly notices: Notices;
  readonly locks: Locks;
  readonly leases: Leases;
  readonly keyChanges: Statements;
  readonly tallies: Tallies;
  private readonly client: Client;
  private readonly tenants = new Map<string, TenantStore>();

  constructor(databaseUrl: string, connections: number) {
    this.client = connect(databaseUrl, connections);
    const { all } = this.client;
    this.organisations = new Organisations(all);
    this.all = {
      keys: new AllKeys(all),
      runs: new AllRuns(all),
      verdicts: new AllVerdicts(all),
      statements: new AllStatements(all),
      monitors: new AllMonitors(all),
      announcements: new AllAnnouncements(all),
      uploads: new AllUploads(all),
      deliveries: new AllDeliveries(all),
      playbookSteps: new AllPlaybookSteps(all),
      lti: new AllLti(all),
    };
    this.anchors = new Anchors(this.client);
    this.cosigned = new CosignedCheckpoints(this.client);
    this.log = new PostgresLogStore(this.client.pool);
    this.notices = new Notices(databaseUrl);
    this.locks = new Locks(databaseUrl);
    this.leases = new Leases(databaseUrl);
    this.keyChanges = new Statements(all);
    this.tallies = new Tallies(this.client);
  }

  /** What is kept for one organisation; of one that does not exist, nothing. */
  of(organisationId: string): TenantStore {
    const known = this.tenants.get(organisationId);
    if (known) return known;
    if (this.tenants.size >= REMEMBERED) this.tenants.clear();
    const opened = new TenantStore(this.client.of(organisationId), this);
    this.tenants.set(organisationId, opened);
    return opened;
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

/** Organisations whose stores stay in memory. */
const REMEMBERED = 10_000;

/** Migrates, then opens. `connections` bounds what this process takes from the server. */
export async function openStore(databaseUrl: string, connections = 8): Promise<Store> {
  await migrate(databaseUrl);
  return new Store(databaseUrl, connections);
}
