import { bad, ok, problem, type Result } from '../errors/index.ts';
import {
  isId,
  type AnnouncementFilter,
  type AnnouncementKind,
  type AnnouncementRecord,
  type Page,
  type Slice,
} from '../store/index.ts';
import { follow } from './follow.ts';
import type { Service } from './service.ts';
import type { Asker } from './submit.ts';

type Announcing = { readonly store: Pick<Service['store'], 'announcements'> };

/** Before the first one: whoever begins there is given all that is kept. */
const BEGINNING = '0';
/** Read at once; what is left follows at once. */
const AT_ONCE = 100;

/**
 * Where a reader is who has seen the announcement with this id. One that is not kept any more, or
 * is not there because the database is another one, may have others behind it that nobody will ever
 * see: that is refused, never passed over.
 */
async function positionAfter(
  { store }: Announcing,
  cursor: string,
  filter: AnnouncementFilter,
  path: string,
): Promise<Result<number>> {
  if (cursor === BEGINNING) return ok(0);
  const position = isId(cursor) ? await store.announcements.positionOf(cursor, filter) : undefined;
  if (position !== undefined) return ok(position);
  return bad(
    problem(
      'CURSOR_GONE',
      path,
      'no announcement with this id is kept: read `runs` and `verdicts`, and begin after "0" or without `after`',
    ),
  );
}

const seenBy = (
  { seesAll, owner }: Asker,
  kinds: readonly AnnouncementKind[] | undefined,
): AnnouncementFilter => ({ kinds, ...(!seesAll && { owner }) });

/**
 * What happens, each once and in order: after a cursor, or from now on. Whoever comes back with the
 * cursor of the last one that he was given misses nothing and sees nothing twice.
 */
export async function watchAnnouncements(
  service: Service,
  asker: Asker,
  kinds: readonly AnnouncementKind[] | undefined,
  after: string | undefined,
): Promise<Result<AsyncIterableIterator<AnnouncementRecord>>> {
  const { store } = service;
  const filter = seenBy(asker, kinds);
  const start =
    after === undefined
      ? ok(await store.announcements.head())
      : await positionAfter(service, after, filter, 'after');
  if (!start.ok) return start;
  let position = start.value;
  return ok(
    follow(
      (ring) => store.notices.onAnnouncement(store.organisationId, ring),
      async () => {
        const values = await store.announcements.after(position, filter, AT_ONCE);
        position = values.at(-1)?.position ?? position;
        return { values, then: values.length === AT_ONCE ? 'more' : 'wait' };
      },
    ),
  );
}

/** A page of what is kept. */
export async function listAnnouncements(
  service: Announcing,
  asker: Asker,
  kinds: readonly AnnouncementKind[] | undefined,
  page: Omit<Page, 'owner'>,
): Promise<Result<Slice<AnnouncementRecord>>> {
  const { cursor, backward } = page;
  const filter = seenBy(asker, kinds);
  const path = backward ? 'before' : 'after';
  const from =
    cursor === undefined ? ok(undefined) : await positionAfter(service, cursor, filter, path);
  if (!from.ok) return from;
  return ok(await service.store.announcements.list(page, filter, from.value));
}
