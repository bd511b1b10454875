import { loadConfig } from '../config/index.ts';
import { inspect } from '../checking/inspect.ts';
import { FORMATS } from '../checking/types.ts';
import { ok, problem, type Result } from '../errors/index.ts';
import { isRawFormat } from '../model/specification.ts';
import { BeliefTooLarge } from '../monitor/belief.ts';
import type { Alert } from '../monitor/caseJudge.ts';
import { readEvents } from '../monitor/events.ts';
import { followProblems, triable } from '../monitor/followable.ts';
import { readMapping } from '../monitor/mapping.ts';
import { Monitor, type CaseAnswer } from '../monitor/monitor.ts';
import { threatsOf } from '../threats/operators/index.ts';
import { selectThreats, type NamedThreats } from '../threats/selection.ts';
import { parseArgs, wrong } from './arguments.ts';
import { readSubmission } from './check.ts';
import { EXIT, type Io } from './io.ts';
import { printProblems } from './problems.ts';
import { painter } from './style.ts';
import { readText } from './textFile.ts';

const MONITOR_HELP = `probity monitor MODEL --mapping FILE --events FILE [options]      follow running cases along a model, and say what a deviation means

  --mapping FILE       which events are which steps of the model (YAML)
  --events FILE        events in order of arrival: a JSON list of CloudEvents 1.0
  --threats LIST       what may explain a deviation: all, or ids · default: all threats proper
  --budget K           explanations of at most so many threats beyond those that are known (2)
  --now TIME           the time of arrival of all: what is ahead of it moves no clock
  --format FORMAT      ${FORMATS.filter((format) => !isRawFormat(format)).join(' | ')} · default: by the file's name
  --json               the answer as JSON

exit: 0 no alert that stands or stood · 1 some · 2 bad input · 4 a fault
`;

interface MonitorArgs {
  readonly file: string;
  readonly mapping: string;
  readonly events: string;
  /** What may explain a deviation. */
  readonly threats: NamedThreats;
  readonly budget: number;
  readonly now: number | undefined;
  readonly format: string | undefined;
  readonly json: boolean;
}

export async function monitorCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(MONITOR_HELP);
    return EXIT.ok;
  }
  const asJson = args.includes('--json');
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, asJson, io);
  const { json } = parsed.value;
  const config = loadConfig(process.env);
  if (!config.ok) return printProblems(config.problems, json, io);
  const read = await readSubmission(parsed.value.file, parsed.value.format);
  if (!read.ok) return printProblems(read.problems, json, io);
  const inspected = await inspect(read.value);
  if (!inspected.ok) return printProblems(inspected.problems, json, io, read.value.source);
  const { model } = inspected.value.semantics;
  const mappingText = await readText(parsed.value.mapping);
  if (!mappingText.ok) return printProblems(mappingText.problems, json, io);
  const mapping = readMapping(mappingText.value, model);
  if (!mapping.ok) return printProblems(mapping.problems, json, io, mappingText.value);
  const eventsText = await readText(parsed.value.events);
  if (!eventsText.ok) return printProblems(eventsText.problems, json, io);
  const events = readEvents(eventsText.value);
  if (!events.ok) return printProblems(events.problems, json, io);
  const threats = selectThreats(threatsOf(model), parsed.value.threats);
  if (!threats.ok) return printProblems(threats.problems, json, io);
  const unbounded = followProblems(model);
  if (unbounded.length > 0) return printProblems(unbounded, json, io);
  const { budget, now } = parsed.value;
  const { tried, left } = triable(model, threats.value);
  if (left.length > 0)
    io.stderr(
      `left out of explanations, they may write too many values: ${left.map(({ id }) => id).join(', ')}\n`,
    );
  const monitor = new Monitor(model, mapping.value, {
    threats: tried,
    budget,
    ...(now !== undefined && { now }),
  });
  try {
    for (const event of events.value) monitor.take(event);
  } catch (error) {
    if (!(error instanceof BeliefTooLarge)) throw error;
    const message = 'what may happen unseen has too many states: map more actions to events';
    return printProblems([problem('MONITOR_MODEL', '', message)], json, io);
  }
  const cases = monitor.answers();
  io.stdout(
    json
      ? `${JSON.stringify({ model: model.name, cases, flagged: monitor.flagged, leftOut: left.map(({ id }) => id) }, null, 2)}\n`
      : monitorText(model.name, cases, io),
  );
  return cases.some(({ alerts }) => alerts.some(({ withdrawn }) => withdrawn === undefined))
    ? EXIT.violated
    : EXIT.ok;
}

function readArgs(args: string[]): Result<MonitorArgs> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: {
      mapping: { type: 'string' },
      events: { type: 'string' },
      threats: { type: 'string' },
      budget: { type: 'string' },
      now: { type: 'string' },
      format: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [file] = positionals;
  const { mapping, events, now } = values;
  if (file === undefined || positionals.length !== 1)
    return wrong('give one model: probity monitor MODEL --mapping FILE --events FILE');
  if (mapping === undefined) return wrong('give the mapping of events to steps: --mapping FILE');
  if (events === undefined) return wrong('give the events: --events FILE');
  if (values.budget !== undefined && !/^\d{1,3}$/.test(values.budget))
    return wrong(`--budget takes a whole number from 0, not \`${values.budget}\``);
  if (now !== undefined && !Number.isFinite(Date.parse(now)))
    return wrong(`--now takes a time, 2026-03-02T09:00:00Z, not \`${now}\``);
  const named = (values.threats ?? 'all').split(',').map((id) => id.trim());
  return ok({
    file,
    mapping,
    events,
    threats: named.includes('all') ? 'all' : named,
    budget: Number(values.budget ?? 2),
    now: now === undefined ? undefined : Date.parse(now),
    format: values.format,
    json: values.json === true,
  });
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

function monitorText(name: string, cases: readonly CaseAnswer[], io: Io): string {
  const paint = painter(io);
  const alerts = cases.flatMap((found) => found.alerts).length;
  return [
    `${paint('bold', name)} · ${cases.length} cases · ${alerts} alerts`,
    '',
    ...cases.flatMap((found) => [
      `  ${found.alerts.some(({ withdrawn, resolved }) => !withdrawn && !resolved) ? paint('red', '✗') : paint('green', '✓')} ${found.case}  ${found.events.length} events · ${found.status}${found.hypotheses ? ` · followed under ${found.hypotheses.map((set) => set.join(' and ')).join(', or ')}` : ''}`,
      ...found.alerts.map((alert) => {
        const over =
          alert.withdrawn !== undefined
            ? ` · withdrawn at ${alert.withdrawn}`
            : alert.resolved !== undefined
              ? ` · resolved at ${alert.resolved}`
              : '';
        return `      ${alert.at}  ${WORDS[alert.kind](alert)}${over === '' ? '' : paint('dim', over)}`;
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
