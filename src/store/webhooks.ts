import { Prisma, type AllRows, type Rows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { reading, sliceOf, type Page, type Slice } from './listing.ts';
import type { Webhook } from './generated/client.ts';

/** Where announcements of an organisation are sent to. */
export interface WebhookRecord {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  /** None: of every kind. */
  readonly kinds: readonly string[];
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
  /** It is sent the steps of playbooks, and nothing else. */
  readonly carriesOut: boolean;
}

/** Its secrets, sealed; the one before counts for a while after it was replaced. */
export interface WebhookSecrets {
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly previousUntil: Date | null;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed';

export interface DeliveryRecord {
  readonly id: string;
  readonly webhookId: string;
  readonly announcementId: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
  readonly createdAt: Date;
}

export interface AttemptOutcome {
  /** Null: there was no answer, or it is under way. */
  readonly status: number | null;
  /** A code of ours, where there was no answer. */
  readonly error: string | null;
  readonly latencyMs: number | null;
}

export interface WebhookAttemptRecord extends AttemptOutcome {
  readonly number: number;
  readonly at: Date;
}

/** What is to be sent, and the right to send it until its lease ends. */
export interface ClaimedDelivery {
  readonly organisationId: string;
  readonly id: string;
  readonly webhookId: string;
  readonly announcementId: string;
  /** Of all attempts, this one's number: whoever writes its outcome names it. */
  readonly attempt: number;
  /** The same since it was last asked for. */
  readonly tries: number;
}

/** What an announcement is to be delivered to, written with it. */
export async function addDeliveries(
  rows: Rows,
  organisationId: string,
  announcementId: string,
  webhookIds: readonly string[],
): Promise<void> {
  const data = webhookIds.map((webhookId) => ({
    id: newId('dlv'),
    organisationId,
    webhookId,
    announcementId,
  }));
  if (data.length > 0) await rows.webhookDelivery.createMany({ data });
}

/** The webhooks that want a kind. */
export async function webhooksFor(rows: Rows, kind: string): Promise<string[]> {
  const found = await rows.webhook.findMany({
    where: { disabledAt: null, carriesOut: false },
    select: { id: true, kinds: true },
  });
  return found.flatMap(({ id, kinds }) =>
    kinds === '' || kinds.split(' ').includes(kind) ? [id] : [],
  );
}

/** Webhooks of an organisation, and what was sent to them. */
export class Webhooks {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** One that is there already stays: a request with the same idempotency key was sooner. */
  async create(
    webhook: Pick<WebhookRecord, 'id' | 'url' | 'description' | 'kinds' | 'carriesOut'> & {
      secret: string;
    },
  ): Promise<{ readonly record: WebhookRecord; readonly isNew: boolean }> {
    const { id, kinds, ...rest } = webhook;
    const data = {
      id,
      ...rest,
      kinds: kinds.join(' '),
      organisationId: this.tenant.organisationId,
    };
    return this.tenant.in(async (rows) => {
      const { count } = await rows.webhook.createMany({ data: [data], skipDuplicates: true });
      const row = await rows.webhook.findUniqueOrThrow({ where: { id } });
      return { record: toWebhook(row), isNew: count === 1 };
    });
  }

  async get(id: string): Promise<WebhookRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.webhook.findUnique({ where: { id } }));
    return row ? toWebhook(row) : undefined;
  }

  async secrets(id: string): Promise<WebhookSecrets | undefined> {
    const select = { secret: true, previousSecret: true, previousUntil: true } as const;
    const row = await this.tenant.in((rows) => rows.webhook.findUnique({ where: { id }, select }));
    return row ?? undefined;
  }

  async list(): Promise<WebhookRecord[]> {
    const found = await this.tenant.in((rows) => rows.webhook.findMany({ orderBy: { id: 'asc' } }));
    return found.map(toWebhook);
  }

  /** Who carries out the steps of playbooks: of several the first. */
  async carrier(): Promise<WebhookRecord | undefined> {
    const row = await this.tenant.in((rows) =>
      rows.webhook.findFirst({
        where: { carriesOut: true, disabledAt: null },
        orderBy: { id: 'asc' },
      }),
    );
    return row ? toWebhook(row) : undefined;
  }

  /** Both secrets sign until then. */
  async replaceSecret(id: string, secret: string, previousUntil: Date): Promise<void> {
    await this.tenant.in(async (rows) => {
      const before = await rows.webhook.findUniqueOrThrow({ where: { id } });
      const data = { secret, previousSecret: before.secret, previousUntil };
      await rows.webhook.updateMany({ where: { id }, data });
    });
  }

  /** A reason disables, none enables; the first reason stays. */
  async disable(id: string, reason: string | undefined): Promise<void> {
    const where = { id, ...(reason !== undefined && { disabledAt: null }) };
    const data = {
      disabledAt: reason === undefined ? null : new Date(),
      disabledReason: reason ?? null,
    };
    await this.tenant.in((rows) => rows.webhook.updateMany({ where, data }));
  }

  /** With what was sent to it. */
  async delete(id: string): Promise<void> {
    await this.tenant.in((rows) => rows.webhook.deleteMany({ where: { id } }));
  }

  async delivery(id: string): Promise<DeliveryRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.webhookDelivery.findUnique({ where: { id } }));
    return (row ?? undefined) as DeliveryRecord | undefined;
  }

  async deliveryOf(webhookId: string, announcementId: string): Promise<DeliveryRecord | undefined> {
    const where = { webhookId, announcementId };
    const row = await this.tenant.in((rows) => rows.webhookDelivery.findFirst({ where }));
    return (row ?? undefined) as DeliveryRecord | undefined;
  }

  async deliveries(webhookId: string, page: Omit<Page, 'owner'>): Promise<Slice<DeliveryRecord>> {
    const { behind, order, take } = reading(page, page.cursor);
    const found = await this.tenant.in((rows) =>
      rows.webhookDelivery.findMany({
        where: { webhookId, ...(behind && { id: behind }) },
        orderBy: { id: order },
        take,
      }),
    );
    return sliceOf(found as unknown as DeliveryRecord[], page);
  }

  /** The last attempts at a delivery, newest first. */
  async attempts(deliveryId: string, most: number): Promise<WebhookAttemptRecord[]> {
    return this.tenant.in((rows) =>
      rows.webhookAttempt.findMany({
        where: { deliveryId },
        orderBy: { number: 'desc' },
        take: most,
        select: { number: true, at: true, status: true, error: true, latencyMs: true },
      }),
    );
  }

  /** Once more, from now on, with all its tries; under the same announcement's id. */
  async sendAgain(id: string): Promise<void> {
    const data = { state: 'pending', tries: 0, nextAttemptAt: new Date(), leaseUntil: null };
    await this.tenant.in((rows) => rows.webhookDelivery.updateMany({ where: { id }, data }));
  }

  /**
   * What came of an attempt. Whoever had it longer than its lease is not heard about the delivery:
   * another has it; that of his attempt is kept.
   */
  async note(
    { id, attempt }: ClaimedDelivery,
    outcome: AttemptOutcome,
    then: { readonly state: DeliveryState; readonly nextAttemptAt?: Date },
  ): Promise<void> {
    await this.tenant.in(async (rows) => {
      await rows.webhookAttempt.updateMany({
        where: { deliveryId: id, number: attempt },
        data: outcome,
      });
      await rows.webhookDelivery.updateMany({
        where: { id, attempts: attempt, state: 'pending' },
        data: { ...then, leaseUntil: null },
      });
    });
  }

  /** Given back unsent: whoever had it stops. */
  async giveBack(claim: ClaimedDelivery): Promise<void> {
    await this.note(
      claim,
      { status: null, error: 'CANCELLED', latencyMs: null },
      { state: 'pending', nextAttemptAt: new Date() },
    );
  }

  /** Whether anything was delivered to a webhook since then. */
  async deliveredSince(webhookId: string, since: Date): Promise<boolean> {
    const status = { gte: 200, lt: 300 };
    const where = { status, at: { gte: since }, delivery: { webhookId } };
    return this.tenant.in(
      async (rows) =>
        (await rows.webhookAttempt.findFirst({ where, select: { at: true } })) !== null,
    );
  }
}

function toWebhook(row: Webhook): WebhookRecord {
  const { organisationId: _o, secret: _s, previousSecret: _p, previousUntil: _u, ...rest } = row;
  return { ...rest, kinds: row.kinds === '' ? [] : row.kinds.split(' ') };
}

/** One chooser at a time, over all processes that share the database. */
const CLAIM_LOCK = 0x77686b73;
/** Deliveries of one organisation at once: its slow targets hold up its own. */
const AT_ONCE = 4;

export class AllDeliveries {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /**
   * The next delivery that is due, for as long as the lease: of the organisations that have the
   * fewest under way, and of them the one that has waited longest. Whoever is killed meanwhile
   * leaves it to be due again when the lease is over.
   */
  async claim(leaseMs: number): Promise<ClaimedDelivery | undefined> {
    return this.all.in(async (rows) => {
      await rows.$executeRaw`SELECT pg_advisory_xact_lock(${CLAIM_LOCK})`;
      const [claimed] = await rows.$queryRaw<ClaimedDelivery[]>(Prisma.sql`
        UPDATE "webhook_deliveries"
        SET "attempts" = "attempts" + 1, "tries" = "tries" + 1,
            "lease_until" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond',
            "next_attempt_at" = CURRENT_TIMESTAMP + ${leaseMs} * INTERVAL '1 millisecond'
        WHERE "id" = (
          SELECT due."id"
          FROM "organisations" AS o
          CROSS JOIN LATERAL (
            SELECT d."id", d."next_attempt_at"
            FROM "webhook_deliveries" AS d
            JOIN "webhooks" AS w ON w."id" = d."webhook_id" AND w."disabled_at" IS NULL
            WHERE d."organisation_id" = o."id" AND d."state" = 'pending'
              AND d."next_attempt_at" <= CURRENT_TIMESTAMP
            ORDER BY d."next_attempt_at"
            LIMIT 1
          ) AS due
          CROSS JOIN LATERAL (
            SELECT count(*) AS "number"
            FROM "webhook_deliveries" AS d
            WHERE d."organisation_id" = o."id" AND d."state" = 'pending'
              AND d."lease_until" > CURRENT_TIMESTAMP
          ) AS held
          WHERE held."number" < ${AT_ONCE}
          ORDER BY held."number", due."next_attempt_at"
          LIMIT 1
        )
        RETURNING "organisation_id" AS "organisationId", "id", "webhook_id" AS "webhookId",
          "announcement_id" AS "announcementId", "attempts" AS "attempt", "tries"`);
      if (!claimed) return undefined;
      const { organisationId, id: deliveryId, attempt: number } = claimed;
      await rows.webhookAttempt.create({ data: { organisationId, deliveryId, number } });
      return claimed;
    });
  }

  /** How many wait to be delivered, and how long the one that is overdue longest, in seconds. */
  async waiting(): Promise<{ readonly count: number; readonly overdueS: number }> {
    const [row] = await this.all.in((rows) =>
      rows.$queryRaw<{ count: bigint; seconds: number | null }[]>(Prisma.sql`
        SELECT count(*) AS "count",
          extract(epoch FROM CURRENT_TIMESTAMP - min(d."next_attempt_at"))::FLOAT8 AS "seconds"
        FROM "webhook_deliveries" AS d
        JOIN "webhooks" AS w ON w."id" = d."webhook_id" AND w."disabled_at" IS NULL
        WHERE d."state" = 'pending'`),
    );
    return { count: Number(row?.count ?? 0), overdueS: Math.max(0, row?.seconds ?? 0) };
  }
}
