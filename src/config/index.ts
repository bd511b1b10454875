import { join } from 'node:path';
import { bad, ok, problem, type Result } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import { ABSOLUTE, homeFolder, relativeTools } from './places.ts';
import { Reader, type Environment } from './reader.ts';

/**
 * Everything that the environment decides, read once and never again. Names and defaults:
 * docs/api.md.
 */
export interface Config {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Absent: the embedded Postgres in `dataDir`. */
  readonly databaseUrl?: string;
  /** Absent: the queue lives in the same Postgres. */
  readonly redisUrl?: string;
  /** Worker processes that `serve` starts; 0 leaves the work to workers elsewhere. */
  readonly workers: number;
  /** JVMs that each worker keeps waiting for TLC, from its first use of TLC on. */
  readonly warmJvms: number;
  /** How long a worker may be silent before its run is given to another. */
  readonly leaseMs: number;
  /**
   * What the signing keys are called when they are made: `ORIGIN/verdict`, `ORIGIN/log`. An
   * existing key keeps its name.
   */
  readonly origin: string;
  /** How long a verdict is to count, in days; absent: without end. */
  readonly validDays?: number;
  /** A time-stamping authority (RFC 3161) that stamps each verdict. */
  readonly tsaUrl?: string;
  /**
   * Where the transparency log lives when not in the database: a folder that all processes share.
   */
  readonly logDir?: string;
  /** A C2SP tlog-policy whose witnesses cosign our checkpoints. */
  readonly witnesses?: { readonly policy: string; readonly timeoutMs: number };
  readonly iota: IotaConfig;
  readonly limits: LimitsConfig;
  /** Origins whose scripts may ask in a browser; none: only those of no origin, and our own. */
  readonly corsOrigins: readonly string[];
  readonly webhooks: WebhookConfig;
  /** Whose tokens are believed beside API keys; absent: nobody's. */
  readonly oidc?: OidcConfig;
  /** Where learning platforms reach us; absent: none does. */
  readonly lti?: LtiConfig;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** An issuer of tokens (OpenID Connect), and which of its claims say what somebody may do. */
export interface OidcConfig {
  readonly issuer: string;
  /** Who the tokens must be for. */
  readonly audience: string;
  /** Signatures that are accepted; none is symmetric. */
  readonly algorithms: readonly string[];
  readonly roleClaim: string;
  readonly organisationClaim: string;
}

/** Launches by learning platforms (LTI 1.3). */
export interface LtiConfig {
  /** Our address, as browsers and platforms see it, without a slash at its end. */
  readonly url: string;
  /** Where a learner is sent to, with his token in the fragment; absent: a page of ours has it. */
  readonly portal?: string;
}

/** How what happens is sent to those who asked for it. */
export interface WebhookConfig {
  /** `host` or `host:port`, which may be on the own premises. */
  readonly allow: readonly string[];
  /** Whether `http:` will do. */
  readonly http: boolean;
  readonly timeoutMs: number;
}

/** What keys, organisations and runs may take. */
export interface LimitsConfig {
  /** What a key may ask for in a second, in the cost of its documents; 0: as much as it likes. */
  readonly costPerSecond: number;
  /** Runs of one organisation that have not ended. */
  readonly openRuns: number;
  /** MiB of models of one organisation, as they are stored. */
  readonly storedMb: number;
  /** MiB of one upload, of all uploads of an organisation, and days that an unused one is kept. */
  readonly uploadMb: number;
  readonly uploadsMb: number;
  readonly uploadDays: number;
  /** Days in which a second person may decide. */
  readonly approvalDays: number;
  /** The most that one run may ask for. */
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly maxStates: number;
  /** Cases of one monitor that are held in memory; the others are read again when they go on. */
  readonly monitorCases: number;
  /** How long it is kept what was announced; a cursor that is older is refused. */
  readonly announcementDays: number;
  /** Proxies in front that tell the address of who asks. */
  readonly trustProxy: number;
}

export interface IotaConfig {
  /**
   * `emulated` is the embedded loopback node: its anchors never pass for compliance. `stardust` is
   * the legacy protocol on a node of yours. `none` anchors nothing.
   */
  readonly network: 'emulated' | 'mainnet' | 'testnet' | 'devnet' | 'stardust' | 'none';
  readonly url?: string;
  readonly packageId?: string;
  /** Years until the record may be destroyed. */
  readonly retentionYears: number;
  /** Seconds between two anchors at least: the later one covers what waited. */
  readonly intervalS: number;
  readonly maxPerDay: number;
  /** What one anchor may cost at most, in nanos; absent: ten times what it costs. */
  readonly gasBudget?: number;
  /** Where people look at a transaction: an address with `{digest}`. */
  readonly explorer?: string;
}

const NETWORKS = ['emulated', 'mainnet', 'testnet', 'devnet', 'stardust', 'none'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const DEFAULT_PORT = 4600;

/**
 * Reads the environment. All that is wrong is reported at once, as `OPTION_INVALID` with the
 * variable as path.
 */
export function loadConfig(env: Environment): Result<Config> {
  const read = new Reader(env);
  const config = configFrom(read, env);
  return read.problems.length > 0 ? bad(...read.problems) : ok(deepFreeze(config));
}

/** The environment of this process. */
export const ownConfig = (): Result<Config> => loadConfig(process.env);

const OURS = /^PROBITY_/u;
/** Variables of ours that are no settings. */
const OTHERS = ['PROBITY_SERVER', 'PROBITY_KEY', 'PROBITY_REQUIRE', 'PROBITY_WORKER_NAME'];

/**
 * Variables that look like a setting and are none: a misspelt one would be ignored, and the default
 * stand in its place.
 */
export function misspelt(env: Environment): readonly string[] {
  const read = new Reader({});
  configFrom(read, {});
  // Compared without what all have in common, which would make everything alike.
  const known = [...read.names, ...OTHERS].flatMap((name) => name.split(OURS)[1] ?? []);
  return Object.keys(env).flatMap((name) => {
    const [, own] = name.split(OURS);
    const meant = own === undefined || known.includes(own) ? undefined : nearest(own, known);
    return meant === undefined ? [] : [`${name} is no setting; did you mean \`PROBITY_${meant}\`?`];
  });
}

function configFrom(read: Reader, env: Environment): Config {
  for (const name of relativeTools(env)) read.refuse(name, ABSOLUTE);
  const dataDir = dataDirFrom(read, env);
  const network = read.oneOf('PROBITY_IOTA_NETWORK', NETWORKS) ?? 'emulated';
  const config: Config = {
    dataDir,
    cacheDir: read.path('PROBITY_CACHE_DIR') ?? join(dataDir, 'cache'),
    host: read.text('PROBITY_HOST') ?? '127.0.0.1',
    port: read.integer('PROBITY_PORT', 0, 65_535) ?? DEFAULT_PORT,
    databaseUrl: read.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: read.url('REDIS_URL', ['redis:', 'rediss:']),
    workers: read.integer('PROBITY_WORKERS', 0, 64) ?? 2,
    warmJvms: read.integer('PROBITY_WARM_JVMS', 0, 8) ?? 1,
    leaseMs: read.integer('PROBITY_LEASE_MS', 1_000, 3_600_000) ?? 30_000,
    origin:
      read.matching('PROBITY_ORIGIN', /^[^\s+]{1,200}$/u, 'a name without spaces and plus signs') ??
      'probity.local',
    tsaUrl: read.url('PROBITY_TSA_URL', ['http:', 'https:']),
    validDays: read.integer('PROBITY_VALID_DAYS', 1, 36_500),
    logDir: read.path('PROBITY_LOG_DIR'),
    witnesses: witnessesFrom(read),
    iota: {
      network,
      url: read.url('PROBITY_IOTA_URL', ['http:', 'https:']),
      packageId: read.matching(
        'PROBITY_IOTA_PACKAGE',
        /^0x[0-9a-f]{1,64}$/u,
        '0x and hexadecimal digits',
      ),
      retentionYears: read.integer('PROBITY_IOTA_RETENTION_YEARS', 1, 75) ?? 10,
      ...spending(read, network),
    },
    limits: limitsFrom(read),
    corsOrigins: originsFrom(read),
    webhooks: webhooksFrom(read),
    oidc: oidcFrom(read),
    lti: ltiFrom(read),
    logLevel: read.oneOf('PROBITY_LOG_LEVEL', LEVELS) ?? 'info',
  };
  if (network === 'stardust' && config.iota.url === undefined)
    read.problems.push(
      problem(
        'OPTION_INVALID',
        'PROBITY_IOTA_URL',
        'a node of the Stardust network must be named: there is no public one',
      ),
    );
  return config;
}

/** Keys lie here: where no place is said, and there is no home, there is none. */
function dataDirFrom(read: Reader, env: Environment): string {
  if (read.text('PROBITY_DATA_DIR') !== undefined) return read.path('PROBITY_DATA_DIR') ?? '';
  const home = homeFolder(env);
  if (home.ok) return join(home.value, '.probity');
  for (const each of home.problems)
    read.problems.push({ ...each, message: `${each.message}; or set PROBITY_DATA_DIR` });
  return '';
}

/**
 * The emulated node costs nothing; where anchors cost, one in ten minutes covers everything, and a
 * mistake has a limit.
 */
function spending(
  read: Reader,
  network: IotaConfig['network'],
): Pick<IotaConfig, 'intervalS' | 'maxPerDay' | 'gasBudget' | 'explorer'> {
  const free = network === 'emulated' || network === 'none';
  return {
    intervalS: read.integer('PROBITY_IOTA_INTERVAL_S', 0, 86_400) ?? (free ? 0 : 600),
    maxPerDay: read.integer('PROBITY_IOTA_MAX_PER_DAY', 1, 1_000_000) ?? (free ? 1_000_000 : 200),
    gasBudget: read.integer('PROBITY_IOTA_GAS_BUDGET', 1_000_000, 10_000_000_000),
    explorer: read.url('PROBITY_IOTA_EXPLORER', ['http:', 'https:']),
  };
}

const CLAIM = /^[^\s"]{1,200}$/u;
const SIGNATURES = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

function oidcFrom(read: Reader): OidcConfig | undefined {
  const issuer = read.url('PROBITY_OIDC_ISSUER', ['https:', 'http:']);
  const audience = read.text('PROBITY_OIDC_AUDIENCE');
  const roleClaim = read.matching('PROBITY_OIDC_ROLE_CLAIM', CLAIM, 'the name of a claim');
  const organisationClaim = read.matching(
    'PROBITY_OIDC_ORGANISATION_CLAIM',
    CLAIM,
    'the name of a claim',
  );
  const listed = (read.text('PROBITY_OIDC_ALGORITHMS') ?? 'RS256 PS256 ES256 EdDSA').split(
    /[\s,]+/u,
  );
  if (!listed.every((each) => SIGNATURES.includes(each)))
    return read.refuse('PROBITY_OIDC_ALGORITHMS', `some of ${SIGNATURES.join(' ')}`);
  if (issuer === undefined) return undefined;
  if (audience === undefined)
    return read.refuse(
      'PROBITY_OIDC_AUDIENCE',
      'set: a token for somebody else is no token for us',
    );
  return {
    issuer,
    audience,
    algorithms: listed,
    roleClaim: roleClaim ?? 'probity_role',
    organisationClaim: organisationClaim ?? 'probity_organisation',
  };
}

function ltiFrom(read: Reader): LtiConfig | undefined {
  const plain = (name: string, address: string | undefined): string | undefined =>
    address === undefined || !/[?#]/u.test(address)
      ? address?.replace(/\/$/u, '')
      : read.refuse(name, 'an address without a query and a fragment');
  const url = plain('PROBITY_LTI_URL', read.url('PROBITY_LTI_URL', ['https:', 'http:']));
  const portal = plain('PROBITY_LTI_PORTAL', read.url('PROBITY_LTI_PORTAL', ['https:', 'http:']));
  if (url !== undefined) return { url, portal };
  if (portal === undefined) return undefined;
  return read.refuse('PROBITY_LTI_URL', 'set: a portal alone launches nothing');
}

function limitsFrom(read: Reader): LimitsConfig {
  return {
    costPerSecond: read.integer('PROBITY_COST_PER_SECOND', 0, 1_000_000_000) ?? 20_000,
    openRuns: read.integer('PROBITY_QUOTA_OPEN_RUNS', 1, 1_000_000_000) ?? 10_000,
    storedMb: read.integer('PROBITY_QUOTA_STORED_MB', 1, 1_000_000_000) ?? 10_240,
    uploadMb: read.integer('PROBITY_UPLOAD_MB', 1, 4_096) ?? 256,
    uploadsMb: read.integer('PROBITY_QUOTA_UPLOADS_MB', 1, 1_000_000_000) ?? 2_048,
    uploadDays: read.integer('PROBITY_UPLOAD_DAYS', 1, 36_500) ?? 7,
    approvalDays: read.integer('PROBITY_APPROVAL_DAYS', 1, 365) ?? 7,
    timeoutMs: read.integer('PROBITY_MAX_TIMEOUT_MS', 100, 3_600_000) ?? 3_600_000,
    memoryMb: read.integer('PROBITY_MAX_MEMORY_MB', 64, 65_536) ?? 65_536,
    maxStates: read.integer('PROBITY_MAX_STATES', 1, 100_000_000) ?? 100_000_000,
    monitorCases: read.integer('PROBITY_MONITOR_CASES', 1, 100_000_000) ?? 20_000,
    announcementDays: read.integer('PROBITY_ANNOUNCEMENT_DAYS', 1, 3_650) ?? 90,
    trustProxy: read.integer('PROBITY_TRUST_PROXY', 0, 10) ?? 0,
  };
}

/** As browsers write them: no path, no wildcard. */
function originsFrom(read: Reader): readonly string[] {
  const listed = (read.text('PROBITY_CORS_ORIGINS') ?? '').split(/[\s,]+/u).filter(Boolean);
  const isOrigin = (text: string): boolean =>
    /^https?:\/\//u.test(text) && URL.canParse(text) && new URL(text).origin === text;
  if (listed.every(isOrigin)) return listed;
  read.refuse('PROBITY_CORS_ORIGINS', 'origins, https://console.example, with a comma between two');
  return [];
}

function webhooksFrom(read: Reader): WebhookConfig {
  const listed = read.matching(
    'PROBITY_WEBHOOK_ALLOW',
    /^[\w.:-]{1,200}([\s,]+[\w.:-]{1,200})*$/u,
    'hosts, or host:port, with a comma between two',
  );
  return {
    allow: (listed ?? '')
      .toLowerCase()
      .split(/[\s,]+/u)
      .filter((each) => each !== ''),
    http: read.oneOf('PROBITY_WEBHOOK_HTTP', ['yes', 'no']) === 'yes',
    timeoutMs: read.integer('PROBITY_WEBHOOK_TIMEOUT_MS', 100, 60_000) ?? 15_000,
  };
}

function witnessesFrom(read: Reader): Config['witnesses'] {
  const policy = read.path('PROBITY_WITNESSES');
  const timeoutMs = read.integer('PROBITY_WITNESS_TIMEOUT_MS', 100, 60_000) ?? 5_000;
  return policy === undefined ? undefined : { policy, timeoutMs };
}

function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value))
    if (typeof each === 'object' && each !== null) deepFreeze(each as object);
  return Object.freeze(value);
}
