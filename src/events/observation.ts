import type { Layout } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { NULL_VALUE, scalarValues, type Type } from '../model/types.ts';
import type { Datum, Entry, Mapping, MessageData } from './mapping.ts';
import { valueAtPath } from './path.ts';

/** Words of the model by name: what an event says of a step. */
type Words = ReadonlyMap<string, number>;

/** What an event tells of a case, in words of the model (SEMANTICS 25). */
export interface Observation {
  readonly id: string;
  /** The place of the entry in the mapping. */
  readonly entry: number;
  /** The same for all that say the same. */
  readonly says: string;
  readonly actions: ReadonlySet<string>;
  readonly recovers: ReadonlySet<string>;
  /** By the `for` name. */
  readonly binders: Words;
  /** By channel and field. */
  readonly receive: ReadonlyMap<string, Words>;
  readonly send: ReadonlyMap<string, Words>;
  readonly reads: readonly ReadWord[];
}

/** A word of a row, and what it is said to be. */
export interface ReadWord {
  readonly of: 'variable' | 'parameter';
  readonly offset: number;
  readonly word: number;
}

/** Why an event is no observation. */
export type Unseen =
  | { readonly is: 'unmapped' }
  | { readonly is: 'unreadable'; readonly why: string }
  | { readonly is: 'beyondModel'; readonly why: string };

/** A datum without a value of the model. */
class NoWord extends Error {
  readonly is: 'unreadable' | 'beyondModel';
  constructor(is: 'unreadable' | 'beyondModel', why: string) {
    super(why);
    this.is = is;
  }
}

/** Reads the events of one case: real ids take elements in the order in which they first come. */
export class Observer {
  readonly #mapping: Mapping;
  readonly #layout: Layout;
  readonly #model: Model;
  /** Whether all data are written out as text, as in a log. */
  readonly #written: boolean;
  /** Real id → element, by set. */
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;

  constructor(
    mapping: Mapping,
    model: Model,
    layout: Layout,
    elements: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(),
    written = false,
  ) {
    this.#mapping = mapping;
    this.#model = model;
    this.#layout = layout;
    this.elements = elements;
    this.#written = written;
  }

  /** The observation of an event, and who reads the next one. */
  read(
    id: string,
    event: unknown,
  ): { readonly seen: Observation | Unseen; readonly next: Observer } {
    const type = (event as { readonly type?: unknown }).type;
    const entry = this.#mapping.entries.find(
      (found) =>
        found.type === type &&
        found.where.every(([path, value]) => this.#says(valueAtPath(path, event), value)),
    );
    if (!entry) return { seen: { is: 'unmapped' }, next: this };
    const bound = new Map([...this.elements].map(([set, ids]) => [set, new Map(ids)]));
    try {
      const seen = this.#observation(id, entry, event, bound);
      const next = new Observer(this.#mapping, this.#model, this.#layout, bound, this.#written);
      return { seen, next };
    } catch (error) {
      if (!(error instanceof NoWord)) throw error;
      return { seen: { is: error.is, why: error.message }, next: this };
    }
  }

  #says(found: unknown, value: unknown): boolean {
    const said = JSON.stringify(value);
    return (
      JSON.stringify(found) === said ||
      (this.#written && typeof found === 'string' && typeof value !== 'string' && found === said)
    );
  }

  #observation(
    id: string,
    entry: Entry,
    event: unknown,
    bound: Map<string, Map<string, string>>,
  ): Observation {
    const word = (datum: Datum): number | undefined => this.#word(datum, event, bound);
    const words = (data: ReadonlyMap<string, Datum>): Words => {
      const found = new Map<string, number>();
      for (const [name, datum] of data) {
        const value = word(datum);
        if (value !== undefined) found.set(name, value);
      }
      return found;
    };
    const messages = (data: MessageData): ReadonlyMap<string, Words> =>
      new Map([...data].map(([channel, fields]) => [channel, words(fields)]));
    const binders = words(entry.binders);
    const [receive, send] = [messages(entry.receive), messages(entry.send)];
    const reads = entry.reads.flatMap(({ of, name, keys, value }): ReadWord[] => {
      const block = this.#layout.cell(of, name);
      const at = keys.map(word);
      const said = word(value);
      if (said === undefined || at.some((key) => key === undefined)) return [];
      const cell = block.keySets.reduce(
        (index, set, i) => index * set.elements.length + (at[i] as number),
        0,
      );
      return [{ of, offset: block.offset + cell * block.width, word: said }];
    });
    const at = this.#mapping.entries.indexOf(entry);
    const said = [
      at,
      [...binders],
      [...receive].map(([channel, fields]) => [channel, ...fields]),
      [...send].map(([channel, fields]) => [channel, ...fields]),
      reads.map(({ offset, word: value }) => [offset, value]),
    ];
    return {
      id,
      entry: at,
      says: JSON.stringify(said),
      actions: entry.actions,
      recovers: entry.recovers,
      binders,
      receive,
      send,
      reads,
    };
  }

  /** The word that a datum stands for; nothing where it may be missing, and is. */
  #word(datum: Datum, event: unknown, bound: Map<string, Map<string, string>>): number | undefined {
    const given = datum.path ? valueAtPath(datum.path, event) : datum.value;
    try {
      return this.#converted(datum, given, bound);
    } catch (error) {
      if (error instanceof NoWord && error.is === 'unreadable' && datum.optional) return undefined;
      throw error;
    }
  }

  #converted(
    { type, values, cuts, scale }: Datum,
    given: unknown,
    bound: Map<string, Map<string, string>>,
  ): number {
    if (given === undefined) throw new NoWord('unreadable', 'a datum is missing');
    if (values) {
      const key = typeof given === 'string' ? given : JSON.stringify(given);
      if (!Object.hasOwn(values, key))
        throw new NoWord('beyondModel', `${JSON.stringify(given)} stands for no value`);
      return this.#plain(type, values[key], bound);
    }
    if (cuts) {
      const measured = numberIn(given);
      const level = cuts.filter((cut) => measured >= cut).length;
      const found = scalarValues(type, this.#layout.set)[level];
      if (found === undefined)
        throw new NoWord('beyondModel', `${measured} is beyond the last cut`);
      return found;
    }
    if (scale !== undefined) {
      // Not 19.99 * 100 = 1998.9999…: what is whole but for the rounding of the product is whole.
      const scaled = Number((numberIn(given) * scale).toPrecision(15));
      if (!Number.isInteger(scaled))
        throw new NoWord('unreadable', `${text(given)} times ${scale} is not whole`);
      return this.#plain(type, scaled, bound);
    }
    return this.#plain(type, given, bound);
  }

  #plain(type: Type, given: unknown, bound: Map<string, Map<string, string>>): number {
    switch (type.kind) {
      case 'bool':
        if (this.#written && (given === 'true' || given === 'false'))
          return Number(given === 'true');
        if (typeof given !== 'boolean') throw new NoWord('unreadable', `${text(given)} is no bool`);
        return Number(given);
      case 'int': {
        const whole = this.#written ? numberIn(given) : given;
        if (typeof whole !== 'number' || !Number.isInteger(whole))
          throw new NoWord('unreadable', `${text(given)} is no whole number`);
        const { lo = -Infinity, hi = Infinity } = type;
        if (whole < lo || whole > hi || !Number.isSafeInteger(whole))
          throw new NoWord('beyondModel', `${whole} is beyond ${lo}..${hi}`);
        return whole;
      }
      case 'enum': {
        if (typeof given !== 'string') throw new NoWord('unreadable', `${text(given)} is no text`);
        const member = type.members.indexOf(given);
        if (member < 0) throw new NoWord('beyondModel', `${given} is no member of the model`);
        return member;
      }
      case 'element': {
        if (given === null && type.nullable) return NULL_VALUE;
        if (typeof given !== 'string') throw new NoWord('unreadable', `${text(given)} is no id`);
        return this.#element(type.set, given, bound);
      }
      default:
        throw new NoWord('unreadable', 'values of this type cannot be read from events');
    }
  }

  #element(set: string, id: string, bound: Map<string, Map<string, string>>): number {
    const { elements } = this.#layout.set(set);
    const how = this.#mapping.elements.get(set) ?? 'next';
    const ids = bound.get(set) ?? new Map<string, string>();
    const known = how === 'next' ? ids.get(id) : how.get(id);
    if (known !== undefined) {
      bound.set(set, ids.set(id, known));
      return elements.indexOf(known);
    }
    const free = elements.find((element) => ![...ids.values()].includes(element));
    if (how !== 'next' || free === undefined)
      throw new NoWord('beyondModel', `${id} is more ${set} than the model has`);
    bound.set(set, ids.set(id, free));
    return elements.indexOf(free);
  }
}

/** What is measured may come as a number or as one written out, as many gateways send it. */
function numberIn(value: unknown): number {
  const isWritten = typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value);
  if (typeof value !== 'number' && !isWritten)
    throw new NoWord('unreadable', `${text(value)} is no number`);
  return Number(value);
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
