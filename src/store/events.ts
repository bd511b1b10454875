import { Prisma, type Rows, type TenantRows } from './client.ts';
import { laterOnes, type KeysAt } from './erasedCases.ts';

/** An event to be kept: who says it is whom, and what it says, as JSON text. */
export interface NewEvent {
  readonly source: string;
  readonly eventId: string;
  /** Of what was sent: another content under the same source and id has another one. */
  readonly digest: string;
  readonly body: string;
}

/** What became of an event that was sent. */
export type EventReceipt = 'stored' | 'duplicate' | 'conflict' | 'afterErasure';

/** An event as it came, with its number in the order of arrival. */
export interface StoredEventRecord {
  readonly arrival: bigint;
  readonly body: string;
  /** Another content came before under the same source and id. */
  readonly conflicts: boolean;
  readonly receivedAt: Date;
  /** `body` has its time and nothing else. */
  readonly erased: boolean;
  /** Nobody sent it: it is the time of the service, and `body` has that alone. */
  readonly tick: boolean;
}

const READ_AT_ONCE = 5_000;

/** The stream of an organisation: numbered without gaps, in the order in which it was stored. */
export class EventStore {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /**
   * Keeps events, in their order; what came before, by source, id and content, is kept once. They
   * are durable when this resolves. Who stores waits for who stored before: the row with the last
   * number is held until the end of the transaction. An event of an erased case is counted there,
   * and not kept.
   */
  async keep(
    events: readonly NewEvent[],
    receivedAt: Date,
    keysAt?: KeysAt,
  ): Promise<readonly EventReceipt[]> {
    if (events.length === 0) return [];
    return this.tenant.in(async (rows) => {
      const last = await this.hold(rows);
      const { organisationId } = this.tenant;
      const later = await laterOnes(rows, organisationId, events, keysAt);
      const known = await this.known(rows, events);
      const fresh: (NewEvent & { readonly arrival: string; readonly conflicts: boolean })[] = [];
      const receipts = events.map((event): EventReceipt => {
        if (later.has(event)) return 'afterErasure';
        const identity = JSON.stringify([event.source, event.eventId]);
        const digests = known.get(identity) ?? new Set();
        if (digests.has(event.digest)) return 'duplicate';
        const conflicts = digests.size > 0;
        known.set(identity, digests.add(event.digest));
        fresh.push({ ...event, arrival: String(last + BigInt(fresh.length) + 1n), conflicts });
        return conflicts ? 'conflict' : 'stored';
      });
      if (fresh.length > 0) await this.write(rows, fresh, receivedAt, last + BigInt(fresh.length));
      return receipts;
    });
  }

  /** The events after a number, in the order of arrival. */
  async after(arrival: bigint, most: number): Promise<readonly StoredEventRecord[]> {
    const { organisationId } = this.tenant;
    return this.tenant.in((rows) =>
      rows.storedEvent.findMany({
        where: { organisationId, arrival: { gt: arrival } },
        orderBy: { arrival: 'asc' },
        take: most,
        select: {
          arrival: true,
          body: true,
          conflicts: true,
          receivedAt: true,
          erased: true,
          tick: true,
        },
      }),
    );
  }

  /** Stores the time of now, as if an event had come that says nothing else. */
  async tick(now: Date): Promise<void> {
    const { organisationId } = this.tenant;
    await this.tenant.in(async (rows) => {
      const arrival = (await this.hold(rows)) + 1n;
      const body = JSON.stringify({ time: now.toISOString() });
      // An event has a source, and a digest that begins otherwise: it never repeats a tick.
      const data = { source: '', eventId: String(arrival), digest: 'tick', conflicts: false };
      await rows.storedEvent.create({
        data: { ...data, organisationId, arrival, body, receivedAt: now, tick: true },
      });
      await rows.eventStream.updateMany({ where: { organisationId }, data: { last: arrival } });
    });
  }

  /** The events with these numbers, erased ones left out. */
  async at(arrivals: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const { organisationId } = this.tenant;
    const found = new Map<number, string>();
    for (let i = 0; i < arrivals.length; i += READ_AT_ONCE) {
      const some = arrivals.slice(i, i + READ_AT_ONCE).map(BigInt);
      const rows = await this.tenant.in((open) =>
        open.storedEvent.findMany({
          where: { organisationId, arrival: { in: some }, erased: false },
          select: { arrival: true, body: true },
        }),
      );
      for (const { arrival, body } of rows) found.set(Number(arrival), body);
    }
    return found;
  }

  /** The number of the last event; 0 where there is none. */
  async last(): Promise<bigint> {
    const row = await this.tenant.in((rows) => rows.eventStream.findFirst());
    return row?.last ?? 0n;
  }

  /** The last number, held until the end of the transaction. */
  private async hold(rows: Rows): Promise<bigint> {
    const { organisationId } = this.tenant;
    const [row] = await rows.$queryRaw<{ last: bigint }[]>(Prisma.sql`
      INSERT INTO "event_streams" AS s ("organisation_id", "last")
      VALUES (${organisationId}, 0)
      ON CONFLICT ("organisation_id") DO UPDATE SET "last" = s."last"
      RETURNING s."last" AS "last"`);
    return row?.last ?? 0n;
  }

  private async known(rows: Rows, events: readonly NewEvent[]): Promise<Map<string, Set<string>>> {
    const found = await rows.$queryRaw<
      { source: string; event_id: string; digest: string }[]
    >(Prisma.sql`
      SELECT e."source", e."event_id", e."digest"
      FROM "stored_events" AS e
      WHERE e."organisation_id" = ${this.tenant.organisationId}
        AND e."source" = ANY(${[...new Set(events.map(({ source }) => source))]})
        AND e."event_id" = ANY(${events.map(({ eventId }) => eventId)})`);
    const known = new Map<string, Set<string>>();
    for (const { source, event_id: id, digest } of found) {
      const identity = JSON.stringify([source, id]);
      known.set(identity, (known.get(identity) ?? new Set()).add(digest));
    }
    return known;
  }

  private async write(
    rows: Rows,
    events: readonly (NewEvent & { readonly arrival: string; readonly conflicts: boolean })[],
    receivedAt: Date,
    last: bigint,
  ): Promise<void> {
    const { organisationId } = this.tenant;
    await rows.$executeRaw(Prisma.sql`
      INSERT INTO "stored_events"
        ("organisation_id", "arrival", "source", "event_id", "digest", "conflicts", "body", "received_at")
      SELECT ${organisationId}, n."arrival"::BIGINT, n."source", n."eventId", n."digest",
        n."conflicts", n."body", ${receivedAt}
      FROM json_to_recordset(${JSON.stringify(events)}::JSON) AS n
        ("arrival" TEXT, "source" TEXT, "eventId" TEXT, "digest" TEXT, "conflicts" BOOLEAN, "body" TEXT)`);
    await rows.$executeRaw(Prisma.sql`
      UPDATE "event_streams" SET "last" = ${last} WHERE "organisation_id" = ${organisationId}`);
  }
}
