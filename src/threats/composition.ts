import type { Expr } from '../model/expression.ts';
import { Layout } from '../model/layout.ts';
import type { Action, Assignment, Channel, Model, Variable } from '../model/model.ts';
import { truth } from '../model/scope.ts';
import { BOOL, INT, isFinite, scalarValues, type Type } from '../model/types.ts';
import { Memory } from './memory.ts';
import { conjunctionOf, disjunctionOf, areSame, negated, variableOf } from './terms.ts';
import { kindOf } from './world.ts';

/** The message that a step of a threat takes. */
const TAKEN = 'taken';
/** So many different payloads are kept of what was seen, at least and at most. */
const [LEAST_PLACES, MOST_PLACES] = [2, 4];

/** What a step of a threat does; `takes`: where it takes a message from, at any place. */
export interface AttackStep {
  readonly takes?: string;
  /** What is sent comes where the taken message was. */
  readonly inPlace?: boolean;
  readonly binders?: Action['binders'];
  readonly when?: Expr;
  readonly sends?: Action['sends'];
  /** Who can bring this message can bring it again: nothing is written down of it. */
  readonly isRepeatable?: boolean;
  readonly assignments?: readonly Assignment[];
}

/** What threats add to a model. */
export interface Added {
  readonly attacks: readonly { readonly action: Action; readonly inPlace: boolean }[];
  /** By actor, the flag that nothing of theirs is done. */
  readonly away: ReadonlyMap<string, Expr>;
  readonly sticking: ReadonlyMap<string, string>;
  readonly records: readonly Variable[];
  readonly free: readonly Variable[];
  readonly holds: readonly Channel[];
  readonly forgot: Expr;
}

/** The parameter that says whether a threat may act. */
export const switchOf = (id: string): Expr & { kind: 'cell' } => ({
  kind: 'cell',
  type: BOOL,
  of: 'parameter',
  name: `threat!${id}`,
  keys: [],
});

/** A variable that is false at first. */
export const flagNamed = (name: string, type: Type = BOOL): Variable => ({
  name,
  type,
  init: { kind: 'value', value: truth(false) },
});

/** Collects what threats add: operators say it, `composed.ts` puts it together. */
export class Composition {
  readonly model: Model;
  readonly layout: Layout;
  readonly #holds: Channel[] = [];
  readonly #attacks: { action: Action; inPlace: boolean; isRepeatable: boolean }[] = [];
  readonly #crafted: ReadonlySet<string>;
  readonly #free = new Map<string, Type>();
  readonly #away = new Map<string, Expr>();
  readonly #sticking = new Map<string, string>();
  readonly #history = new Map<string, Memory>();
  readonly #received = new Map<string, Memory>();
  readonly #seen = new Map<string, Memory>();
  #acting = '';

  /** `crafted`: the channels in which attackers make messages of their own. */
  constructor(model: Model, crafted: ReadonlySet<string>) {
    this.#crafted = crafted;
    this.model = model;
    this.layout = new Layout(model);
  }

  /** What follows is said of this threat. */
  of(id: string): this {
    this.#acting = id;
    return this;
  }

  /** A step of the threat. */
  step({
    takes,
    inPlace = false,
    binders = [],
    when,
    sends = [],
    isRepeatable = false,
    assignments = [],
  }: AttackStep): void {
    const name = `${this.#acting}!${this.#attacks.length}`;
    this.#attacks.push({
      inPlace,
      isRepeatable,
      action: {
        name,
        actor: '',
        binders,
        receives: takes === undefined ? [] : [{ channel: takes, local: TAKEN }],
        when: conjunctionOf([switchOf(this.#acting), when ?? truth(true)]),
        controls: [],
        assignments,
        sends,
        fair: 'none',
        perMessage: false,
      },
    });
  }

  /** The fields of the message that is taken. */
  taken(channel: string, fieldsOf = channel): readonly Expr[] {
    return this.layout.channel(fieldsOf).fields.map(({ name, type }) => ({
      kind: 'field',
      type,
      message: { kind: 'local', type: { kind: 'record', channel }, name: TAKEN },
      channel,
      field: name,
    }));
  }

  /** Any message of a channel. */
  picked(channel: string): readonly Expr[] {
    return this.layout
      .channel(channel)
      .fields.map(({ name, type }) => this.pick(`${channel}!${name}`, type));
  }

  /** Any value of a type. */
  pick(of: string, type: Type): Expr {
    this.#free.set(`pick!${of}`, type);
    return variableOf(`pick!${of}`, type);
  }

  /** A place where messages of a channel are held. */
  hold(channel: string): string {
    const name = `hold!${channel}`;
    const { channel: original } = this.layout.channel(channel);
    this.#holds.push({ ...original, name, order: 'bag', medium: 'private' });
    return name;
  }

  /** The flag that an actor can do nothing. */
  away(actor: string): Expr {
    const flag = variableOf(`away!${actor}`, BOOL);
    this.#away.set(actor, flag);
    return flag;
  }

  /** One cell of a variable: names for its keys, and its type. */
  cell(variable: string): {
    readonly binders: Action['binders'];
    readonly keys: readonly Expr[];
    readonly type: Type;
  } {
    const { keySets, type } = this.layout.cell('variable', variable);
    const binders = keySets.map(({ name }, i) => ({
      name: `key!${i}`,
      type: { kind: 'element', set: name, nullable: false } as const,
    }));
    return { binders, keys: binders.map((binder) => ({ kind: 'local', ...binder })), type };
  }

  /** The variable whose cells say that a cell of this one sticks. */
  sticks(variable: string): string {
    this.#sticking.set(variable, `stuck!${variable}`);
    return `stuck!${variable}`;
  }

  /** That a message with this payload has ever stood in the channel. */
  hasStood(channel: string, payload: readonly Expr[]): Expr {
    const types = this.layout.channel(channel).fields.map(({ type }) => type);
    return this.#remembered(this.#history, 'history', channel, types).mayHold(payload);
  }

  /** That the receiver has not taken these fields before, nor has them waiting. */
  isFresh(channel: string, payload: readonly Expr[]): Expr {
    const { fields, channel: of } = this.layout.channel(channel);
    const isKey = (i: number): boolean => of.fresh?.includes(fields[i]?.name ?? '') ?? false;
    if (!of.fresh?.length) return truth(true);
    const key = payload.filter((_, i) => isKey(i));
    const types = fields.filter((_, i) => isKey(i)).map(({ type }) => type);
    const received = this.#remembered(this.#received, 'received', channel, types);
    const record: Type = { kind: 'record', channel };
    const waiting = fields
      .filter((_, i) => isKey(i))
      .map(({ name, type }): Expr => ({
        kind: 'field',
        type,
        message: { kind: 'local', type: record, name: 'other' },
        channel,
        field: name,
      }));
    return conjunctionOf([
      negated(received.holds(key)),
      {
        kind: 'every',
        type: BOOL,
        local: 'other',
        domain: { kind: 'messages', type: { kind: 'list', of: record }, channel },
        body: negated(areSame(waiting, key)),
      },
    ]);
  }

  /** That an attacker may know what stands in the unguessable ones of these fields. */
  isKnown(channel: string, payload: readonly Expr[], only?: string): Expr {
    const { fields, channel: of } = this.layout.channel(channel);
    return conjunctionOf(
      fields.flatMap(({ name, type }, i) => {
        if (!of.unguessable?.includes(name) || (only !== undefined && only !== name)) return [];
        const known = this.#remembered(this.#seen, 'seen', kindOf(type), [this.#joined(type)]);
        return [known.mayHold([payload[i] as Expr])];
      }),
    );
  }

  /** The type that holds all that is of this kind on public channels. */
  #joined(type: Type): Type {
    if (type.kind === 'element') return { ...type, nullable: true };
    if (type.kind !== 'int') return type;
    const ints = this.layout.channels
      .filter(({ channel }) => channel.medium === 'public')
      .flatMap(({ fields }) => fields.flatMap((f) => (f.type.kind === 'int' ? [f.type] : [])));
    if (ints.length === 0 || !ints.every(isFinite)) return INT;
    return {
      kind: 'int',
      lo: Math.min(...ints.map(({ lo }) => lo as number)),
      hi: Math.max(...ints.map(({ hi }) => hi as number)),
    };
  }

  #remembered(
    among: Map<string, Memory>,
    what: string,
    of: string,
    types: readonly Type[],
  ): Memory {
    const memory =
      among.get(of) ?? new Memory(`${what}!${of}`, types, this.#places(what, of), this.layout.set);
    among.set(of, memory);
    memory.readers.add(this.#acting);
    return memory;
  }

  /** So many different messages as the model sends, and one of an attacker who can make some. */
  #places(what: string, of: string): number {
    const sends = this.model.actions.map(({ binders, sends: sent }) => {
      const ways = binders.reduce(
        (n, { type }) => n * scalarValues(type, this.layout.set).length,
        1,
      );
      return ways * sent.filter(({ channel }) => what === 'seen' || channel === of).length;
    });
    const crafted = what === 'seen' || this.#crafted.has(of) ? 1 : 0;
    const all = sends.reduce((a, b) => a + b, crafted);
    return Math.min(MOST_PLACES, Math.max(LEAST_PLACES, all));
  }

  /** What the threats add, once all of them have said it. */
  get added(): Added {
    const memories = [this.#history, this.#received, this.#seen].flatMap((of) => [...of.values()]);
    return {
      attacks: this.#attacks.map(({ action, inPlace, isRepeatable }) => ({
        inPlace,
        action: isRepeatable ? action : this.recording(action, false),
      })),
      away: this.#away,
      sticking: this.#sticking,
      records: memories.flatMap(({ variables }) => variables),
      forgot: disjunctionOf(
        memories.map(({ forgot, readers }) =>
          conjunctionOf([forgot, disjunctionOf([...readers].map((id) => switchOf(id)))]),
        ),
      ),
      free: [...this.#free].map(([name, type]) => ({ name, type, init: { kind: 'any' } })),
      holds: this.#holds,
    };
  }

  /** A step with what is written down of it: what attackers take counts as received by nobody. */
  recording(action: Action, isOwn = true): Action {
    const notes: Assignment[] = [];
    for (const [channel, memory] of this.#history) {
      const sent = action.sends.filter((send) => send.channel === channel);
      if (sent.length > 0) notes.push(...memory.keep(sent.map(({ values }) => values)));
    }
    for (const [channel, memory] of isOwn ? this.#received : []) {
      const { fields, channel: of } = this.layout.channel(channel);
      const taken = action.receives.filter((receive) => receive.channel === channel);
      if (taken.length === 0) continue;
      const keys = fields.filter(({ name }) => of.fresh?.includes(name));
      const payloads = taken.map(({ local }) =>
        keys.map(({ name, type }): Expr => ({
          kind: 'field',
          type,
          message: { kind: 'local', type: { kind: 'record', channel }, name: local },
          channel,
          field: name,
        })),
      );
      notes.push(...memory.keep(payloads));
    }
    for (const [kind, memory] of isOwn ? this.#seen : []) {
      const values = action.sends.flatMap((send) => {
        const { fields, channel } = this.layout.channel(send.channel);
        if (channel.medium !== 'public') return [];
        return send.values.filter((_, i) => kindOf(fields[i]?.type ?? BOOL) === kind);
      });
      if (values.length > 0) notes.push(...memory.keep(values.map((value) => [value])));
    }
    return notes.length === 0
      ? action
      : { ...action, assignments: [...action.assignments, ...notes] };
  }
}
