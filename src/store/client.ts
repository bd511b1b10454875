import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { Fault } from '../errors/index.ts';
import { databaseFault } from './faults.ts';
import { Prisma, PrismaClient } from './generated/client.ts';

export { Prisma };

/** The pool that everything in this process shares, and Prisma over it. */
export interface Client {
  readonly pool: pg.Pool;
  /** For what belongs to no organisation; of what does, it sees nothing. */
  readonly prisma: PrismaClient;
  /** The rows of one organisation. */
  of(organisationId: string): TenantRows;
  /** The installation's own view of the rows of all. */
  readonly all: AllRows;
  close(): Promise<void>;
}

/** What a transaction reads and writes. */
export type Rows = Prisma.TransactionClient;

/** Rows of one organisation: every statement is in a transaction that shows no others. */
export interface TenantRows {
  readonly organisationId: string;
  in<T>(work: (rows: Rows) => Promise<T>): Promise<T>;
}

/** Rows of all organisations, for the few questions that are the installation's. */
export interface AllRows {
  in<T>(work: (rows: Rows) => Promise<T>): Promise<T>;
}

/** The role that holds no rows but those of the tenant, where the database let us make one. */
export const TENANT_ROLE = 'probity_tenant';
/** What a transaction says that is the installation's own. */
export const EVERY_TENANT = '*';

/**
 * The models whose rows are an organisation's. Their `where` is completed (`ofTenant`); what is
 * created says it itself, or does not compile.
 */
const TENANT_MODELS: ReadonlySet<string> = new Set<Prisma.ModelName>([
  'ApiKey',
  'Model',
  'Run',
  'Artifact',
  'Verdict',
  'Idempotency',
  'Statement',
  'AuditEvent',
  'AuditHead',
  'Attempt',
  'Announcement',
  'AnnouncementHead',
  'Upload',
  'UploadPart',
  'Monitor',
  'EventStream',
  'StoredEvent',
  'ErasedCase',
  'MonitoredCase',
  'Incident',
  'RaisedAlert',
  'AlertNote',
  'PlaybookRun',
  'PlaybookStep',
  'PlaybookNote',
  'Webhook',
  'WebhookDelivery',
  'WebhookAttempt',
  'ApprovalRule',
  'ApprovalRequest',
  'LtiPlatform',
  'LtiLaunch',
  'LtiScore',
]);

/**
 * Opens nothing yet: the first statement connects. Each statement that fails for the world's
 * reasons throws a `Fault`.
 */
export function connect(databaseUrl: string, connections: number): Client {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'probity',
  });
  // A connection that dies while idle is replaced by the pool; without a listener its error would
  // end the process.
  pool.on('error', () => undefined);
  const plain = new PrismaClient({
    adapter: new PrismaPg(pool),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: 15_000, timeout: 60_000 },
  });
  const prisma = plain.$extends({
    query: {
      $allOperations: async ({ args, query }) => {
        try {
          return await query(args);
        } catch (error) {
          throw databaseFault(error);
        }
      },
    },
  }) as unknown as PrismaClient;
  const role = rememberedRole(pool);
  return {
    pool,
    prisma,
    of: (organisationId) => {
      const own = ofTenant(prisma, organisationId);
      return {
        organisationId,
        in: async (work) => scoped(own, organisationId, await role(), work),
      };
    },
    all: { in: (work) => scoped(prisma, EVERY_TENANT, 'none', work) },
    close: async () => {
      await plain.$disconnect();
      await pool.end().catch(() => undefined);
    },
  };
}

/** One transaction that says whose it is; the database forgets it with the transaction. */
async function scoped<T>(
  prisma: PrismaClient,
  tenant: string,
  role: string,
  work: (rows: Rows) => Promise<T>,
): Promise<T> {
  try {
    return await prisma.$transaction(async (rows) => {
      await rows.$executeRaw`
        SELECT set_config('probity.tenant', ${tenant}, true), set_config('role', ${role}, true)`;
      return work(rows);
    });
  } catch (error) {
    throw databaseFault(error);
  }
}

/**
 * The first wall: whatever is looked for, changed or deleted through Prisma is the organisation's.
 * (The second is the database's own, which also holds for SQL.)
 */
function ofTenant(prisma: PrismaClient, organisationId: string): PrismaClient {
  return prisma.$extends({
    query: {
      $allModels: {
        $allOperations: ({ model, operation, args, query }) => {
          if (!TENANT_MODELS.has(model) || operation.startsWith('create')) return query(args);
          const { where, ...rest } = args as { where?: object };
          return query({ ...rest, where: { ...where, organisationId } } as typeof args);
        },
      },
    },
  }) as unknown as PrismaClient;
}

/**
 * The role for the rows of an organisation; `none` where there is none and row-level security holds
 * the one that we are. Where it would hold nobody, nothing is read: throws `DATABASE_SCHEMA`.
 */
function rememberedRole(pool: pg.Pool): () => Promise<string> {
  let known: Promise<string> | undefined;
  return () => {
    known ??= tenantRole(pool);
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
}

export async function tenantRole(pool: pg.Pool): Promise<string> {
  const { rows } = await pool
    .query<{ has: boolean; free: boolean }>(
      `SELECT
         EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1 AND pg_has_role(oid, 'MEMBER')) AS "has",
         (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS "free"`,
      [TENANT_ROLE],
    )
    .catch((error: unknown) => {
      throw databaseFault(error);
    });
  if (rows[0]?.has) return TENANT_ROLE;
  if (rows[0]?.free)
    throw new Fault(
      'DATABASE_SCHEMA',
      `the role ${TENANT_ROLE} is missing, and no row-level security holds the account that we have: CREATE ROLE ${TENANT_ROLE} NOLOGIN, and grant it as docs/operate.md says`,
    );
  return 'none';
}

/** Our data as Prisma's JSON input: the types differ in `readonly` only. */
export function json(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

export const orNull = (value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull =>
  value === null || value === undefined ? Prisma.DbNull : json(value);

/** Bytes that a driver takes: backed by a plain ArrayBuffer, never by a shared one. */
export function bytes(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(value);
}

/** Whether a unique index refused a row. */
export function isDuplicate(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 'P2002'
  );
}
