import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import { csvRecords } from './csv.ts';
import {
  bindingOf,
  MAX_ROW_PROBLEMS,
  rowProblem,
  type LogOptions,
  type Row,
  RowMaker,
  type LogRows,
} from './rows.ts';

/** The columns by the names that logs give them; the second ones are those of XES. */
const COLUMNS = {
  case: ['case', 'case:concept:name'],
  activity: ['activity', 'concept:name'],
  timestamp: ['timestamp', 'time:timestamp'],
  transition: ['lifecycle:transition', 'lifecycle'],
  event: ['event_id', 'eventId', 'identity:id'],
} satisfies Readonly<Record<string, readonly string[]>> as Readonly<
  Record<'case' | 'activity' | 'timestamp' | 'transition' | 'event', readonly string[]>
>;

/** Which column of a table is what: its place, and for the rest the names of values. */
interface Columns {
  readonly at: Readonly<Record<keyof typeof COLUMNS, number>>;
  readonly others: readonly { readonly name: string; readonly i: number }[];
}

function columnsOf(names: readonly string[], { columns, mapped }: LogOptions): Result<Columns> {
  const said = new Map(Object.entries(columns ?? {}));
  const unknown = [...said.values()].find((column) => !names.includes(column));
  if (unknown !== undefined)
    return bad(
      headProblem(
        `no column is called \`${unknown}\`${didYouMean(unknown, names)}; the columns are ${names.join(', ')}`,
      ),
    );
  const claimed = new Set(said.values());
  const column = (of: keyof typeof COLUMNS): number => {
    const own = COLUMNS[of].map((name) => said.get(name)).find((name) => name !== undefined);
    return own === undefined
      ? names.findIndex((name) => COLUMNS[of].includes(name) && !claimed.has(name))
      : names.indexOf(own);
  };
  const at = {
    case: column('case'),
    activity: column('activity'),
    timestamp: column('timestamp'),
    transition: column('transition'),
    event: column('event'),
  };
  const needed = mapped === 'byKey' ? (['activity'] as const) : (['case', 'activity'] as const);
  const missing = needed.filter((name) => at[name] < 0);
  if (missing.length > 0) {
    const hint =
      names.length === 1 && names[0]?.includes(';')
        ? '; columns are separated by commas, not semicolons'
        : '';
    return bad(
      headProblem(
        `the first line names the columns, and has no column ${missing.join(', ')}${hint}`,
      ),
    );
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) return bad(headProblem(`two columns are called \`${repeated}\``));
  const others = names.flatMap((name, i) => {
    if (name === '') return [];
    if (mapped) return [{ name, i }];
    return Object.values(at).includes(i)
      ? []
      : [{ name: [...said].find(([, column]) => column === name)?.[0] ?? name, i }];
  });
  return ok({ at, others });
}

/** Reads a table whose first line names the columns (RFC 4180). */
export function readTable(text: string, options: LogOptions = {}): Result<LogRows> {
  const records = csvRecords(text);
  const head = records.next();
  if (head.done) return bad(head.value ?? problem('EVENT_LOG_EMPTY', '', 'the event log is empty'));
  const names = head.value.fields.map((name) => name.trim());
  const found = columnsOf(names, options);
  if (!found.ok) return found;
  const { at, others } = found.value;
  const maker = new RowMaker(options);
  const rows: Row[] = [];
  const short: Problem[] = [];
  for (;;) {
    const next = records.next();
    if (next.done) {
      if (next.value) return bad(next.value);
      break;
    }
    const { fields, line } = next.value;
    if (fields.length !== names.length) {
      short.push(
        rowProblem(line, `${fields.length} fields where the first line names ${names.length}`),
      );
      continue;
    }
    const field = (of: keyof typeof COLUMNS): string => fields[at[of]]?.trim() ?? '';
    const binding = bindingOf(
      others.flatMap(({ name, i }) => (fields[i] === '' ? [] : [[name, fields[i] as string]])),
    );
    rows.push(
      maker.row({
        id: field('case'),
        activity: field('activity'),
        time: field('timestamp'),
        transition: field('transition'),
        event: field('event'),
        binding,
        row: line,
      }),
    );
  }
  if (short.length > 0) return bad(...short.slice(0, MAX_ROW_PROBLEMS));
  const last = rows.at(-1)?.told;
  if (last && !/[\r\n]$/u.test(text) && last.activity === '')
    return bad(rowProblem(last.row, 'the text ends within this row: the log was cut off'));
  return ok({ rows, bindingColumns: others.map(({ name }) => name) });
}

const headProblem = (message: string): Problem =>
  problem('EVENT_LOG_SYNTAX', 'line 1', message, { line: 1, column: 1 });
