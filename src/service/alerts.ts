import { bad, invariant, ok, problem, type Result } from '../errors/index.ts';
import { stixBundle } from '../monitor/stix.ts';
import {
  isId,
  type AlertAction,
  type AlertFilter,
  type AlertNoteRecord,
  type AlertRecord,
  type AlertState,
  type AnnouncementRecord,
  type CaseFilter,
  type IncidentHour,
  type IncidentRecord,
  type MonitoredCaseRecord,
  type MonitorHead,
  type MonitorRecord,
  type Page,
  type TenantStore,
} from '../store/index.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import { watchAnnouncements } from './announcements.ts';
import type { Listed } from './read.ts';
import type { Service } from './service.ts';

type Watching = { readonly store: Pick<TenantStore, 'alerts' | 'monitors' | 'events'> };

/** Monitors, their cases and alerts are the organisation's: whoever may watch sees all of them. */
export const EVERYBODYS = { owner: '', seesAll: true } as const;

export const monitorById = async (
  { store }: Watching,
  id: string,
): Promise<MonitorRecord | undefined> => (isId(id) ? store.monitors.get(id) : undefined);

export const listMonitors = async (
  { store }: Watching,
  page: Page,
): Promise<Listed<MonitorHead>> => ({
  ...(await store.monitors.list(page)),
  count: () => store.monitors.count(),
});

/** How many events are stored for a monitor and not judged yet. */
export const behindOf = async ({ store }: Watching, { arrival }: MonitorHead): Promise<number> =>
  Number((await store.events.last()) - arrival);

export const caseById = async (
  { store }: Watching,
  id: string,
): Promise<MonitoredCaseRecord | undefined> => (isId(id) ? store.alerts.case(id) : undefined);

export const listCases = async (
  { store }: Watching,
  page: Page,
  filter: CaseFilter,
): Promise<Listed<MonitoredCaseRecord>> => ({
  ...(await store.alerts.cases(page, filter)),
  count: () => store.alerts.countCases(filter),
});

export const alertById = async (
  { store }: Watching,
  id: string,
): Promise<AlertRecord | undefined> => (isId(id) ? store.alerts.get(id) : undefined);

export const listAlerts = async (
  { store }: Watching,
  page: Page,
  filter: AlertFilter,
): Promise<Listed<AlertRecord>> => ({
  ...(await store.alerts.list(page, filter)),
  count: () => store.alerts.count(filter),
});

export const incidentById = async (
  { store }: Watching,
  id: string,
): Promise<IncidentRecord | undefined> => (isId(id) ? store.alerts.incident(id) : undefined);

export const listIncidents = async (
  { store }: Watching,
  page: Page,
  monitorId: string | undefined,
): Promise<Listed<IncidentRecord>> => ({
  ...(await store.alerts.incidents(page, monitorId)),
  count: () => store.alerts.countIncidents(monitorId),
});

/** Whether what may still come late can no longer withdraw an alert. */
export async function isSettled(
  { store }: Watching,
  { monitorId, settlesAt }: AlertRecord,
): Promise<boolean> {
  const monitor = await store.monitors.head(monitorId);
  return (monitor?.clock?.getTime() ?? -Infinity) > settlesAt.getTime();
}

/** The alerts of a case, in the order in which they were first raised. */
export const alertsOfCase = (
  { store }: Watching,
  { monitorId, caseKey }: MonitoredCaseRecord,
): Promise<readonly AlertRecord[]> => store.alerts.ofCase(monitorId, caseKey);

/** What people did about an alert, oldest first. */
export const historyOf = (
  { store }: Watching,
  { id }: AlertRecord,
): Promise<readonly AlertNoteRecord[]> => store.alerts.notes(id);

/** How many alerts an incident has, and of how many cases. */
export const extentOf = (
  { store }: Watching,
  { id }: IncidentRecord,
): ReturnType<TenantStore['alerts']['extent']> => store.alerts.extent(id);

/** The alerts of an incident hour by hour. */
export const curveOf = (
  { store }: Watching,
  { id }: IncidentRecord,
): Promise<readonly IncidentHour[]> => store.alerts.curve(id);

/** An incident for others, as a STIX 2.1 bundle: bare of cases and events. */
export async function sharedIncident(
  { store, notary }: Pick<Service, 'store' | 'notary'>,
  incident: IncidentRecord,
): Promise<Readonly<Record<string, unknown>>> {
  const { id, monitorId, kind, property, explainedBy, createdAt } = incident;
  const monitor = await store.monitors.head(monitorId);
  const model = monitor && (await store.models.head(monitor.modelId));
  invariant(model, 'an incident has a monitor, and that a model');
  const page = { limit: 1, oldestFirst: false };
  const [latest] = (await store.alerts.list(page, { incidentId: id })).rows;
  const told = latest?.told as
    { readonly playbooks?: readonly { playbook: string; name: string }[] } | undefined;
  return stixBundle({
    id,
    issuer: notary.issuer,
    model: { name: model.name, digest: model.digest },
    kind,
    property,
    explainedBy: explainedBy as unknown as readonly (readonly string[])[],
    ...(await store.alerts.extent(id)),
    firstSeen: createdAt,
    lastChanged: latest?.updatedAt ?? createdAt,
    playbooks: told?.playbooks ?? [],
  });
}

/** A monitor judges no further; nothing where there is none. */
export async function retireMonitor(
  service: Service,
  by: AuditActor,
  id: string,
): Promise<MonitorRecord | undefined> {
  const monitor = await monitorById(service, id);
  if (monitor && (await service.store.monitors.retire(id)))
    await audited(service, by, 'monitorRetire', id);
  return monitor && monitorById(service, id);
}

export interface AlertChangeRequest {
  readonly action: AlertAction;
  readonly text?: string | null;
  readonly assignee?: string | null;
}

const STATES: Readonly<Partial<Record<AlertAction, AlertState>>> = {
  acknowledge: 'acknowledged',
  close: 'closed',
  reopen: 'open',
};
const MOST_TEXT = 4_000;
const MOST_ASSIGNEE = 200;

/** What somebody does about an alert, noted with who did. What the monitor says is not touched. */
export async function changeAlert(
  service: Service,
  by: AuditActor,
  id: string,
  { action, text: given, assignee: to }: AlertChangeRequest,
): Promise<Result<AlertRecord>> {
  const text = given ?? '';
  const wrong = (field: string, message: string) =>
    bad(problem('OPTION_INVALID', `input.${field}`, message));
  if (text.length > MOST_TEXT || /[\0\p{Cs}]/u.test(text))
    return wrong('text', `a text of at most ${MOST_TEXT} characters`);
  if (action === 'comment' && text.trim() === '') return wrong('text', 'a comment has a text');
  if (to !== undefined && to !== null && action !== 'assign')
    return wrong('assignee', 'whom it is assigned to is said with `assign`');
  if ((to ?? '').length > MOST_ASSIGNEE || /[\p{Cc}\p{Cs}]/u.test(to ?? ''))
    return wrong('assignee', `a name of at most ${MOST_ASSIGNEE} printable characters`);
  const state = STATES[action];
  const change = {
    action,
    text,
    ...(state !== undefined && { state }),
    ...(action === 'assign' && { assignee: to ?? null }),
  };
  const { keyId: actor, role } = by;
  const changed = isId(id)
    ? await service.store.alerts.change(id, { actor, role }, change)
    : undefined;
  if (!changed) return bad(problem('NOT_FOUND', 'id', `there is no alert \`${id}\``));
  await audited(service, by, 'alertChange', id, action);
  return ok(changed);
}

/** Alerts as they are raised. */
export const watchAlerts = (
  service: Service,
  after: string | undefined,
): Promise<Result<AsyncIterableIterator<AnnouncementRecord>>> =>
  watchAnnouncements(service, EVERYBODYS, ['monitor.alert'], after);
