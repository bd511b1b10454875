import type { Problem } from '../errors/index.ts';
import { readInstant } from './instants.ts';
import { isStep, stepTurn } from './lifecycle.ts';
import type { EventLog, LogCase, LogEvent } from './log.ts';
import { rowProblem, type Row, type LogRows } from './rows.ts';

/** Everything that is wrong with the rows of a log, whatever its format. */
export function rowProblems(rows: readonly Row[]): Problem[] {
  const problems: Problem[] = [];
  for (const row of rows) addProblems(row, problems);
  const timed = rows.filter((row) => row.time !== undefined).length;
  if (timed > 0 && timed < rows.length) {
    const first = rows.find((row) => row.time === undefined) as Row;
    problems.push(
      rowProblem(first.row, 'an event without a time in a log that has times: all or none'),
    );
  }
  problems.push(...zoneProblems(rows));
  for (const each of idleProblems(rows)) problems.push(each);
  return problems;
}

function addProblems(row: Row, problems: Problem[]): void {
  if (row.id === '') problems.push(rowProblem(row.row, 'an event without a case'));
  if (row.time !== undefined && readInstant(row.time) === undefined)
    problems.push(
      rowProblem(row.row, `\`${row.time.slice(0, 40)}\` is no ISO 8601 time of the calendar`),
    );
}

/**
 * An empty activity says that the case began and nothing happened: then it is the case's only row.
 */
function idleProblems(rows: readonly Row[]): Problem[] {
  const idle = rows.filter((row) => row.activity === '');
  if (idle.length === 0) return [];
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.id, (counts.get(row.id) ?? 0) + 1);
  return idle
    .filter((row) => (counts.get(row.id) ?? 0) > 1)
    .map((row) =>
      rowProblem(row.row, 'an event without an activity in a case that has other events'),
    );
}

/** Times with and without an offset in one log: what the ones without one mean is a guess. */
function zoneProblems(rows: readonly Row[]): Problem[] {
  const first = new Map<boolean, Row>();
  for (const row of rows) {
    const zoned = row.time === undefined ? undefined : readInstant(row.time)?.zoned;
    if (zoned !== undefined && !first.has(zoned)) first.set(zoned, row);
  }
  const [withZone, without] = [first.get(true), first.get(false)];
  return withZone && without
    ? [
        rowProblem(
          without.row,
          `a time without an offset, where row ${withZone.row} has one: give all times an offset, or none`,
        ),
      ]
    : [];
}

export function assemble(
  { rows, bindingColumns, unrelatedEvents = 0 }: LogRows,
  digest: string,
): EventLog {
  const byCase = new Map<string, { readonly row: Row; readonly timeMs: number | undefined }[]>();
  const turn = stepTurn(rows.map(({ transition }) => transition));
  const known = new Set<string>();
  let [from, to] = [Infinity, -Infinity];
  let [repeatedRows, lifecycleRows] = [0, 0];
  for (const row of rows) {
    if (row.event !== undefined && known.size === known.add(row.event).size) {
      repeatedRows += 1;
      continue;
    }
    const timeMs = row.time === undefined ? undefined : readInstant(row.time)?.ms;
    if (timeMs !== undefined) [from, to] = [Math.min(from, timeMs), Math.max(to, timeMs)];
    const list = byCase.get(row.id) ?? [];
    list.push({ row, timeMs });
    byCase.set(row.id, list);
  }
  const began: { readonly at: number; readonly case: LogCase }[] = [];
  for (const [id, list] of byCase) {
    // Sorting is stable: events of one moment keep the order of their rows.
    list.sort((a, b) => (a.timeMs ?? 0) - (b.timeMs ?? 0));
    const kept = list.filter(({ row }) => isStep(row.transition, turn));
    lifecycleRows += list.length - kept.length;
    const events = kept
      .filter(({ row }) => row.activity !== '')
      .map(({ row, timeMs }): LogEvent => ({
        activity: row.activity,
        binding: row.binding,
        row: row.row,
        ...(timeMs === undefined ? {} : { timeMs }),
      }));
    began.push({ at: list[0]?.timeMs ?? 0, case: { id, events } });
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
