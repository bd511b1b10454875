import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import {
  bindingOf,
  MAX_ROW_PROBLEMS,
  rowProblem,
  type LogOptions,
  type Row,
  RowMaker,
  type LogRows,
} from './rows.ts';

/** An event of an object-centric log (OCEL 2.0, ocel-standard.org). */
export interface OcelEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string | undefined;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** The ids of the objects that it relates to. */
  readonly objects: readonly string[];
}

/** What is read of an object-centric log, in whichever of its formats it stands. */
export interface ObjectCentricLog {
  readonly objectTypes: readonly string[];
  /** The type of each object, by its id. */
  readonly typeOf: ReadonlyMap<string, string>;
  readonly events: readonly OcelEvent[];
}

/**
 * The log seen from the objects of one type, each of which is a case: an event that relates to
 * several of them is one of each, an event that relates to none is left out and counted. Of every
 * other type of which it names a single object, that object is a value under the type's name; the
 * attributes are values as well.
 */
export function casesOf(log: ObjectCentricLog, options: LogOptions): Result<LogRows> {
  const { caseType, mapped } = options;
  if (mapped === 'byKey') return mappedRows(log, options);
  const type = caseType ?? (log.objectTypes.length === 1 ? log.objectTypes[0] : undefined);
  if (type === undefined || !log.objectTypes.includes(type))
    return bad(
      problem(
        'EVENT_LOG_CASE_TYPE',
        'caseType',
        `${type === undefined ? 'an object-centric log has no cases by itself: say which objects are cases' : `no objects are of the type \`${type}\`${didYouMean(type, log.objectTypes)}`}; its types are ${log.objectTypes.join(', ') || 'none'}`,
      ),
    );
  const problems: Problem[] = [];
  const maker = new RowMaker(options);
  const rows: Row[] = [];
  const columns = new Set<string>();
  let unrelatedEvents = 0;
  for (const [i, event] of log.events.entries()) {
    const unknown = event.objects.find((id) => !log.typeOf.has(id));
    if (unknown !== undefined)
      problems.push(
        rowProblem(i + 1, `relates to the object \`${unknown}\`, which the log does not declare`),
      );
    const cases = new Set(event.objects.filter((id) => log.typeOf.get(id) === type));
    if (cases.size === 0) unrelatedEvents += 1;
    const values = [...(mapped ? [] : objectValues(event, log, type)), ...event.attributes];
    for (const [name] of values) columns.add(name);
    const binding = bindingOf(values);
    const objects = mapped && objectsByType(event, log);
    for (const id of cases)
      rows.push(
        maker.row({
          id,
          activity: event.type,
          time: event.time,
          event: JSON.stringify([event.id, id]),
          binding,
          ...(objects && { objects }),
          row: i + 1,
        }),
      );
  }
  return problems.length > 0
    ? bad(...problems.slice(0, MAX_ROW_PROBLEMS))
    : ok({ rows, bindingColumns: [...columns], unrelatedEvents });
}

/** Each event once: of which cases it is, a mapping says. */
function mappedRows(log: ObjectCentricLog, options: LogOptions): Result<LogRows> {
  const maker = new RowMaker(options);
  const columns = new Set<string>();
  const rows = log.events.map((event, i) => {
    for (const [name] of event.attributes) columns.add(name);
    return maker.row({
      id: '',
      activity: event.type,
      time: event.time,
      event: event.id,
      binding: bindingOf(event.attributes),
      objects: objectsByType(event, log),
      row: i + 1,
    });
  });
  return ok({ rows, bindingColumns: [...columns] });
}

function objectsByType(
  { objects }: OcelEvent,
  { typeOf }: ObjectCentricLog,
): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const id of new Set(objects)) {
    const type = typeOf.get(id);
    if (type === undefined) continue;
    const ids = found.get(type);
    if (ids) ids.push(id);
    else found.set(type, [id]);
  }
  return Object.fromEntries(found);
}

function objectValues(
  { objects }: OcelEvent,
  { typeOf }: ObjectCentricLog,
  caseType: string,
): (readonly [string, string])[] {
  const byType = new Map<string, Set<string>>();
  for (const id of objects) {
    const type = typeOf.get(id);
    if (type === undefined || type === caseType) continue;
    byType.set(type, (byType.get(type) ?? new Set()).add(id));
  }
  return [...byType].flatMap(([type, ids]) => {
    const [only] = ids;
    return ids.size === 1 && only !== undefined ? [[type, only] as const] : [];
  });
}

/** Collects what a log declares; a second object of one id with another type is a problem. */
export class ObjectTypes {
  readonly typeOf = new Map<string, string>();
  readonly problems: Problem[] = [];
  readonly #types = new Set<string>();

  declare(type: string): void {
    this.#types.add(type);
  }

  add(id: string, type: string): void {
    const known = this.typeOf.get(id);
    if (known !== undefined && known !== type)
      this.problems.push(
        problem(
          'EVENT_LOG_ROW',
          `object ${id}`,
          `the object \`${id}\` is of the type \`${known}\` and of the type \`${type}\``,
        ),
      );
    this.#types.add(type);
    this.typeOf.set(id, type);
  }

  get names(): readonly string[] {
    return [...this.#types];
  }
}
