import { unreachable } from '../../errors/index.ts';
import { listAnnouncements, watchAnnouncements } from '../../service/announcements.ts';
import { visibleRun } from '../../service/submit.ts';
import { visibleVerdict } from '../../service/verdict.ts';
import type { AnnouncementKind, AnnouncementRecord } from '../../store/index.ts';
import { given, valueOf, type Area, type Arguments } from '../area.ts';
import { askerOf } from '../auth.ts';
import { connection, cursorPage, DEFAULT_PAGE, PLAIN_CONNECTION } from '../connection.ts';
import { STAFF } from '../roles.ts';

/** What the schema calls the kinds. */
const KINDS: Readonly<Record<string, AnnouncementKind>> = {
  runFinished: 'run.finished',
  verdictIssued: 'verdict.issued',
  verdictRevoked: 'verdict.revoked',
  monitorAlert: 'monitor.alert',
  playbookMoved: 'playbook.moved',
  webhookPing: 'webhook.ping',
};
export const ANNOUNCEMENT_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(KINDS).map(([name, kind]) => [kind, name]),
);

export const kindsNamed = (names: readonly string[]): readonly AnnouncementKind[] =>
  names.flatMap((name) => KINDS[name] ?? []);

function kindsFrom(args: Arguments): readonly AnnouncementKind[] | undefined {
  const names = given<readonly string[]>(args, 'kinds');
  return names && kindsNamed(names);
}

/** The field of the data that names a run or a verdict. */
const idIn = ({ data }: AnnouncementRecord, name: 'run' | 'verdict'): string => {
  const id = data[name];
  return typeof id === 'string' ? id : '';
};

/** What happened: as a list, and as it happens. */
export const announcementArea: Area = {
  operations: {
    announcements: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const page = cursorPage(args);
        const kinds = kindsFrom(args);
        const asker = askerOf(principal);
        return connection(valueOf(await listAnnouncements(service, asker, kinds, page)), page);
      },
    },
    announced: {
      on: 'Subscription',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const after = given<string>(args, 'after');
        const asker = askerOf(principal);
        return valueOf(await watchAnnouncements(service, asker, kindsFrom(args), after));
      },
    },
  },
  fields: {
    Announcement: {
      cursor: (_api, { id }: AnnouncementRecord) => id,
      kind: (_api, { kind }: AnnouncementRecord) =>
        ANNOUNCEMENT_NAMES.get(kind) ?? unreachable(kind as never),
      run: ({ service }, each: AnnouncementRecord, _args, { principal }) =>
        principal && visibleRun(service, askerOf(principal), idIn(each, 'run')),
      verdict: ({ service }, each: AnnouncementRecord, _args, { principal }) =>
        principal && visibleVerdict(service, askerOf(principal), idIn(each, 'verdict')),
    },
    AnnouncementConnection: PLAIN_CONNECTION,
  },
  lists: { announcements: DEFAULT_PAGE },
};
