import {
  alertById,
  alertsOfCase,
  behindOf,
  caseById,
  changeAlert,
  curveOf,
  extentOf,
  historyOf,
  incidentById,
  isSettled,
  listAlerts,
  listCases,
  listIncidents,
  listMonitors,
  monitorById,
  retireMonitor,
  sharedIncident,
  watchAlerts,
  type AlertChangeRequest,
} from '../../service/alerts.ts';
import { eraseCase, erasureOf } from '../../service/caseErasure.ts';
import { audited } from '../../service/auditTrail.ts';
import { incidentStatements, stateIncident, type LoggedIncident } from '../../service/incidents.ts';
import { ingestValues } from '../../service/ingest.ts';
import { createMonitor, monitorSettings, type MonitorInput } from '../../service/monitors.ts';
import {
  type AlertFilter,
  type AlertNoteRecord,
  type AlertRecord,
  type AnnouncementRecord,
  type CaseFilter,
  type IncidentRecord,
  type MonitoredCaseRecord,
  type MonitorHead,
} from '../../store/index.ts';
import { MOST_EVENTS } from '../../monitor/cloudEvents.ts';
import {
  filterOf,
  given,
  idIn,
  refuse,
  valueOf,
  type Api,
  type Area,
  type Arguments,
} from '../area.ts';
import { askerOf } from '../auth.ts';
import type { ApiContext } from '../context.ts';
import { connection, cursorPage, DEFAULT_PAGE, PLAIN_CONNECTION } from '../connection.ts';
import { payload } from '../payload.ts';
import { MODELLERS, OFFICERS, RESPONDERS, EVENT_SENDERS, WATCHERS } from '../roles.ts';

/** A field of what a monitor told, as it is kept. */
const told = (record: AlertRecord, name: string): unknown =>
  (record.told as Readonly<Record<string, unknown>>)[name];
const detail = (record: AlertRecord, name: string): unknown =>
  (record.detail as Readonly<Record<string, unknown>>)[name];
const answer = (record: MonitoredCaseRecord, name: string): unknown =>
  (record.answer as Readonly<Record<string, unknown>>)[name];
const orNothing = (text: string): string | null => (text === '' ? null : text);

/** Three fields of a case ask for it: it is read once an answer. */
const erasure = (
  { service }: Api,
  record: MonitoredCaseRecord,
  _args: Arguments,
  { answer: size }: ApiContext,
) => size.once(`erasure ${record.id}`, () => erasureOf(service, record));

/** Running cases along a model: what is sent, what is told of it, and what people do about it. */
export const monitorArea: Area = {
  operations: {
    monitor: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => monitorById(service, String(id)),
    },
    monitors: {
      on: 'Query',
      roles: WATCHERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        return connection(await listMonitors(service, page), page);
      },
    },
    monitoredCase: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => caseById(service, String(id)),
    },
    monitoredCases: {
      on: 'Query',
      roles: WATCHERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        const filter = filterOf<CaseFilter>(args, { key: 'caseKey' });
        return connection(await listCases(service, page, filter), page);
      },
    },
    alert: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => alertById(service, String(id)),
    },
    alerts: {
      on: 'Query',
      roles: WATCHERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        return connection(await listAlerts(service, page, filterOf<AlertFilter>(args)), page);
      },
    },
    incident: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => incidentById(service, String(id)),
    },
    incidents: {
      on: 'Query',
      roles: WATCHERS,
      run: async ({ service }, args) => {
        const page = cursorPage(args);
        const { monitorId } = filterOf<AlertFilter>({ filter: { monitorId: args['monitorId'] } });
        return connection(await listIncidents(service, page, monitorId), page);
      },
    },
    monitorCreate: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const asker = askerOf(principal);
          const monitor = valueOf(await createMonitor(service, asker, input as MonitorInput));
          await audited(service, principal, 'monitorCreate', monitor.id, monitor.name);
          return { monitor };
        }),
    },
    monitorRetire: {
      on: 'Mutation',
      roles: MODELLERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const monitor = await retireMonitor(service, principal, idIn({ input }));
          if (!monitor) throw refuse('NOT_FOUND', 'id', 'there is no such monitor');
          return { monitor };
        }),
    },
    caseErase: {
      on: 'Mutation',
      roles: OFFICERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => {
          const { id, reason } = input as { readonly id: string; readonly reason: string };
          return { case: valueOf(await eraseCase(service, principal, id, reason)) };
        }),
    },
    postEvents: {
      on: 'Mutation',
      roles: EVENT_SENDERS,
      run: ({ service }, { input }) =>
        payload(async () => {
          const { events } = input as { readonly events: readonly unknown[] };
          if (events.length > MOST_EVENTS)
            throw refuse('EVENTS_SHAPE', 'events', `at most ${MOST_EVENTS} events at once`);
          return { receipt: valueOf(await ingestValues(service, events)) };
        }),
    },
    alertChange: {
      on: 'Mutation',
      roles: RESPONDERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => ({
          alert: valueOf(
            await changeAlert(service, principal, idIn({ input }), input as AlertChangeRequest),
          ),
        })),
    },
    incidentStatements: {
      on: 'Query',
      roles: WATCHERS,
      run: ({ service }, { id }) => incidentStatements(service, String(id)),
    },
    incidentState: {
      on: 'Mutation',
      roles: OFFICERS,
      run: ({ service }, { input }, principal) =>
        payload(async () => ({
          statement: valueOf(await stateIncident(service, principal, idIn({ input }))),
        })),
    },
    alertRaised: {
      on: 'Subscription',
      roles: WATCHERS,
      run: async ({ service }, args) =>
        valueOf(await watchAlerts(service, given<string>(args, 'after'))),
    },
  },
  fields: {
    MonitorConnection: PLAIN_CONNECTION,
    MonitoredCaseConnection: PLAIN_CONNECTION,
    AlertConnection: PLAIN_CONNECTION,
    IncidentConnection: PLAIN_CONNECTION,
    Monitor: {
      mapping: async ({ service }, { id }: MonitorHead, _args, { answer: size }) =>
        size.text((await monitorById(service, id))?.mapping ?? ''),
      threats: (_api, monitor: MonitorHead) => [monitorSettings(monitor).threats].flat(),
      budget: (_api, monitor: MonitorHead) => monitorSettings(monitor).budget,
      wallClock: (_api, monitor: MonitorHead) => monitorSettings(monitor).wallClock ?? true,
      leftOut: (_api, monitor: MonitorHead) => monitorSettings(monitor).leftOut,
      playbooks: async ({ service }, { id }: MonitorHead, _args, { answer: size }) =>
        size.json((await monitorById(service, id))?.responses ?? null),
      judged: (_api, { arrival }: MonitorHead) => Number(arrival),
      behind: ({ service }, monitor: MonitorHead) => behindOf(service, monitor),
    },
    MonitoredCase: {
      key: (_api, { caseKey }: MonitoredCaseRecord) => caseKey,
      events: (_api, record: MonitoredCaseRecord) => answer(record, 'events'),
      beliefSize: (_api, record: MonitoredCaseRecord, _args, { answer: size }) =>
        size.json(answer(record, 'beliefSize')),
      legalNext: (_api, record: MonitoredCaseRecord, _args, { answer: size }) =>
        size.json(answer(record, 'legalNext')),
      elements: (_api, record: MonitoredCaseRecord, _args, { answer: size }) =>
        size.json(answer(record, 'elements')),
      flagged: (_api, record: MonitoredCaseRecord, _args, { answer: size }) =>
        size.json(answer(record, 'flagged')),
      hypotheses: (_api, record: MonitoredCaseRecord) => answer(record, 'hypotheses') ?? [],
      erasedAt: async (...asked: Parameters<typeof erasure>) =>
        (await erasure(...asked))?.createdAt ?? null,
      erasedEvents: async (...asked: Parameters<typeof erasure>) =>
        (await erasure(...asked))?.events ?? null,
      afterErasure: async (...asked: Parameters<typeof erasure>) =>
        (await erasure(...asked))?.later ?? null,
      alerts: ({ service }, record: MonitoredCaseRecord) => alertsOfCase(service, record),
    },
    Alert: {
      property: (_api, { property }: AlertRecord) => orNothing(property),
      event: (_api, record: AlertRecord, _args, { answer: size }) =>
        size.json(detail(record, 'event') ?? null),
      explainedBy: (_api, record: AlertRecord) => told(record, 'explainedBy') ?? null,
      unexplained: (_api, record: AlertRecord) => told(record, 'unexplained') === true,
      resynchronised: (_api, record: AlertRecord) => told(record, 'resynchronised') === true,
      message: (_api, record: AlertRecord) => told(record, 'message') ?? null,
      prefix: (_api, record: AlertRecord, _args, { answer: size }) =>
        size.json(detail(record, 'prefix') ?? null),
      legalNext: (_api, record: AlertRecord, _args, { answer: size }) =>
        size.json(detail(record, 'legalNext') ?? null),
      beliefSize: (_api, record: AlertRecord) => detail(record, 'beliefSize') ?? null,
      playbooks: (_api, record: AlertRecord, _args, { answer: size }) =>
        size.json(told(record, 'playbooks') ?? []),
      settled: ({ service }, record: AlertRecord) => isSettled(service, record),
      history: ({ service }, record: AlertRecord) => historyOf(service, record),
    },
    AlertNote: { at: (_api, { createdAt }: AlertNoteRecord) => createdAt },
    Incident: {
      property: (_api, { property }: IncidentRecord) => orNothing(property),
      alerts: async ({ service }, incident: IncidentRecord) =>
        (await extentOf(service, incident)).alerts,
      cases: async ({ service }, incident: IncidentRecord) =>
        (await extentOf(service, incident)).cases,
      curve: async ({ service }, incident: IncidentRecord, _args, { answer: size }) =>
        size.json(await curveOf(service, incident)),
      stix: async ({ service }, incident: IncidentRecord, _args, { answer: size }) =>
        size.json(await sharedIncident(service, incident)),
    },
    IncidentStatement: {
      issuedAt: (_api, { issuedAt }: LoggedIncident) => new Date(issuedAt),
      file: (_api, { file }: LoggedIncident, _args, { answer: size }) => size.text(file),
    },
    RaisedAlert: {
      cursor: (_api, { id }: AnnouncementRecord) => id,
      alert: ({ service }, { subject }: AnnouncementRecord) => alertById(service, subject),
    },
  },
  costs: {
    prefix: 5,
    mapping: 5,
    playbooks: 5,
    monitorCreate: 100,
    postEvents: 20,
    caseErase: 100,
    curve: 10,
    stix: 10,
    incidentState: 100,
    file: 5,
  },
  lists: {
    monitors: DEFAULT_PAGE,
    monitoredCases: DEFAULT_PAGE,
    alerts: DEFAULT_PAGE,
    incidents: DEFAULT_PAGE,
  },
};
