import { invariant } from '../errors/index.ts';
import type { Json } from '../canonical/index.ts';
import { Prisma, type AllRows, type Rows, type TenantRows } from './client.ts';
import { newId } from './ids.ts';
import { reading, sliceOf, type Page, type Slice } from './listing.ts';
import { addDeliveries, webhooksFor } from './webhooks.ts';
import type { Announcement } from './generated/client.ts';

/** What is announced: `what it is about.what happened to it`. */
export const ANNOUNCEMENT_KINDS = [
  'run.finished',
  'verdict.issued',
  'verdict.revoked',
  'monitor.alert',
  'playbook.moved',
  'webhook.ping',
] as const;
export type AnnouncementKind = (typeof ANNOUNCEMENT_KINDS)[number];

export interface NewAnnouncement {
  readonly kind: AnnouncementKind;
  /** Who sees it, besides those who see all of the organisation. */
  readonly owner: string;
  /** The id of what it is about. */
  readonly subject: string;
  /** Ids, states and codes; never what a model or a verdict says, which may be erased. */
  readonly data: Readonly<Record<string, Json>>;
}

export interface AnnouncementRecord extends NewAnnouncement {
  /** Its cursor too. */
  readonly id: string;
  /** 1, 2, 3, … in the organisation, without gaps. */
  readonly position: number;
  readonly at: Date;
}

/** What is kept of one is read and sent again and again. */
const MOST_BYTES = 16 * 1024;

/**
 * Says what happened, and whom it is sent to, in the transaction in which it happened: last in it,
 * for it holds the organisation's head until the commit, and others wait for that. (A sequence
 * would hand out 5 before 4 is seen, and whoever had read 5 would never look for 4 again.)
 */
export async function announce(
  rows: Rows,
  organisationId: string,
  { kind, owner, subject, data }: NewAnnouncement,
): Promise<string> {
  // A ping goes to the one that it is about, whatever that asks for.
  const to = kind === 'webhook.ping' ? [subject] : await webhooksFor(rows, kind);
  const id = newId('ann');
  const text = JSON.stringify(data);
  invariant(text.length <= MOST_BYTES, `an announcement has at most ${MOST_BYTES} bytes`);
  await rows.$executeRaw`
    WITH "head" AS (
      INSERT INTO "announcement_heads" AS h ("organisation_id", "position")
      VALUES (${organisationId}, 1)
      ON CONFLICT ("organisation_id") DO UPDATE SET "position" = h."position" + 1
      RETURNING "position"
    )
    INSERT INTO "announcements"
      ("id", "organisation_id", "position", "kind", "owner", "subject", "data")
    SELECT
      ${id}, ${organisationId}, "position", ${kind}, ${owner}, ${subject}, ${text}::JSON
    FROM "head"`;
  await addDeliveries(rows, organisationId, id, to);
  return id;
}

/** Which announcements somebody sees, of those that he asked for. */
export interface AnnouncementFilter {
  /** Undefined: everybody's. */
  readonly owner?: string;
  /** Undefined: of every kind. */
  readonly kinds?: readonly AnnouncementKind[] | undefined;
}

/** What happened in an organisation, in its order. */
export class Announcements {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  /** Of what is announced without a transaction of its own. */
  async add(announcement: NewAnnouncement): Promise<string> {
    return this.tenant.in((rows) => announce(rows, this.tenant.organisationId, announcement));
  }

  /** How many there have been: the position of the last. */
  async head(): Promise<number> {
    const row = await this.tenant.in((rows) => rows.announcementHead.findFirst());
    return Number(row?.position ?? 0);
  }

  async get(id: string): Promise<AnnouncementRecord | undefined> {
    const row = await this.tenant.in((rows) => rows.announcement.findUnique({ where: { id } }));
    return row ? toAnnouncement(row) : undefined;
  }

  /** The position of one that is kept, and that the asker may see. */
  async positionOf(id: string, { owner }: AnnouncementFilter): Promise<number | undefined> {
    const where = { id, ...(owner !== undefined && { owner }) };
    const row = await this.tenant.in((rows) => rows.announcement.findUnique({ where }));
    return row ? Number(row.position) : undefined;
  }

  /** The next ones after a position, oldest first. */
  async after(
    position: number,
    filter: AnnouncementFilter,
    limit: number,
  ): Promise<AnnouncementRecord[]> {
    const found = await this.tenant.in((rows) =>
      rows.announcement.findMany({
        where: { ...conditions(filter), position: { gt: BigInt(position) } },
        orderBy: { position: 'asc' },
        take: limit,
      }),
    );
    return found.map(toAnnouncement);
  }

  /** `position` in place of a cursor. */
  async list(
    page: Omit<Page, 'owner' | 'cursor'>,
    filter: AnnouncementFilter,
    position?: number,
  ): Promise<Slice<AnnouncementRecord>> {
    const from = position === undefined ? undefined : BigInt(position);
    const { behind, order, take } = reading(page, from);
    const found = await this.tenant.in((rows) =>
      rows.announcement.findMany({
        where: { ...conditions(filter), ...(behind && { position: behind }) },
        orderBy: { position: order },
        take,
      }),
    );
    return sliceOf(found.map(toAnnouncement), page);
  }
}

const conditions = ({ owner, kinds }: AnnouncementFilter) => ({
  ...(owner !== undefined && { owner }),
  ...(kinds !== undefined && { kind: { in: [...kinds] } }),
});

export class AllAnnouncements {
  private readonly all: AllRows;

  constructor(all: AllRows) {
    this.all = all;
  }

  /** Deletes what is older; the last one of each organisation stays, a cursor for ever. */
  async deleteBefore(at: Date, limit: number): Promise<number> {
    return this.all.in((rows) =>
      rows.$executeRaw(Prisma.sql`
        DELETE FROM "announcements"
        WHERE "id" IN (
          SELECT a."id"
          FROM "announcements" AS a
          JOIN "announcement_heads" AS h USING ("organisation_id")
          WHERE a."at" < ${at} AND a."position" < h."position"
          ORDER BY a."at"
          LIMIT ${limit}
        )`),
    );
  }
}

function toAnnouncement({ organisationId: _organisation, ...row }: Announcement) {
  return { ...row, position: Number(row.position) } as AnnouncementRecord;
}
