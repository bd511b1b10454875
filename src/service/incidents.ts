import { canonicalJson, sha256 } from '../canonical/index.ts';
import { bad, invariant, ok, problem, type Result } from '../errors/index.ts';
import { signIncident, type IncidentContent } from '../evidence/signing/incident.ts';
import type {
  IncidentAlert,
  IncidentFile,
  IncidentResponse,
  IncidentStatement,
} from '../evidence/statements/incident.ts';
import {
  isId,
  newId,
  type AlertRecord,
  type PlaybookRunRecord,
  type StatementRecord,
} from '../store/index.ts';
import { requestAnchor } from './anchor.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import { placeOfStep } from './playbookRuns.ts';
import { checkpointIn } from './seal.ts';
import type { Service } from './service.ts';
import { finishStatements, stateAbout, type StatementKind } from './statements.ts';

/** A statement has no more alerts than these: of the rest, how many there are. */
const MOST_ALERTS = 100;

/** A logged statement about an alert or an incident. */
export interface LoggedIncident {
  readonly id: string;
  readonly subject: string;
  readonly issuedAt: string;
  readonly logIndex: number;
  /** `incident.json`: what `probity verify` reads. */
  readonly file: string;
}

/**
 * Signs and logs what was told of an alert, or of the alerts of an incident, and what people did
 * about it: signed, kept, logged, in this order. As long as nothing of it changes it is the same
 * statement.
 */
export async function stateIncident(
  service: Service,
  by: AuditActor,
  subject: string,
): Promise<Result<LoggedIncident>> {
  const content = isId(subject) ? await contentOf(service, subject) : undefined;
  if (!content)
    return bad(problem('NOT_FOUND', 'id', `there is no alert or incident \`${subject}\``));
  await audited(service, by, 'incidentState', subject);
  const logged = await stateAbout(service, INCIDENTS, subject, () =>
    keepIncident(service, by.keyId, subject, content),
  );
  await requestAnchor(service, checkpointIn(logged.receipt ?? ''));
  return ok(shown(logged));
}

/** What the log has about an alert or an incident, the latest first. */
export async function incidentStatements(
  { store }: Service,
  subject: string,
): Promise<readonly LoggedIncident[]> {
  return isId(subject) ? (await store.incidentStatements.about(subject)).map(shown) : [];
}

async function contentOf(
  { store }: Service,
  subject: string,
): Promise<IncidentContent | undefined> {
  const incident = await store.alerts.incident(subject);
  const alert = incident ? undefined : await store.alerts.get(subject);
  const monitorId = incident?.monitorId ?? alert?.monitorId;
  if (monitorId === undefined) return undefined;
  const page = { limit: MOST_ALERTS, oldestFirst: true };
  const alerts = alert ? [alert] : (await store.alerts.list(page, { incidentId: subject })).rows;
  const monitor = await store.monitors.get(monitorId);
  const model = monitor && (await store.models.head(monitor.modelId));
  invariant(monitor && model, 'an alert has a monitor, and that a model');
  if (alerts.length === 0) return undefined;
  const about = incident ? { incidentId: subject } : { alertId: subject };
  const runs = (await store.playbookRuns.list(page, about)).rows;
  const { id, name, version, mapping, settings } = monitor;
  return {
    about: incident ? 'incident' : 'alert',
    monitor: { id, name, version, mapping: sha256(mapping), settings: settings as object },
    model: { name: model.name, digest: model.digest },
    extent: incident ? await store.alerts.extent(subject) : { alerts: 1, cases: 1 },
    alerts: await Promise.all(
      alerts.map(async (each) => stated(each, await store.alerts.notes(each.id))),
    ),
    ...(runs.length > 0 && {
      responses: await Promise.all(runs.map((run) => statedRun(store, run))),
    }),
  };
}

/** An alert as it is signed. The event is text: whatever it nests, the statement does not. */
function stated(
  alert: AlertRecord,
  notes: Awaited<ReturnType<Service['store']['alerts']['notes']>>,
): IncidentAlert {
  const { event, ...detail } = alert.detail as { readonly event?: unknown };
  return {
    id: alert.id,
    case: alert.caseKey,
    kind: alert.kind,
    ...(alert.property !== '' && { property: alert.property }),
    source: alert.source,
    event: alert.eventId,
    raisedAt: alert.raisedAt.toISOString(),
    standing: alert.standing,
    state: alert.state,
    ...(alert.assignee !== null && { assignee: alert.assignee }),
    told: alert.told as object,
    detail: { ...detail, ...(event !== undefined && { event: JSON.stringify(event) }) },
    history: notes.map(({ createdAt, actor, role, action, text }) => ({
      at: createdAt.toISOString(),
      actor,
      role,
      action,
      text,
    })),
  };
}

async function statedRun(
  { playbookRuns }: Service['store'],
  run: PlaybookRunRecord,
): Promise<IncidentResponse> {
  const { id, subject, playbookId, name, digest, verified, reason, state, createdAt } = run;
  const steps = new Map((await playbookRuns.steps(id)).map((step) => [step.id, step]));
  const nameOf = (stepId: string | null): string => {
    const step = steps.get(stepId ?? '');
    return step ? placeOfStep(run, step).name : '';
  };
  return {
    id,
    subject,
    playbook: { id: playbookId, name, digest },
    verified,
    ...(reason !== '' && { reason }),
    state,
    startedAt: createdAt.toISOString(),
    history: (await playbookRuns.notes(id)).map((note) => ({
      at: note.createdAt.toISOString(),
      actor: note.actor,
      role: note.role,
      action: note.action,
      step: nameOf(note.stepId),
      text: note.text,
    })),
  };
}

async function keepIncident(
  { store, notary }: Service,
  actor: string,
  subject: string,
  content: IncidentContent,
): Promise<StatementRecord> {
  const id = newId('ist');
  const { statementDigest, envelope, salt, leaf } = await signIncident(
    { id, subject, content },
    { signer: notary.keys.verdict, issuer: notary.issuer },
  );
  return store.incidentStatements.keep({
    id,
    kind: 'incident',
    subject,
    // The same content is the same statement.
    state: sha256(canonicalJson(content)),
    actor,
    statementDigest,
    envelope,
    salt,
    leaf,
  });
}

function signAgain({ notary }: Service, kept: StatementRecord): ReturnType<typeof signIncident> {
  const { id, issuer: _issuer, issuedAt: _at, ...content } = payloadOf(kept.envelope).predicate;
  return signIncident(
    { id, subject: kept.subject, content },
    { signer: notary.keys.verdict, issuer: notary.issuer },
  );
}

const INCIDENTS: StatementKind = {
  lockOf: (subject) => `incident ${subject}`,
  rows: ({ incidentStatements }) => incidentStatements,
  sign: signAgain,
};

export const finishIncidents = (service: Service): Promise<void> =>
  finishStatements(service, INCIDENTS);

function payloadOf(envelope: string): IncidentStatement {
  const { payload } = JSON.parse(envelope) as { payload: string };
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as IncidentStatement;
}

function shown({ id, subject, envelope, leaf, salt, receipt, logIndex }: StatementRecord) {
  const file: IncidentFile = {
    v: 1,
    kind: 'incident',
    envelope,
    leaf,
    salt,
    receipt: receipt ?? '',
  };
  return {
    id,
    subject,
    issuedAt: payloadOf(envelope).predicate.issuedAt,
    logIndex: logIndex ?? -1,
    file: canonicalJson(file),
  };
}
