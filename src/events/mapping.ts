import { bad, ok, problem, type Locate, type Problem, type Result } from '../errors/index.ts';
import { didYouMean } from '../errors/nearest.ts';
import type { Action, Model } from '../model/model.ts';
import { cellType, type Type } from '../model/types.ts';
import { MAPPING_SHAPE } from './mappingShape.ts';
import { parsePath, type Path } from './path.ts';
import { timeFormat } from '../eventLog/timeFormat.ts';
import { readShaped } from '../yaml/shaped.ts';

/** Where a value comes from, and how it becomes one of the model. */
export interface Datum {
  readonly path?: Path;
  readonly value?: unknown;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly cuts?: readonly number[];
  readonly scale?: number;
  readonly optional: boolean;
  readonly type: Type;
}

/** What an event tells of a cell. */
export interface CellReading {
  readonly of: 'variable' | 'parameter';
  readonly name: string;
  readonly keys: readonly Datum[];
  readonly value: Datum;
}

/** The fields of messages that an event names, by channel. */
export type MessageData = ReadonlyMap<string, ReadonlyMap<string, Datum>>;

export interface Entry {
  readonly type: string;
  readonly where: readonly (readonly [Path, unknown])[];
  readonly actions: ReadonlySet<string>;
  /** Actors whose outage it says to be over. */
  readonly recovers: ReadonlySet<string>;
  readonly binders: ReadonlyMap<string, Datum>;
  readonly receive: MessageData;
  readonly send: MessageData;
  readonly reads: readonly CellReading[];
}

export interface Deadline {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly withinMs: number;
  readonly same: readonly Path[];
}

/** Which events are steps of a model (SEMANTICS 25). */
export interface Mapping {
  readonly key: Path;
  /** How a log writes its times, where not as ISO 8601. */
  readonly timeFormat?: string;
  readonly latenessMs: number;
  /** Per index set: a table, or the next free element. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string> | 'next'>;
  readonly entries: readonly Entry[];
  readonly deadlines: readonly Deadline[];
  /** What no event tells: steps of these are taken unseen. */
  readonly silent: ReadonlySet<string>;
  /** The names directly below `$.data` that it reads. */
  readonly dataNames: readonly string[];
}

interface DatumDocument {
  readonly path?: string;
  readonly value?: unknown;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly cuts?: readonly number[];
  readonly scale?: number;
  readonly optional?: boolean;
}
type DataDocument = Readonly<Record<string, string | DatumDocument>>;

interface MappingDocument {
  readonly model?: string;
  readonly case: string;
  readonly timeFormat?: string;
  readonly lateness?: string;
  readonly elements?: Readonly<Record<string, 'next' | Readonly<Record<string, string>>>>;
  readonly events: readonly {
    readonly type: string;
    readonly where?: Readonly<Record<string, unknown>>;
    readonly action?: string | readonly string[];
    readonly for?: DataDocument;
    readonly receive?: Readonly<Record<string, DataDocument>>;
    readonly send?: Readonly<Record<string, DataDocument>>;
    readonly read?: readonly {
      readonly of: string;
      readonly cell?: string | DatumDocument | readonly (string | DatumDocument)[];
      readonly value: string | DatumDocument;
    }[];
  }[];
  readonly deadlines?: Readonly<
    Record<string, { from: string; to: string; within: string; same?: readonly string[] }>
  >;
}

/** Reads a mapping for a model: everything that is wrong with it, each with its place. */
export function readMapping(source: string, model: Model): Result<Mapping> {
  const read = readShaped<MappingDocument>(source, MAPPING_SHAPE);
  if (!read.ok) return read;
  const { value, locate } = read.value;
  const reader = new Reader(model, locate);
  const mapping = reader.mapping(value);
  return reader.problems.length > 0 ? bad(...reader.problems) : ok(mapping);
}

const RECOVER = 'recover.';

class Reader {
  readonly problems: Problem[] = [];
  readonly #dataNames = new Set<string>();
  readonly #model: Model;
  readonly #locate: Locate;

  constructor(model: Model, locate: Locate) {
    this.#model = model;
    this.#locate = locate;
  }

  mapping(document: MappingDocument): Mapping {
    const { name, actions, sets } = this.#model;
    if (document.model !== undefined && document.model !== name)
      this.#report(
        ['model'],
        `the mapping is for the model \`${document.model}\`, and this is \`${name}\``,
      );
    const elements = new Map(
      Object.entries(document.elements ?? {}).map(([set, how]) => [
        set,
        how === 'next' ? how : new Map(Object.entries(how)),
      ]),
    );
    for (const [set, table] of elements) {
      const declared = sets.find((found) => found.name === set);
      if (!declared) this.#unknown(['elements', set], 'set', set, sets);
      else if (table !== 'next')
        for (const [id, element] of table)
          if (!declared.elements.includes(element))
            this.#report(
              ['elements', set, id],
              `${set} has no element \`${element}\`${didYouMean(element, declared.elements)}`,
            );
    }
    const entries = document.events.map((entry, i) => this.#entry(entry, ['events', String(i)]));
    const told = new Set(entries.flatMap((entry) => [...entry.actions]));
    const key = this.#path(document.case, ['case']);
    return {
      key,
      ...this.#timeFormat(document.timeFormat),
      latenessMs: this.#duration(document.lateness ?? 'PT0S', ['lateness']),
      elements,
      entries,
      deadlines: Object.entries(document.deadlines ?? {}).map(
        ([deadline, { from, to, within, same = [] }]) => ({
          name: deadline,
          from,
          to,
          withinMs: this.#duration(within, ['deadlines', deadline, 'within']),
          same: same.map((path, i) => this.#path(path, ['deadlines', deadline, 'same', String(i)])),
        }),
      ),
      silent: new Set(actions.map((action) => action.name).filter((action) => !told.has(action))),
      dataNames: [...this.#dataNames],
    };
  }

  #entry(entry: MappingDocument['events'][number], at: readonly string[]): Entry {
    const named = [entry.action ?? []].flat();
    const known = named
      .filter((name) => !name.startsWith(RECOVER))
      .flatMap((name) => this.#actions(name, [...at, 'action']));
    const actions = known.map(({ name }) => name);
    const recovers = named
      .filter((name) => name.startsWith(RECOVER))
      .map((name) => name.slice(RECOVER.length));
    for (const actor of recovers)
      if (!this.#model.actors.some(({ name }) => name === actor))
        this.#unknown([...at, 'action'], 'actor', actor, this.#model.actors);
    const binders = new Map<string, Datum>();
    for (const [name, datum] of Object.entries(entry.for ?? {})) {
      const binder = known.flatMap((action) => action.binders).find((found) => found.name === name);
      if (binder) binders.set(name, this.#datum(datum, binder.type, [...at, 'for', name]));
      else
        this.#unknown(
          [...at, 'for', name],
          '`for` name',
          name,
          known.flatMap((action) => action.binders),
        );
    }
    return {
      type: entry.type,
      where: Object.entries(entry.where ?? {}).map(([path, value]) => [
        this.#path(path, [...at, 'where', path]),
        value,
      ]),
      actions: new Set(actions),
      recovers: new Set(recovers),
      binders,
      receive: this.#messages(entry.receive, [...at, 'receive']),
      send: this.#messages(entry.send, [...at, 'send']),
      reads: (entry.read ?? []).flatMap((reading, i) =>
        this.#reading(reading, [...at, 'read', String(i)]),
      ),
    };
  }

  /**
   * An action by its name; of a diagram all that an element does, by its id or what it is called.
   */
  #actions(name: string, at: readonly string[]): readonly Action[] {
    const { actions } = this.#model;
    const exact = actions.filter((action) => action.name === name);
    const found =
      exact.length > 0
        ? exact
        : actions.filter(({ elementId, label }) => elementId === name || label === name);
    if (found.length === 0) this.#unknown(at, 'action', name, actions);
    return found;
  }

  #messages(
    given: Readonly<Record<string, DataDocument>> | undefined,
    at: readonly string[],
  ): MessageData {
    const found = new Map<string, ReadonlyMap<string, Datum>>();
    for (const [name, data] of Object.entries(given ?? {})) {
      const channel = this.#model.channels.find((declared) => declared.name === name);
      if (!channel) {
        this.#unknown([...at, name], 'channel', name, this.#model.channels);
        continue;
      }
      const fields = new Map<string, Datum>();
      for (const [field, datum] of Object.entries(data)) {
        const declared = channel.fields.find((each) => each.name === field);
        if (declared) fields.set(field, this.#datum(datum, declared.type, [...at, name, field]));
        else this.#unknown([...at, name, field], 'field', field, channel.fields);
      }
      found.set(name, fields);
    }
    return found;
  }

  #reading(
    { of, cell, value }: NonNullable<MappingDocument['events'][number]['read']>[number],
    at: readonly string[],
  ): readonly CellReading[] {
    const { variables, parameters } = this.#model;
    const variable = variables.find(({ name }) => name === of);
    const declared = variable ?? parameters.find(({ name }) => name === of);
    if (!declared) {
      this.#unknown([...at, 'of'], 'variable or parameter', of, [...variables, ...parameters]);
      return [];
    }
    const keySets = keysOf(declared.type);
    const keys = cell === undefined ? [] : Array.isArray(cell) ? cell : [cell];
    if (keys.length !== keySets.length) {
      this.#report(
        [...at, 'cell'],
        `${of} has ${keySets.length} keys, and here are ${keys.length}`,
      );
      return [];
    }
    return [
      {
        of: variable ? 'variable' : 'parameter',
        name: of,
        keys: keySets.map((set, i) =>
          this.#datum(
            keys[i] as string | DatumDocument,
            { kind: 'element', set, nullable: false },
            [...at, 'cell'],
          ),
        ),
        value: this.#datum(value, cellType(declared.type), [...at, 'value']),
      },
    ];
  }

  #datum(given: string | DatumDocument, type: Type, at: readonly string[]): Datum {
    const {
      path,
      value,
      values,
      cuts,
      scale,
      optional = false,
    } = typeof given === 'string' ? ({ path: given } as DatumDocument) : given;
    if ((path === undefined) === (value === undefined))
      this.#report(at, 'a datum has a `path` or a `value`');
    if ([values, cuts, scale].filter((how) => how !== undefined).length > 1)
      this.#report(at, 'a datum has one of `values`, `cuts` and `scale`');
    if (cuts?.some((cut, i) => typeof cut !== 'number' || cut <= (cuts[i - 1] ?? -Infinity)))
      this.#report([...at, 'cuts'], '`cuts` are numbers that rise');
    return {
      type,
      optional,
      ...(path !== undefined && { path: this.#path(path, at) }),
      ...(value !== undefined && { value }),
      ...(values && { values }),
      ...(cuts && { cuts }),
      ...(scale !== undefined && { scale }),
    };
  }

  #path(text: string, at: readonly string[]): Path {
    const path = parsePath(text);
    if (!path)
      this.#report(at, `\`${text}\` is no path: $ followed by .name, ['name'] or [number]`);
    if (path?.[0] === 'data' && typeof path[1] === 'string') this.#dataNames.add(path[1]);
    return path ?? [];
  }

  #timeFormat(text: string | undefined): Pick<Mapping, 'timeFormat'> {
    if (text === undefined) return {};
    const read = timeFormat(text);
    if (!read.ok) this.#report(['timeFormat'], read.problems[0]?.message ?? '');
    return { timeFormat: text };
  }

  #duration(text: string, at: readonly string[]): number {
    const ms = durationMs(text);
    if (ms === undefined)
      this.#report(at, `\`${text}\` is no duration: P2D, PT10M, P1DT2H30M, in this order`);
    return ms ?? 0;
  }

  #unknown(
    at: readonly string[],
    what: string,
    name: string,
    known: readonly { readonly name: string }[],
  ): void {
    const names = known.map((found) => found.name);
    this.#report(at, `the model has no ${what} \`${name}\`${didYouMean(name, names)}`);
  }

  #report(at: readonly string[], message: string): void {
    this.problems.push(problem('MAPPING_SHAPE', at.join('.'), message, this.#locate(at)));
  }
}

/** The index sets of a map, the outer one first. */
function keysOf(type: Type): readonly string[] {
  return type.kind === 'map' ? [type.from, ...keysOf(type.to)] : [];
}

const DURATION = /^P(?!$)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** `PnDTnHnMnS` in milliseconds. */
export function durationMs(text: string): number | undefined {
  const found = DURATION.exec(text);
  if (!found) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}
