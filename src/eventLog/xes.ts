import { bad, ok, type Problem, type Result } from '../errors/index.ts';
import {
  bindingOf,
  MAX_ROW_PROBLEMS,
  rowProblem,
  type Row,
  RowMaker,
  type LogOptions,
  type LogRows,
} from './rows.ts';
import { readXml, type XmlAttributes, type XmlListener } from './xml.ts';

/** The keys of the standard extensions (IEEE 1849-2016, concept, time, lifecycle, identity). */
const NAME = 'concept:name';
const TIME = 'time:timestamp';
const TRANSITION = 'lifecycle:transition';
const IDENTITY = 'identity:id';
const OWN: readonly string[] = [NAME, TIME, TRANSITION, IDENTITY];

/** Attributes with a single value (IEEE 1849-2016, 4.2); lists and containers have none. */
const SINGLE: ReadonlySet<string> = new Set(['string', 'date', 'int', 'float', 'boolean', 'id']);

/**
 * Reads XES (IEEE 1849-2016): a trace is a case, by its `concept:name`, else by its place in the
 * log. An event's attributes keep their keys, those of its trace are `case:KEY`. A trace without
 * events is a case that began.
 */
export function readXes(text: string, options: LogOptions = {}): Result<LogRows> {
  const reader = new XesReader(options.mapped ? [] : OWN, options);
  const read = readXml(text, reader);
  if (!read.ok) return read;
  return reader.problems.length > 0
    ? bad(...reader.problems.slice(0, MAX_ROW_PROBLEMS))
    : ok({ rows: reader.rows, bindingColumns: [...reader.columns] });
}

class XesReader implements XmlListener {
  readonly rows: Row[] = [];
  readonly columns = new Set<string>();
  readonly problems: Problem[] = [];
  readonly #maker: RowMaker;
  readonly #open: string[] = [];
  /** The keys that are no values: what they say is said elsewhere. */
  readonly #own: readonly string[];
  #trace = new Map<string, string>();
  #events: Map<string, string>[] = [];
  #traces = 0;
  #count = 0;

  constructor(own: readonly string[], options: LogOptions) {
    this.#own = own;
    this.#maker = new RowMaker(options);
  }

  open(name: string, attributes: XmlAttributes): void {
    const parent = this.#open.at(-1);
    this.#open.push(name);
    if (name === 'trace') {
      this.#traces += 1;
      this.#trace = new Map();
      this.#events = [];
    } else if (name === 'event') {
      this.#count += 1;
      this.#events.push(new Map());
      if (parent !== 'trace')
        this.problems.push(rowProblem(this.#count, 'an event outside of a trace has no case'));
    } else if (SINGLE.has(name) && (parent === 'trace' || parent === 'event')) {
      const { key, value } = attributes;
      if (key === undefined || value === undefined)
        this.problems.push(
          rowProblem(Math.max(1, this.#count), `a <${name}> needs a \`key\` and a \`value\``),
        );
      else (parent === 'trace' ? this.#trace : this.#events.at(-1))?.set(key, value);
    }
  }

  close(name: string): void {
    this.#open.pop();
    if (name === 'trace') this.#endTrace();
  }

  #endTrace(): void {
    const id = this.#trace.get(NAME)?.trim() || this.#trace.get(IDENTITY) || `#${this.#traces}`;
    const shared = [...this.#trace]
      .filter(([key]) => !this.#own.includes(key))
      .map(([key, value]) => [`case:${key}`, value] as const);
    if (this.#events.length === 0)
      this.rows.push(
        this.#maker.row({
          id,
          activity: '',
          time: this.#trace.get(TIME),
          binding: bindingOf(shared),
          row: Math.max(1, this.#count),
        }),
      );
    const first = this.#count - this.#events.length + 1;
    for (const [i, event] of this.#events.entries()) {
      const own = [...event].filter(([key]) => !this.#own.includes(key));
      const activity = event.get(NAME)?.trim() ?? '';
      if (activity === '')
        this.problems.push(rowProblem(first + i, `an event without a \`${NAME}\``));
      this.rows.push(
        this.#maker.row({
          id,
          activity,
          time: event.get(TIME)?.trim(),
          transition: event.get(TRANSITION)?.trim(),
          event: event.get(IDENTITY)?.trim(),
          binding: bindingOf([...shared, ...own]),
          row: first + i,
        }),
      );
      for (const [key] of own) this.columns.add(key);
    }
    for (const [key] of shared) this.columns.add(key);
    this.#events = [];
  }
}
