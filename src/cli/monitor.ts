import { ownConfig } from '../config/index.ts';
import { inspect, type Inspected } from '../checking/inspect.ts';
import type { FormatName } from '../model/formats.ts';
import { bad, ok, type Result } from '../errors/index.ts';
import { BeliefTooLarge } from '../monitor/belief.ts';
import type { Alert } from '../monitor/caseJudge.ts';
import { readEvents } from '../monitor/events.ts';
import { followProblems } from '../monitor/followable.ts';
import { readyMonitor, tooManyUnseen } from '../monitor/opened.ts';
import { readMapping, type Mapping } from '../events/mapping.ts';
import type { CaseAnswer, CloudEvent } from '../monitor/monitor.ts';
import { readLogStream } from '../events/logStream.ts';
import { wrong } from './arguments.ts';
import { answered, type AnsweredAlert } from '../monitor/response.ts';
import type { PlaybookReport } from '../response/verifyPlaybook.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { selectThreats, type NamedThreats } from '../threats/selection.ts';
import { DEFAULT_OPTIONS } from '../checking/types.ts';
import { playbookLimits, verifiedPlaybooks } from './playbook.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT, type Io } from './io.ts';
import { painter } from './style.ts';
import { readSubmission } from './submission.ts';
import { readDataFile, readText } from './textFile.ts';

interface Asked {
  readonly file: string;
  readonly mapping: string;
  readonly events: string | undefined;
  /** A log in place of events. */
  readonly log: string | undefined;
  readonly caseType: string | undefined;
  /** What may explain a deviation. */
  readonly threats: NamedThreats;
  readonly budget: number;
  /** Milliseconds since 1970. */
  readonly now: number | undefined;
  readonly format: FormatName | undefined;
  /** A folder of playbooks, of which those for this model are verified first. */
  readonly playbooks: string | undefined;
}

/** A case, its alerts with what was verified for them. */
type AnsweredCase = Omit<CaseAnswer, 'alerts'> & { readonly alerts: readonly AnsweredAlert[] };

/** One exploration of a model, its threats and a playbook goes no further. */
const MAX_PLAYBOOK_STATES = 200_000;

/** `probity monitor`. */
export async function monitor(asked: Asked, io: CommandIo): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const read = await readSubmission(asked.file, asked.format);
  if (!read.ok) return read;
  const inspected = await inspect(read.value);
  if (!inspected.ok) return { ...inspected, source: read.value.source };
  const { model } = inspected.value.semantics;
  const mappingText = await readText(asked.mapping);
  if (!mappingText.ok) return mappingText;
  const mapping = readMapping(mappingText.value, model);
  if (!mapping.ok) return { ...mapping, source: mappingText.value };
  const events = await eventsOf(asked, mapping.value);
  if (!events.ok) return events;
  const threats = selectThreats(threatsOf(model), asked.threats);
  if (!threats.ok) return threats;
  const unbounded = followProblems(model);
  if (unbounded.length > 0) return bad(...unbounded);
  const { budget, now } = asked;
  const { monitor: following, leftOut } = readyMonitor(
    model,
    mapping.value,
    threats.value,
    budget,
    { ...(now !== undefined && { now }), ...(asked.log !== undefined && { written: true }) },
  );
  if (leftOut.length > 0)
    io.stderr(`left out of explanations, they may write too many values: ${leftOut.join(', ')}\n`);
  try {
    for (const event of events.value) following.take(event);
  } catch (error) {
    if (!(error instanceof BeliefTooLarge)) throw error;
    return bad(tooManyUnseen());
  }
  const reports = await reportsFor(asked.playbooks, inspected.value, io);
  if (!reports.ok) return reports;
  const cases: readonly AnsweredCase[] = following
    .answers()
    .map((found) => ({ ...found, alerts: answered(found, reports.value) }));
  const { flagged } = following;
  return {
    exit: cases.some(({ alerts }) => alerts.some(({ withdrawn }) => withdrawn === undefined))
      ? EXIT.violated
      : EXIT.ok,
    json: { model: model.name, cases, flagged, leftOut },
    text: () => monitorText(model.name, cases, io),
  };
}

/** The events of a file, or of a log that is replayed by time. */
async function eventsOf(
  { events, log, caseType }: Pick<Asked, 'events' | 'log' | 'caseType'>,
  mapping: Mapping,
): Promise<Result<readonly CloudEvent[]>> {
  if ((events === undefined) === (log === undefined))
    return wrong('give events as CloudEvents, or a log to be replayed', '--events');
  if (log !== undefined) {
    const bytes = await readDataFile(log);
    if (!bytes.ok) return bytes;
    return readLogStream(bytes.value, { ...(caseType !== undefined && { caseType }) }, mapping);
  }
  const text = await readText(events ?? '');
  return text.ok ? readEvents(text.value) : text;
}

/** What was found out about the playbooks of a folder that are for the model. */
async function reportsFor(
  folder: string | undefined,
  inspected: Inspected,
  io: CommandIo,
): Promise<Result<readonly PlaybookReport[]>> {
  if (folder === undefined) return ok([]);
  const timeout = DEFAULT_OPTIONS.timeoutMs / 1000;
  const limits = playbookLimits({ timeout, maxStates: MAX_PLAYBOOK_STATES }, io);
  return verifiedPlaybooks(folder, inspected, limits);
}

const WORDS: Readonly<Record<Alert['kind'], (alert: Alert) => string>> = {
  deviation: ({ explainedBy, resynchronised }) =>
    explainedBy
      ? `no run of the model does this; it can only happen if ${explainedBy.map((set) => set.join(' and ')).join(', or ')}`
      : `no run of the model does this, and no threat explains it${resynchronised ? '; followed on from what it leads to' : ''}`,
  beyondModel: ({ message }) => `beyond the model: ${message ?? ''}`,
  lost: () => 'lost: nothing of the model leads on from here',
  broken: ({ property }) => `${property} is broken, whatever happened unseen`,
  possiblyBroken: ({ property }) => `${property} may be broken, by what happened unseen`,
  doomed: ({ property }) =>
    property === 'final' ? 'can no longer be completed' : `${property} can no longer be reached`,
  late: ({ property }) => `late for ${property}`,
};

function monitorText(name: string, cases: readonly AnsweredCase[], io: Io): string {
  const paint = painter(io);
  const alerts = cases.flatMap((found) => found.alerts).length;
  return [
    `${paint('bold', name)} · ${cases.length} cases · ${alerts} alerts`,
    '',
    ...cases.flatMap((found) => [
      `  ${found.alerts.some(({ withdrawn, resolved }) => !withdrawn && !resolved) ? paint('red', '✗') : paint('green', '✓')} ${found.case}  ${found.events.length} events · ${found.status}${found.hypotheses ? ` · followed under ${found.hypotheses.map((set) => set.join(' and ')).join(', or ')}` : ''}`,
      ...found.alerts.flatMap((alert) => {
        const over =
          alert.withdrawn !== undefined
            ? ` · withdrawn at ${alert.withdrawn}`
            : alert.resolved !== undefined
              ? ` · resolved at ${alert.resolved}`
              : '';
        return [
          `      ${alert.at}  ${WORDS[alert.kind](alert)}${over === '' ? '' : paint('dim', over)}`,
          ...(alert.playbooks ?? []).map(
            (each) =>
              `        do  ${each.name}${each.coversAll ? '' : `, if it is ${each.under.map((set) => set.join(' and ')).join(', or ')}`}`,
          ),
        ];
      }),
      ...found.flagged.map(({ id, why, message }) =>
        paint('dim', `      ${id}  ${why}${message === undefined ? '' : `: ${message}`}`),
      ),
      ...(found.legalNext.length > 0
        ? [
            paint(
              'dim',
              `      next  ${found.legalNext.map(({ action, with: bound }) => `${action}${bound ? `(${Object.values(bound).join(', ')})` : ''}`).join(', ')}`,
            ),
          ]
        : []),
    ]),
    '',
  ].join('\n');
}
