import { createHmac, randomBytes } from 'node:crypto';
import { Prisma, type Rows, type TenantRows } from './client.ts';

/** The keys of cases that an event's text has at a place, which is JSON. */
export type KeysAt = (body: string, keyPath: string) => readonly string[];

/** What is asked to be erased: a case, in all monitors that know it by the same place of events. */
export interface CaseToErase {
  readonly caseKey: string;
  readonly keyPath: string;
  readonly monitorIds: readonly string[];
  /** A text that each event of the case has in it. */
  readonly holds: string;
  /** Whether an event is of the case alone, of others too, or not of it. */
  readonly isOf: (body: string) => 'alone' | 'shared' | 'no';
  /** What is left of an event. */
  readonly left: (body: string) => string;
}

/** What is known of a case that was erased. */
export interface ErasedCaseRecord {
  readonly keyDigest: string;
  /** How many events lost what they said. */
  readonly events: number;
  /** How many came later, and were not kept. */
  readonly later: number;
  readonly createdAt: Date;
}

const PSEUDONYM = 'erased-';

/** A digest that nobody can guess a key from without the organisation's salt. */
const salted = (salt: string, ...parts: readonly string[]): string =>
  createHmac('sha256', salt).update(JSON.stringify(parts)).digest('hex');

/** Cases of an organisation that were erased. */
export class ErasedCases {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** By the name that a case has since; nothing where it is the name of none. */
  async find(caseKey: string): Promise<ErasedCaseRecord | undefined> {
    if (!caseKey.startsWith(PSEUDONYM)) return undefined;
    const where = { keyDigest: caseKey.slice(PSEUDONYM.length) };
    return (await this.tenant.in((rows) => rows.erasedCase.findFirst({ where }))) ?? undefined;
  }

  /**
   * Erases a case, all or nothing: its events keep their number and what `left` says, its alerts
   * their kind, cause and times. `shared`: so many events are of other cases too, and nothing was
   * done. Monitors that have it in memory read the stream anew.
   */
  async erase(asked: CaseToErase): Promise<{ readonly shared: number }> {
    const { organisationId } = this.tenant;
    return this.tenant.in(async (rows) => {
      const salt = await heldSalt(rows, organisationId);
      const found = await rows.$queryRaw<StoredBody[]>(Prisma.sql`
        SELECT "arrival", "source", "event_id" AS "eventId", "body" FROM "stored_events"
        WHERE "organisation_id" = ${organisationId} AND NOT "erased"
          AND strpos("body", ${asked.holds}) > 0
        ORDER BY "arrival"`);
      const said = found.map((event) => ({ ...event, is: asked.isOf(event.body) }));
      const shared = said.filter(({ is }) => is === 'shared').length;
      if (shared > 0) return { shared };
      const events = said.filter(({ is }) => is === 'alone');
      const keyDigest = salted(salt, asked.keyPath, asked.caseKey);
      await rows.monitor.updateMany({
        where: { organisationId },
        data: { erasures: { increment: 1 } },
      });
      await eraseEvents(rows, organisationId, salt, events, asked.left);
      await eraseAlerts(rows, organisationId, salt, { ...asked, name: PSEUDONYM + keyDigest });
      const { keyPath } = asked;
      const data = { organisationId, keyDigest, keyPath, events: events.length };
      await rows.erasedCase.createMany({ data, skipDuplicates: true });
      return { shared: 0 };
    });
  }
}

interface StoredBody {
  readonly arrival: bigint;
  readonly source: string;
  readonly eventId: string;
  readonly body: string;
}

/** The organisation's salt, made where there is none; its stream is held with it. */
async function heldSalt(rows: Rows, organisationId: string): Promise<string> {
  const fresh = randomBytes(32).toString('hex');
  const [row] = await rows.$queryRaw<{ salt: string }[]>(Prisma.sql`
    INSERT INTO "event_streams" AS s ("organisation_id", "last", "salt")
    VALUES (${organisationId}, 0, ${fresh})
    ON CONFLICT ("organisation_id") DO UPDATE SET "salt" = COALESCE(s."salt", EXCLUDED."salt")
    RETURNING s."salt" AS "salt"`);
  return row?.salt ?? fresh;
}

async function eraseEvents(
  rows: Rows,
  organisationId: string,
  salt: string,
  events: readonly StoredBody[],
  left: CaseToErase['left'],
): Promise<void> {
  const given = events.map(({ arrival, source, eventId, body }) => ({
    arrival: String(arrival),
    source,
    eventId,
    name: salted(salt, source, eventId),
    digest: salted(salt, String(arrival), body),
    body: left(body),
  }));
  const text = JSON.stringify(given);
  await rows.$executeRaw(Prisma.sql`
    UPDATE "stored_events" AS e
    SET "source" = 'erased', "event_id" = n."name", "digest" = n."digest", "body" = n."body",
      "erased" = true
    FROM json_to_recordset(${text}::JSON) AS n
      ("arrival" TEXT, "name" TEXT, "digest" TEXT, "body" TEXT)
    WHERE e."organisation_id" = ${organisationId} AND e."arrival" = n."arrival"::BIGINT`);
  // A deadline of another case may have passed by one of these events.
  await rows.$executeRaw(Prisma.sql`
    UPDATE "raised_alerts" AS a
    SET "detail" = (a."detail"::JSONB - 'event')::JSON
    FROM json_to_recordset(${text}::JSON) AS n ("source" TEXT, "eventId" TEXT)
    WHERE a."organisation_id" = ${organisationId}
      AND a."detail"->'event'->>'source' = n."source" AND a."detail"->'event'->>'id' = n."eventId"`);
}

async function eraseAlerts(
  rows: Rows,
  organisationId: string,
  salt: string,
  { caseKey, monitorIds, name }: CaseToErase & { readonly name: string },
): Promise<void> {
  const where = { organisationId, caseKey, monitorId: { in: [...monitorIds] } };
  const alerts = await rows.raisedAlert.findMany({ where });
  const alertId = { in: alerts.map(({ id }) => id) };
  await rows.alertNote.updateMany({ where: { organisationId, alertId }, data: { text: '' } });
  await eraseRuns(
    rows,
    organisationId,
    alerts.map(({ id }) => id),
  );
  for (const { id, source, eventId, told } of alerts) {
    const kept = Object.entries(told as Readonly<Record<string, unknown>>).filter(([field]) =>
      KEPT_OF_ALERTS.has(field),
    );
    await rows.raisedAlert.updateMany({
      where: { id, organisationId },
      data: {
        caseKey: name,
        source: 'erased',
        eventId: salted(salt, source, eventId),
        told: Object.fromEntries(kept) as Prisma.InputJsonObject,
        detail: {},
      },
    });
  }
  await rows.monitoredCase.updateMany({
    where,
    data: { caseKey: name, answer: ERASED_ANSWER },
  });
}

/** What people wrote while they carried out playbooks about alerts; those that run are over. */
async function eraseRuns(
  rows: Rows,
  organisationId: string,
  alertIds: readonly string[],
): Promise<void> {
  const where = { organisationId, alertId: { in: [...alertIds] } };
  const runs = await rows.playbookRun.findMany({ where, select: { id: true } });
  const runId = { in: runs.map(({ id }) => id) };
  await rows.playbookNote.updateMany({ where: { organisationId, runId }, data: { text: '' } });
  await rows.playbookRun.updateMany({ where, data: { reason: '' } });
  await rows.playbookStep.updateMany({
    where: { organisationId, runId, state: { in: ['open', 'waiting', 'approved'] } },
    data: { state: 'cancelled' },
  });
  await rows.playbookRun.updateMany({
    where: { ...where, state: 'running' },
    data: { state: 'cancelled', running: null },
  });
}

/** What of an alert is of the model, and of nobody. */
const KEPT_OF_ALERTS: ReadonlySet<string> = new Set([
  'kind',
  'property',
  'explainedBy',
  'unexplained',
  'resynchronised',
  'playbooks',
]);

const ERASED_ANSWER = { events: [], beliefSize: [], legalNext: [], elements: {}, flagged: [] };

/** Those of events that are of a case that was erased: counted there. */
export async function laterOnes<E extends { readonly body: string }>(
  rows: Rows,
  organisationId: string,
  events: readonly E[],
  keysAt: KeysAt | undefined,
): Promise<ReadonlySet<E>> {
  if (!keysAt) return new Set();
  const paths = await rows.$queryRaw<{ path: string; salt: string }[]>(Prisma.sql`
    SELECT DISTINCT c."key_path" AS "path", s."salt" AS "salt"
    FROM "erased_cases" AS c JOIN "event_streams" AS s USING ("organisation_id")
    WHERE c."organisation_id" = ${organisationId}`);
  if (paths.length === 0) return new Set();
  const digests = new Map<string, E[]>();
  for (const event of events)
    for (const { path, salt } of paths)
      for (const key of new Set(keysAt(event.body, path))) {
        const digest = salted(salt, path, key);
        digests.set(digest, [...(digests.get(digest) ?? []), event]);
      }
  const asked = [...digests.keys()];
  const where = { organisationId, keyDigest: { in: asked } };
  const found = await rows.erasedCase.findMany({ where, select: { keyDigest: true } });
  const later = new Set<E>();
  for (const { keyDigest } of found) {
    const these = digests.get(keyDigest) ?? [];
    for (const event of these) later.add(event);
    await rows.erasedCase.updateMany({
      where: { organisationId, keyDigest },
      data: { later: { increment: these.length } },
    });
  }
  return later;
}
