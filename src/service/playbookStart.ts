import { sha256, type Json } from '../canonical/index.ts';
import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { listed } from '../errors/nearest.ts';
import { ownPlaybooks, readPlaybooks } from '../response/playbookLibrary.ts';
import { readPlaybook, type Playbook } from '../response/readPlaybook.ts';
import { recommended, type Recommendation } from '../response/recommend.ts';
import type { PlaybookReport } from '../response/verifyPlaybook.ts';
import {
  isId,
  type AlertRecord,
  type IncidentRecord,
  type MonitorRecord,
  type PlaybookRunRecord,
} from '../store/index.ts';
import type { ApprovalActor } from './approvals.ts';
import { audited } from './auditTrail.ts';
import { monitorSettings } from './monitors.ts';
import { noteBy, stepAt, textProblems, type PlaybookContent } from './playbookRuns.ts';
import type { Service } from './service.ts';

export interface PlaybookStart {
  /** An alert or an incident. */
  readonly subject: string;
  /** The id of a playbook of the monitor, or of ours. */
  readonly playbook: string;
  /** Why it is used although it is not verified to help; else that is refused. */
  readonly unverified?: string | null;
}

/** What a run is about. */
interface Subject {
  readonly alert?: AlertRecord;
  readonly incident: IncidentRecord;
  readonly monitor: MonitorRecord;
}

async function subjectOf({ store }: Service, id: string): Promise<Subject | undefined> {
  if (!isId(id)) return undefined;
  const alert = await store.alerts.get(id);
  const incident = await store.alerts.incident(alert?.incidentId ?? id);
  const monitor = incident && (await store.monitors.get(incident.monitorId));
  return monitor && { incident, monitor, ...(alert && { alert }) };
}

/**
 * Starts to carry out a playbook about an alert or an incident. One that is not verified to help
 * for it needs a reason, which is kept. The same is not carried out about the same twice at once.
 */
export async function startPlaybook(
  service: Service,
  by: ApprovalActor,
  { subject: about, playbook: wanted, unverified }: PlaybookStart,
): Promise<Result<PlaybookRunRecord>> {
  const reason = (unverified ?? '').trim();
  const subject = await subjectOf(service, about);
  if (!subject)
    return bad(problem('NOT_FOUND', 'input.subject', `there is no alert or incident \`${about}\``));
  const wrong = [...textProblems('unverified', reason), ...(await overProblems(service, subject))];
  const playbooks = playbooksOf(subject.monitor);
  const found = playbooks.find(({ playbook }) => playbook.id === wanted);
  if (!found) wrong.push(noPlaybook(wanted, playbooks));
  const verified = found !== undefined && isVerified(subject, found.playbook);
  if (found && !verified && reason === '') wrong.push(notVerified(subject, found.playbook));
  if (!found || wrong.length > 0) return bad(...wrong);
  const { playbook, source } = found;
  const content: PlaybookContent = {
    flow: playbook.flow,
    steps: playbook.steps as PlaybookContent['steps'],
  };
  const run = await service.store.playbookRuns.start(
    {
      monitorId: subject.monitor.id,
      subject: about,
      alertId: subject.alert?.id ?? null,
      incidentId: subject.incident.id,
      playbookId: playbook.id,
      name: playbook.name,
      digest: sha256(source),
      content: content as unknown as Json,
      verified,
      reason: verified ? '' : reason,
      startedBy: by.keyId,
      owner: by.owner,
    },
    stepAt(playbook.flow, playbook.flow.start),
    noteBy(by, 'start', verified ? '' : reason),
  );
  if (!run)
    return bad(
      problem(
        'PLAYBOOK_RUNNING',
        'input.playbook',
        `“${playbook.name}” is being carried out about this already: go on with that, or cancel it`,
      ),
    );
  await audited(
    service,
    by,
    'playbookStart',
    run.id,
    verified ? playbook.id : `unverified: ${reason}`,
  );
  return ok(run);
}

/** Those that were given to a monitor, then ours that are for its model. */
function playbooksOf(
  monitor: MonitorRecord,
): readonly { readonly playbook: Playbook; readonly source: string }[] {
  const given = monitorSettings(monitor).playbooks.flatMap((source) => {
    const read = readPlaybook(source);
    return read.ok ? [{ playbook: read.value, source }] : [];
  });
  const models = new Set(reportsOf(monitor).map(({ model }) => model.name));
  const own = readPlaybooks(ownPlaybooks());
  const ours = own.ok ? own.value.filter(({ playbook }) => models.has(playbook.model)) : [];
  return [...given, ...ours];
}

const reportsOf = ({ responses }: MonitorRecord): readonly PlaybookReport[] =>
  (responses as PlaybookReport[] | null) ?? [];

/** The reports on it as it is now: of another version of it nothing is known. */
function isVerified({ alert, incident, monitor }: Subject, playbook: Playbook): boolean {
  const isOf = (report: PlaybookReport): boolean =>
    report.playbook.id === playbook.id && report.playbook.modified === playbook.modified;
  if (!reportsOf(monitor).some(isOf)) return false;
  const found = alert
    ? (alert.told as { readonly playbooks?: readonly Recommendation[] }).playbooks
    : recommendedFor(incident, reportsOf(monitor));
  return found?.some((each) => each.playbook === playbook.id && each.coversAll) ?? false;
}

function recommendedFor(
  { kind, property, explainedBy: sets }: IncidentRecord,
  reports: readonly PlaybookReport[],
): readonly Recommendation[] {
  const explainedBy = sets as unknown as readonly (readonly string[])[];
  return recommended(
    reports,
    { kind, ...(property !== '' && { property }), ...(explainedBy.length > 0 && { explainedBy }) },
    [],
  );
}

const noPlaybook = (
  wanted: string,
  playbooks: readonly { readonly playbook: Playbook }[],
): Problem =>
  problem(
    'NOT_FOUND',
    'input.playbook',
    `the monitor has no playbook \`${wanted}\`; there are ${listed(
      playbooks.map(({ playbook }) => playbook.id),
      wanted,
    )}`,
  );

function notVerified({ alert, incident }: Subject, { name, on }: Playbook): Problem {
  const { kind, property } = alert ?? incident;
  const answers = on.map((each) => [each.alert, each.property, ...each.threats].join(' ').trim());
  return problem(
    'PLAYBOOK_UNVERIFIED',
    'input.unverified',
    `“${name}” is not verified to help after ${[kind, property].join(' ').trim()} under all that may ` +
      `be at work (it answers ${answers.join('; ')}): say why it is used all the same, as \`unverified\``,
  );
}

/** There is nothing to do about what never was, nor about a case that is gone. */
async function overProblems({ store }: Service, { alert }: Subject): Promise<Problem[]> {
  if (alert?.standing === 'withdrawn')
    return [problem('ALERT_UNSETTLED', 'input.subject', 'the alert was withdrawn')];
  if (alert && (await store.erasedCases.find(alert.caseKey)))
    return [problem('NOT_FOUND', 'input.subject', 'the case of the alert was erased')];
  return [];
}
