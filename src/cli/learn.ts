import { inspect } from '../checking/inspect.ts';
import type { FormatName } from '../model/formats.ts';
import type { Result } from '../errors/index.ts';
import { RISK_DEFAULTS } from '../risk/index.ts';
import type { MappingUse } from '../eventLog/log.ts';
import type { Fitness, FrequentDeviation } from '../risk/fit/fitness.ts';
import { learnLog, type LearnedLog } from '../risk/fit/learnLog.ts';
import type { AlignmentMove } from '../risk/fit/optimal.ts';
import type { CommandIo, Ended } from './command.ts';
import { eventLogIn, type AskedLog } from './eventLogFile.ts';
import { EXIT, type Io } from './io.ts';
import { silentActions } from './silentActions.ts';
import { painter } from './style.ts';
import { readSubmission } from './submission.ts';

interface Asked extends AskedLog {
  readonly log: string;
  readonly model: string;
  readonly format: FormatName | undefined;
  readonly silent: readonly string[] | undefined;
  readonly maxStates: number;
  readonly timeout: number;
}

/** `probity learn`. */
export async function learnFrom(asked: Asked, io: CommandIo): Promise<Ended> {
  const learned = await learnedFrom(asked, io);
  return learned.ok
    ? { exit: EXIT.ok, json: learned.value, text: () => learnText(learned.value, io) }
    : learned;
}

async function learnedFrom(asked: Asked, io: CommandIo): Promise<Result<LearnedLog>> {
  const submission = await readSubmission(asked.model, asked.format);
  if (!submission.ok) return submission;
  const inspected = await inspect(submission.value);
  if (!inspected.ok) return inspected;
  const log = await eventLogIn(asked.log, asked, inspected.value.semantics, io);
  if (!log.ok) return log;
  const quiet = await silentActions(asked.silent ?? [], inspected.value, submission.value);
  if (!quiet.ok) return quiet;
  const { maxStates, timeout } = asked;
  return learnLog({
    semantics: inspected.value.semantics,
    log: log.value,
    options: { maxStates, timeoutMs: timeout * 1000, memoryMb: RISK_DEFAULTS.memoryMb },
    quiet: quiet.value,
    signal: io.interrupted ?? new AbortController().signal,
  });
}

function learnText({ model, log, fitness, branches }: LearnedLog, io: Io): string {
  const paint = painter(io);
  return [
    `${paint('bold', model)} · ${log.cases} cases, ${log.events} events${log.unrelatedEvents > 0 ? `; ${log.unrelatedEvents} events relate to no case` : ''}`,
    '',
    ...mappingLines(log.mapping),
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

/** What the mapping made of the log, and what it leaves blind. */
function mappingLines(mapping: MappingUse | undefined): string[] {
  if (!mapping) return [];
  const { unmapped, unreadable, beyondModel, unusedEntries, blind } = mapping;
  const unread = [
    ['cannot be read', unreadable],
    ['are beyond the model', beyondModel],
  ] as const;
  return [
    ...(blind.length > 0 ? [`  no event tells of: ${blind.join(', ')}`] : []),
    ...(unmapped.length > 0
      ? [
          `  in no entry of the mapping: ${unmapped.map(({ type, events }) => `${type} (${events})`).join(', ')}`,
        ]
      : []),
    ...unread.flatMap(([how, { events, example }]) =>
      example ? [`  ${events} events ${how}; row ${example.row}: ${example.why}`] : [],
    ),
    ...(unusedEntries.length > 0
      ? [`  entries that no event fits: ${unusedEntries.join(', ')}`]
      : []),
    '',
  ];
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
