import { csvRecords } from '../../eventLog/csv.ts';
import { readInstant } from '../../eventLog/instants.ts';
import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';

/** What came of an attempt: it got through everything, or something stopped it. */
export type IncidentOutcome = 'succeeded' | 'stopped';

export interface Incident {
  readonly threat: string;
  readonly timeMs: number;
  readonly outcome: IncidentOutcome;
}

const COLUMNS = ['threat', 'time', 'outcome'] as const;
const OUTCOMES: readonly string[] = ['succeeded', 'stopped'];
const MAX_PROBLEMS = 20;

/** Reads incidents: a table with the columns `threat`, `time` (ISO 8601) and `outcome`. */
export function readIncidents(text: string): Result<readonly Incident[]> {
  const records = csvRecords(text);
  const head = records.next();
  if (head.done) return bad(head.value ?? wrongRow(1, 'the table of incidents is empty'));
  const names = head.value.fields.map((name) => name.trim());
  const missing = COLUMNS.filter((name) => !names.includes(name));
  if (missing.length > 0)
    return bad(wrongRow(1, `the first line has no column ${missing.join(', ')}`));
  const [threatAt, timeAt, outcomeAt] = COLUMNS.map((name) => names.indexOf(name)) as [
    number,
    number,
    number,
  ];
  const incidents: Incident[] = [];
  const problems: Problem[] = [];
  for (;;) {
    const next = records.next();
    if (next.done) {
      if (next.value) problems.push(next.value);
      break;
    }
    const { fields, line } = next.value;
    const [threat = '', time = '', outcome = ''] = [threatAt, timeAt, outcomeAt].map((at) =>
      fields[at]?.trim(),
    );
    const instant = readInstant(time);
    if (fields.length !== names.length)
      problems.push(wrongRow(line, `${fields.length} fields, and the first line ${names.length}`));
    else if (threat === '') problems.push(wrongRow(line, 'an incident names a threat'));
    else if (!instant)
      problems.push(wrongRow(line, `\`${time.slice(0, 40)}\` is no ISO 8601 time`));
    else if (!OUTCOMES.includes(outcome))
      problems.push(wrongRow(line, `an outcome is ${OUTCOMES.join(' or ')}, not \`${outcome}\``));
    else incidents.push({ threat, timeMs: instant.ms, outcome: outcome as IncidentOutcome });
  }
  return problems.length > 0 ? bad(...problems.slice(0, MAX_PROBLEMS)) : ok(incidents);
}

const wrongRow = (line: number, message: string): Problem =>
  problem('INCIDENTS_ROW', `line ${line}`, message, { line, column: 1 });
