import { FLOOR } from './areas.ts';
import { clopperPearson } from './interval.ts';
import type { Verdict } from './judge.ts';
import type { Mutant } from './mutants.ts';

/** Those that count, and the share of them that a test noticed (for ever is noticed too). */
export function share({ counts }: Verdict): {
  readonly judged: number;
  readonly noticed: number;
  readonly interval: readonly [number, number];
} {
  const noticed = counts.killed + counts.timedOut;
  const judged = noticed + counts.survived;
  return { judged, noticed, interval: clopperPearson(noticed, judged) };
}

const HEAD = [
  'area',
  'faults',
  'judged',
  'killed',
  'timed out',
  'survived',
  'refused',
  'equivalent',
  'noticed',
  '95 % interval',
  'floor',
  'seconds',
];

/** The areas as a table. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = [HEAD, ...verdicts.map(row)];
  const width = (column: number): number =>
    Math.max(...rows.map((cells) => (cells[column] ?? '').length));
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(width(column)) : cell.padStart(width(column));
  return rows.map((cells) => cells.map(padded).join('  ')).join('\n');
}

function row(verdict: Verdict): string[] {
  const { area, all, equivalent, counts, seconds } = verdict;
  const { judged, noticed, interval } = share(verdict);
  const whole = judged + counts.refused === all;
  return [
    area.name,
    String(all),
    whole ? `${judged} (all)` : String(judged),
    String(counts.killed),
    String(counts.timedOut),
    String(counts.survived),
    String(counts.refused),
    String(equivalent),
    judged === 0 ? '–' : percent(noticed / judged),
    interval.map(percent).join(' – '),
    percent(FLOOR),
    seconds.toFixed(0),
  ];
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** A fault as a line: where, what, and the id that `equivalents.json` names it by. */
export function shown({ file, line, kind, from, to, id }: Mutant): string {
  const brief = (text: string): string => text.replaceAll(/\s+/gu, ' ').slice(0, 60);
  return `${file}:${line} ${kind}: ${brief(from)} → ${brief(to)}   [${id.split(':')[1]}]`;
}
