import type { Problem } from '../errors/index.ts';
import { isStep, stepTurn } from './lifecycle.ts';
import type { EventLog, LogCase } from './log.ts';
import { rowProblem, type LogRows, type Row } from './rows.ts';

const ISO = 'ISO 8601 time of the calendar';
/** Said once. */
const CURE =
  '; where times are written otherwise, say how (`timeFormat`, --time-format): dd.MM.yyyy HH:mm';

/** Everything that is wrong with the rows of a log, whatever its format. */
export function rowProblems(rows: readonly Row[], timeFormat?: string): Problem[] {
  let cure = timeFormat === undefined ? CURE : '';
  const time = timeFormat === undefined ? ISO : `time of the form \`${timeFormat}\``;
  const problems: Problem[] = [];
  for (const { id, told, noTime } of rows) {
    if (id === '') problems.push(rowProblem(told.row, 'an event without a case'));
    if (noTime === undefined) continue;
    problems.push(rowProblem(told.row, `\`${noTime.slice(0, 40)}\` is no ${time}${cure}`));
    cure = '';
  }
  const timeless = rows.find((row) => !isTimed(row));
  if (timeless && rows.some(isTimed))
    problems.push(
      rowProblem(timeless.told.row, 'an event without a time in a log that has times: all or none'),
    );
  problems.push(...zoneProblems(rows));
  for (const each of idleProblems(rows)) problems.push(each);
  return problems;
}

const isTimed = ({ told, noTime }: Row): boolean =>
  told.timeMs !== undefined || noTime !== undefined;

/**
 * An empty activity says that the case began and nothing happened: then it is the case's only row.
 */
function idleProblems(rows: readonly Row[]): Problem[] {
  const idle = rows.filter(({ told }) => told.activity === '');
  if (idle.length === 0) return [];
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.id, (counts.get(row.id) ?? 0) + 1);
  return idle
    .filter((row) => (counts.get(row.id) ?? 0) > 1)
    .map(({ told }) =>
      rowProblem(told.row, 'an event without an activity in a case that has other events'),
    );
}

/** Times with and without an offset in one log: what the ones without one mean is a guess. */
function zoneProblems(rows: readonly Row[]): Problem[] {
  const [withZone, without] = [true, false].map(
    (zoned) => rows.find((row) => row.zoned === zoned)?.told.row,
  );
  return withZone !== undefined && without !== undefined
    ? [
        rowProblem(
          without,
          `a time without an offset, where row ${withZone} has one: give all times an offset, or none`,
        ),
      ]
    : [];
}

export function assemble({
  rows,
  bindingColumns,
  unrelatedEvents = 0,
  digest,
}: LogRows & { readonly digest: string }): EventLog {
  const turn = stepTurn(rows.map(({ transition }) => transition));
  const known = new Set<string>();
  const [byCase, caseOf] = [new Map<string, number>(), new Int32Array(rows.length).fill(-1)];
  let [from, to] = [Infinity, -Infinity];
  let [repeatedRows, lifecycleRows] = [0, 0];
  rows.forEach((row, i) => {
    if (row.event !== undefined && known.size === known.add(row.event).size) {
      repeatedRows += 1;
      return;
    }
    const { timeMs } = row.told;
    if (timeMs !== undefined) [from, to] = [Math.min(from, timeMs), Math.max(to, timeMs)];
    const number = byCase.get(row.id) ?? byCase.size;
    if (number === byCase.size) byCase.set(row.id, number);
    caseOf[i] = number;
  });
  const began: { readonly at: number; readonly case: LogCase }[] = [];
  const rowsOf = rowsByCase(caseOf, byCase.size);
  for (const [id, number] of byCase) {
    const list = Array.from(rowsOf(number), (i) => rows[i] as Row);
    // Sorting is stable: events of one moment keep the order of their rows.
    list.sort((a, b) => (a.told.timeMs ?? 0) - (b.told.timeMs ?? 0));
    const kept = list.filter(({ transition }) => isStep(transition, turn));
    lifecycleRows += list.length - kept.length;
    // `map` last: it makes an array of just this length, and `filter` one with room for more.
    const events = kept.filter(({ told }) => told.activity !== '').map(({ told }) => told);
    began.push({ at: list[0]?.told.timeMs ?? 0, case: { id, events } });
  }
  began.sort((a, b) => a.at - b.at);
  const cases = began.map((entry) => entry.case);
  return {
    cases,
    digest,
    bindingColumns,
    lifecycleRows,
    repeatedRows,
    unrelatedEvents,
    eventCount: cases.reduce((n, c) => n + c.events.length, 0),
    ...(from <= to
      ? {
          window: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
          untilMs: to,
        }
      : {}),
  };
}

/**
 * The rows of each case, in their order, by a counting sort: a list for each of a million cases
 * would take more memory than the events.
 */
function rowsByCase(caseOf: Int32Array, cases: number): (number: number) => Int32Array {
  const starts = new Int32Array(cases + 1);
  for (const number of caseOf)
    if (number >= 0) starts[number + 1] = (starts[number + 1] as number) + 1;
  for (let i = 0; i < cases; i += 1)
    starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number);
  const next = starts.slice();
  const sorted = new Int32Array(starts[cases] as number);
  caseOf.forEach((number, i) => {
    if (number < 0) return;
    sorted[next[number] as number] = i;
    next[number] = (next[number] as number) + 1;
  });
  return (number) => sorted.subarray(starts[number], starts[number + 1]);
}
