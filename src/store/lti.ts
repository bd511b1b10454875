import { orNull, Prisma, type AllRows, type TenantRows } from './client.ts';
import type { LtiLaunch, LtiPlatform } from './generated/client.ts';
import { newId } from './ids.ts';

/** A learning platform (LTI 1.3) as an organisation has registered it. */
export interface PlatformRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly deploymentIds: readonly string[];
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** Whom the platform wants an assertion to be addressed to. */
  readonly tokenAudience: string;
  readonly jwksUrl: string;
  readonly createdAt: Date;
}

/** Where a chosen lesson is returned to (LTI Deep Linking 2.0). */
export interface DeepLink {
  readonly returnUrl: string;
  /** What the platform wants to have back. */
  readonly data?: string;
  readonly deploymentId: string;
}

/** Somebody who came from a platform. */
export interface LaunchRecord {
  readonly id: string;
  readonly organisationId: string;
  readonly platformId: string;
  /** A pseudonym. */
  readonly learner: string;
  readonly className: string;
  readonly role: string;
  /** `SCENARIO` or `SCENARIO/EXERCISE`; empty where one is to be chosen. */
  readonly lesson: string;
  /** How the platform calls him, sealed. */
  readonly user: string;
  readonly lineItem: string | null;
  readonly deepLink: DeepLink | null;
  readonly expiresAt: Date;
}

export type NewLaunch = Omit<LaunchRecord, 'id' | 'organisationId'> & {
  readonly nonce: string;
  readonly tokenHash: string;
};

export type NewScore = Pick<LaunchRecord, 'platformId' | 'learner' | 'user'> & {
  readonly lineItem: string;
  /** From 0 to 1. */
  readonly score: number;
};

/** A score that is to be told, and the right to tell it until its lease ends. */
export interface ClaimedScore extends NewScore {
  readonly id: string;
  readonly organisationId: string;
  readonly scoredAt: Date;
  /** Of all attempts, this one's number: whoever writes its outcome names it. */
  readonly attempt: number;
  readonly tries: number;
}

/** What came of telling it. */
export interface ScoreOutcome {
  readonly status: number | null;
  /** A code of ours, where there was no answer. */
  readonly error: string | null;
}

/** How it stands with the scores for a platform. */
export interface ScoreStanding extends ScoreOutcome {
  readonly pending: number;
  readonly failed: number;
}

/** Platforms of an organisation, who came from them, and what they are to be told. */
export class Lti {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async platforms(): Promise<PlatformRecord[]> {
    const orderBy = { id: 'asc' } as const;
    const found = await this.tenant.in((rows) => rows.ltiPlatform.findMany({ orderBy }));
    return found.map(toPlatform);
  }

  async platform(id: string): Promise<PlatformRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.ltiPlatform.findUnique({ where: { id } }));
    return row ? toPlatform(row) : undefined;
  }

  /** A new one, or the one of this issuer and client, changed. */
  async setPlatform(
    platform: Omit<PlatformRecord, 'id' | 'organisationId' | 'createdAt'>,
  ): Promise<PlatformRecord> {
    const { organisationId } = this.tenant;
    const data: Omit<LtiPlatform, 'id' | 'createdAt'> = {
      ...platform,
      deploymentIds: platform.deploymentIds.join(' '),
      organisationId,
    };
    const where = { issuer: platform.issuer, clientId: platform.clientId };
    return this.tenant.in(async (rows) => {
      const added = { ...data, id: newId('ltp') };
      await rows.ltiPlatform.createMany({ data: [added], skipDuplicates: true });
      await rows.ltiPlatform.updateMany({ where, data });
      return toPlatform(await rows.ltiPlatform.findFirstOrThrow({ where }));
    });
  }

  /** With all who came from it, and all that it was to be told. */
  async removePlatform(id: string): Promise<boolean> {
    const { count } = await this.tenant.in((rows) =>
      rows.ltiPlatform.deleteMany({ where: { id } }),
    );
    return count === 1;
  }

  /** Nothing where somebody came with this nonce before. Those whose time is over are forgotten. */
  async addLaunch({ deepLink, ...launch }: NewLaunch): Promise<LaunchRecord | undefined> {
    const { organisationId } = this.tenant;
    const id = newId('lau');
    const data = { ...launch, id, organisationId, deepLink: orNull(deepLink) };
    return this.tenant.in(async (rows) => {
      await rows.ltiLaunch.deleteMany({ where: { expiresAt: { lt: new Date() } } });
      const { count } = await rows.ltiLaunch.createMany({ data: [data], skipDuplicates: true });
      if (count === 0) return undefined;
      return toLaunch(await rows.ltiLaunch.findUniqueOrThrow({ where: { id } }));
    });
  }

  async launch(id: string): Promise<LaunchRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.ltiLaunch.findUnique({ where: { id } }));
    return row ? toLaunch(row) : undefined;
  }

  /** Deletes all of a learner. */
  async erase(learner: string): Promise<void> {
    await this.tenant.in(async (rows) => {
      await rows.ltiLaunch.deleteMany({ where: { learner } });
      await rows.ltiScore.deleteMany({ where: { learner } });
    });
  }

  /**
   * A score in place of an older one: a platform takes none that is not newer than what it has (LTI
   * Assignment and Grade Services 2.0, `timestamp`), so no two have one time.
   */
  async keepScore({ platformId, learner, user, lineItem, score }: NewScore): Promise<void> {
    const { organisationId } = this.tenant;
    await this.tenant.in(
      (rows) => rows.$executeRaw`
        INSERT INTO "lti_scores" ("id", "organisation_id", "platform_id", "learner", "user",
          "line_item", "score", "scored_at")
        VALUES (${newId('lts')}, ${organisationId}, ${platformId}, ${learner}, ${user},
          ${lineItem}, ${score}, ${new Date()})
        ON CONFLICT ("platform_id", "line_item", "learner") DO UPDATE SET
          "score" = EXCLUDED."score", "user" = EXCLUDED."user",
          "scored_at" = GREATEST(EXCLUDED."scored_at",
            "lti_scores"."scored_at" + INTERVAL '1 millisecond'),
          "state" = 'pending', "tries" = 0, "lease_until" = NULL,
          "next_attempt_at" = CURRENT_TIMESTAMP`,
    );
  }

  /** What came of telling a score; of one that a newer one has replaced, nothing. */
  async noteScore(
    { id, attempt, scoredAt }: ClaimedScore,
    outcome: ScoreOutcome,
    then: { readonly state: 'pending' | 'delivered' | 'failed'; readonly nextAttemptAt?: Date },
  ): Promise<void> {
    const where = { id, scoredAt, attempts: attempt, state: 'pending' };
    const data = { ...outcome, ...then, leaseUntil: null };
    await this.tenant.in((rows) => rows.ltiScore.updateMany({ where, data }));
  }

  async standing(platformId: string): Promise<ScoreStanding> {
    return this.tenant.in(async (rows) => {
      const count = (state: string): Promise<number> =>
        rows.ltiScore.count({ where: { platformId, state } });
      const last = await rows.ltiScore.findFirst({
        where: { platformId, attempts: { gt: 0 }, state: { not: 'delivered' } },
        orderBy: { nextAttemptAt: 'desc' },
        select: { status: true, error: true },
      });
      return {
        pending: await count('pending'),
        failed: await count('failed'),
        status: last?.status ?? null,
        error: last?.error ?? null,
      };
    });
  }
}

/** Ids of deployments have no spaces. */
const toPlatform = (row: LtiPlatform): PlatformRecord => ({
  ...row,
  deploymentIds: row.deploymentIds.split(' '),
});

function toLaunch({ nonce: _n, tokenHash: _t, createdAt: _c, ...row }: LtiLaunch): LaunchRecord {
  return { ...row, deepLink: row.deepLink as unknown as DeepLink | null };
}

/** One chooser at a time, over all processes that share the database. */
const CLAIM_LOCK = 0x6c746973;
/** Scores of one organisation at once: its slow platforms hold up its own. */
const AT_ONCE = 4;

/** What is asked before it is known of which organisation. */
export class AllLti {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  async platform(id: string): Promise<PlatformRecord | undefined> {
    const row = await this.all.in((rows) => rows.ltiPlatform.findUnique({ where: { id } }));
    return row ? toPlatform(row) : undefined;
  }

  /** Whose token this is, by its SHA-256, while it counts. */
  async launchOf(tokenHash: string, now: Date = new Date()): Promise<LaunchRecord | undefined> {
    const row = await this.all.in((rows) => rows.ltiLaunch.findUnique({ where: { tokenHash } }));
    return row && row.expiresAt > now ? toLaunch(row) : undefined;
  }

  /**
   * The next score that is due, for as long as the lease: of the organisations that have the fewest
   * under way, the one that has waited longest.
   */
  async claimScore(leaseMs: number): Promise<ClaimedScore | undefined> {
    return this.all.in(async (rows) => {
      await rows.$executeRaw`SELECT pg_advisory_xact_lock(${CLAIM_LOCK})`;
      const [claimed] = await rows.$queryRaw<ClaimedScore[]>(Prisma.sql`
        UPDATE "lti_scores"
        SET "attempts" = "attempts" + 1, "tries" = "tries" + 1,
            "lease_until" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond',
            "next_attempt_at" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond'
        WHERE "id" = (
          SELECT due."id"
          FROM "organisations" AS o
          CROSS JOIN LATERAL (
            SELECT s."id", s."next_attempt_at"
            FROM "lti_scores" AS s
            WHERE s."organisation_id" = o."id" AND s."state" = 'pending'
              AND s."next_attempt_at" <= CURRENT_TIMESTAMP
            ORDER BY s."next_attempt_at"
            LIMIT 1
          ) AS due
          CROSS JOIN LATERAL (
            SELECT count(*) AS "number"
            FROM "lti_scores" AS s
            WHERE s."organisation_id" = o."id" AND s."state" = 'pending'
              AND s."lease_until" > CURRENT_TIMESTAMP
          ) AS held
          WHERE held."number" < ${AT_ONCE}
          ORDER BY held."number", due."next_attempt_at"
          LIMIT 1
        )
        RETURNING "id", "organisation_id" AS "organisationId", "platform_id" AS "platformId",
          "learner", "user", "line_item" AS "lineItem", "score", "scored_at" AS "scoredAt",
          "attempts" AS "attempt", "tries"`);
      return claimed;
    });
  }
}
