import { inspect } from '../checking/inspect.ts';
import { ok, type Result } from '../errors/index.ts';
import { readEventLog, RISK_DEFAULTS } from '../risk/index.ts';
import type { Fitness, FrequentDeviation } from '../risk/fit/fitness.ts';
import { learnLog, type LearnedLog } from '../risk/fit/learnLog.ts';
import type { AlignmentMove } from '../risk/fit/optimal.ts';
import { parseArgs, wrong } from './arguments.ts';
import { readSubmission } from './check.ts';
import { EXIT, type Io } from './io.ts';
import { readLargeText } from './textFile.ts';
import { printProblems } from './problems.ts';
import { quietActions } from './quietActions.ts';
import { painter } from './style.ts';

const LEARN_HELP = `probity learn LOG --model FILE [options]
                       how an event log (CSV or JSON) fits a model, and how often each branch was taken

  --silent A,B         actions that need no events; of a diagram, gateways and events need none
  --format FORMAT      of the model; default: by the file's name
  --max-states N       where the exploration gives up (${RISK_DEFAULTS.maxStates})
  --timeout SECONDS    for all of it (${RISK_DEFAULTS.timeoutMs / 1000})
  --json               all of it as JSON

exit: 0 learned · 2 bad input · 4 a fault. How likely a loss is: \`probity risk\`.
`;

interface LearnArgs {
  readonly log: string;
  readonly model: string;
  readonly format: string | undefined;
  readonly silent: readonly string[];
  readonly maxStates: number;
  readonly timeoutMs: number;
}

export async function learnCommand(args: string[], io: Io): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(LEARN_HELP);
    return EXIT.ok;
  }
  const asJson = args.includes('--json');
  const parsed = readArgs(args);
  if (!parsed.ok) return printProblems(parsed.problems, asJson, io);
  const learned = await learn(parsed.value, io);
  if (!learned.ok) return printProblems(learned.problems, asJson, io);
  io.stdout(asJson ? `${JSON.stringify(learned.value, null, 2)}\n` : learnText(learned.value, io));
  return EXIT.ok;
}

async function learn(args: LearnArgs, io: Io): Promise<Result<LearnedLog>> {
  const submission = await readSubmission(args.model, args.format);
  if (!submission.ok) return submission;
  const inspected = await inspect(submission.value);
  if (!inspected.ok) return inspected;
  const text = await readLargeText(args.log);
  const log = text.ok ? readEventLog(text.value) : text;
  if (!log.ok) return log;
  const quiet = await quietActions(args.silent, inspected.value, submission.value);
  if (!quiet.ok) return quiet;
  const { maxStates, timeoutMs } = args;
  return learnLog({
    semantics: inspected.value.semantics,
    log: log.value,
    options: { maxStates, timeoutMs, memoryMb: RISK_DEFAULTS.memoryMb },
    quiet: quiet.value,
    signal: io.interrupted ?? new AbortController().signal,
  });
}

function learnText({ model, log, fitness, branches }: LearnedLog, io: Io): string {
  const paint = painter(io);
  return [
    `${paint('bold', model)} · ${log.cases} cases, ${log.events} events`,
    '',
    `  ${fitness.fitting} of ${fitness.cases} cases are runs of the model · fitness ${Number(fitness.mean.toPrecision(4))}`,
    ...deviationLines(fitness),
    ...outsiderLines(fitness),
    ...(fitness.unseenActions.length > 0
      ? [`  never seen: ${fitness.unseenActions.join(', ')}`]
      : []),
    ...(fitness.silentActions.length > 0
      ? [`  taken to happen without events: ${fitness.silentActions.join(', ')}`]
      : []),
    ...(fitness.unaligned > 0
      ? [`  ${paint('yellow', '!')} ${fitness.unaligned} cases would take too long to align`]
      : []),
    '',
    ...branches
      .slice(0, 40)
      .map(
        ({ state, branch, count, share }) =>
          `    ${state}  ${branch}  ${Number(count.toPrecision(6))} · ${Number((share * 100).toPrecision(3))} %`,
      ),
    '',
  ].join('\n');
}

function deviationLines({ deviations }: Fitness): string[] {
  return deviations
    .slice(0, 5)
    .flatMap((deviation) => [
      `  ${deviation.cases} cases: ${deviation.move === 'log' ? `${deviation.name} where the model has none` : `no event for ${deviation.name}`}`,
      `      ${exampleText(deviation)}`,
    ]);
}

/** `+` is an event that the model has not, `−` a step of the model that no event tells of. */
function exampleText({ example }: FrequentDeviation): string {
  const moves = example.alignment.filter(({ kind }) => kind !== 'silent');
  const words = moves.slice(0, 30).map(moveText);
  return `${example.case}: ${words.join(' ')}${moves.length > 30 ? ' …' : ''}`;
}

function moveText(move: AlignmentMove): string {
  switch (move.kind) {
    case 'both':
      return move.activity;
    case 'log':
      return `+${move.activity}`;
    case 'model':
    case 'silent':
      return `−${move.action}`;
  }
}

function outsiderLines({ outsiders }: Fitness): string[] {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return outsiders.length === 0
    ? []
    : [
        '  what the cases outside have in common (and the others have less):',
        ...outsiders.map(
          ({ trait, outside, inside }) =>
            `      ${trait}: ${percent(outside)} of those outside, ${percent(inside)} inside`,
        ),
      ];
}

function readArgs(args: string[]): Result<LearnArgs> {
  const given = parseArgs({
    args,
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      silent: { type: 'string' },
      format: { type: 'string' },
      'max-states': { type: 'string' },
      timeout: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (!given.ok) return given;
  const { values, positionals } = given.value;
  const [log] = positionals;
  if (log === undefined || positionals.length !== 1 || values.model === undefined)
    return wrong('give one log and a model: probity learn LOG --model FILE');
  const maxStates = Number(values['max-states'] ?? RISK_DEFAULTS.maxStates);
  const seconds = Number(values.timeout ?? RISK_DEFAULTS.timeoutMs / 1000);
  if (!Number.isSafeInteger(maxStates) || maxStates < 1)
    return wrong('--max-states takes a whole number from 1 on');
  if (!(seconds >= 1 && seconds <= 86_400)) return wrong('--timeout takes 1 to 86400 seconds');
  return ok({
    log,
    model: values.model,
    format: values.format,
    silent: values.silent?.split(',').map((name) => name.trim()) ?? [],
    maxStates,
    timeoutMs: seconds * 1000,
  });
}
