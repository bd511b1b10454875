import { startAt, starts, valuations } from '../model/initial.ts';
import type { ChannelBlock } from '../model/layout.ts';
import type { Action, Model } from '../model/model.ts';
import { multisetDifference } from '../model/multiset.ts';
import { ERROR_BIT, Semantics, type ErrorBits, type Instance } from '../model/semantics.ts';
import { capacitiesOf, counterAt } from './counted.ts';
import { OPERATORS } from './operators/index.ts';
import type { Threat, ThreatSteps } from './threat.ts';
import { variantsOf, type Variant } from './variants.ts';
import { freshKey, seenKey, World } from './world.ts';

/** A step of a model under threats. Without ids it is a step of the model. */
export interface AttackedStep {
  /** Whose work it is: every id must be at hand for the step to be taken. */
  readonly ids: readonly string[];
  /** The instance behind it, where an action is taken, with or without its controls. */
  readonly instance?: Instance;
  /** What the model calls the action. */
  readonly action?: Action;
  /** The actor whose outage ends. */
  readonly recovers?: string;
  /** Absent for an error step. */
  readonly next?: readonly number[];
  readonly errors: ErrorBits;
  /** The positions of the received messages; reused between calls. */
  readonly taken: readonly number[];
}

/** A threat with its steps. */
export interface Armed {
  readonly threat: Threat;
  readonly steps: ThreatSteps;
}

/**
 * A model under threats (SEMANTICS 17–20): the steps of the one semantics, with what flags that
 * threats have set make of them, and the steps of the threats themselves.
 */
export class AttackedSystem {
  readonly world: World;
  readonly semantics: Semantics;
  readonly model: Model;
  readonly threats: readonly Threat[];
  readonly #variants = new Map<string, Variant>();
  protected readonly armed: readonly Armed[];
  readonly #away: ReadonlyMap<string, number>;
  readonly #recovering: readonly { readonly actor: string; readonly flag: number }[];
  readonly #stuck: readonly { flag: number; offset: number; width: number }[];
  readonly #histories: readonly { readonly block: ChannelBlock; readonly at: number }[];
  /** Where it stands that a counter was ever above 0. */
  readonly #ever: readonly { readonly counter: number; readonly at: number }[];
  /** The most messages of each counter. */
  readonly #capacities: ReturnType<typeof capacitiesOf>;
  readonly #received: ReadonlyMap<string, number>;
  readonly #seen: number | undefined;
  readonly #publicChannels: ReadonlySet<string>;

  readonly #fullBlocks: boolean;

  /**
   * `fullBlocks`: a send to a full channel is no step (SEMANTICS 20), as it is for all analyses of
   * threats; else it is the error that it is in the model alone. `integers`: as `World` has it.
   */
  constructor(
    model: Model,
    threats: readonly Threat[],
    fullBlocks = true,
    integers?: readonly number[],
  ) {
    this.model = model;
    this.threats = threats;
    this.#fullBlocks = fullBlocks;
    const variants = variantsOf(model, threats);
    for (const variant of variants) this.#variants.set(variant.action.name, variant);
    this.semantics = new Semantics({ ...model, actions: variants.map(({ action }) => action) });
    this.world = new World(this.semantics, integers);
    this.armed = threats.flatMap((threat) => {
      const row = OPERATORS.find(({ name }) => name === threat.operator);
      return row?.arm ? [{ threat, steps: row.arm(threat.of, this.world) }] : [];
    });
    const { world } = this;
    const layout = this.semantics.layout;
    this.#away = new Map(world.places('unavailable ').map(({ name, at }) => [name, at]));
    this.#recovering = model.actors.flatMap(({ name, recovers }) => {
      const flag = this.#away.get(name);
      return recovers && flag !== undefined ? [{ actor: name, flag }] : [];
    });
    this.#stuck = layout.variables.flatMap(({ name, cells, width, offset }) => {
      const flags = world.places('stuck ').filter((flag) => flag.name.split('[')[0] === name);
      return flags.slice(0, cells).map(({ at }, i) => ({
        flag: at,
        offset: offset + i * width,
        width,
      }));
    });
    this.#histories = world
      .places('history ')
      .map(({ name, at }) => ({ block: layout.channel(name), at }));
    this.#ever = world.places('ever ').flatMap(({ name, at }) => {
      const counter = counterAt(world, name);
      return counter === undefined ? [] : [{ counter, at }];
    });
    this.#capacities = capacitiesOf(world);
    this.#received = new Map(world.places('received ').map(({ name, at }) => [name, at]));
    this.#seen = world.placeOf('seen');
    this.#publicChannels = new Set(
      model.channels.filter(({ medium }) => medium === 'public').map(({ name }) => name),
    );
  }

  get width(): number {
    return this.world.width;
  }

  /** Every initial row of every valuation; one that is wrong from the start is left out. */
  *starts(): Generator<number[]> {
    for (const valuation of valuations(this.semantics))
      for (const { state, errors } of starts(this.semantics, valuation))
        if (errors === 0) yield this.#fresh(state);
  }

  /** The initial row of this state, also where only samples are tried; nothing if it is none. */
  startAt(state: readonly number[]): number[] | undefined {
    const start = startAt(this.semantics, state);
    return start?.errors === 0 ? this.#fresh(start.state) : undefined;
  }

  #fresh(state: readonly number[]): number[] {
    return [...state, ...new Array<number>(this.width - state.length).fill(0)];
  }

  /** The row of a state that nothing is remembered of but what stands in its channels. */
  from(state: readonly number[]): number[] {
    const { width } = this.semantics.layout;
    const row = [...state.slice(0, width), ...new Array<number>(this.width - width).fill(0)];
    this.#recordHistory(row);
    return row;
  }

  /** What the model calls the action of an instance, with its controls or without. */
  actionOf(instance: Instance): Action {
    return (this.#variants.get(instance.action.name) as Variant).original;
  }

  /** Whether an actor can do nothing in a row. */
  isAway(row: readonly number[], actor: string): boolean {
    const flag = this.#away.get(actor);
    return flag !== undefined && row[flag] === 1;
  }

  /** All steps of a row. */
  steps(row: readonly number[], sink: (step: AttackedStep) => void): void {
    this.instanceSteps(row, this.semantics.instances, sink);
    this.recoveries(row, sink);
    for (const armed of this.armed) this.act(armed, row, sink);
  }

  /** An actor who was away comes back. */
  protected recoveries(row: readonly number[], sink: (step: AttackedStep) => void): void {
    for (const { actor, flag } of this.#recovering) {
      if (row[flag] !== 1) continue;
      const next = [...row];
      next[flag] = 0;
      sink({ ids: [], recovers: actor, next, errors: 0, taken: [] });
    }
  }

  /** The steps of one threat. */
  protected act(
    { threat, steps }: Armed,
    row: readonly number[],
    sink: (step: AttackedStep) => void,
  ): void {
    const ids = [threat.id];
    steps(row, (next) => {
      if (!this.world.differs(row, next)) return;
      this.#recordHistory(next, row);
      sink({ ids, next, errors: 0, taken: [] });
    });
  }

  /**
   * The steps of some actions, with their controls or without. `isRecorded`: what stands in the
   * row's channels has been recorded before.
   */
  protected instanceSteps(
    row: readonly number[],
    instances: readonly Instance[],
    sink: (step: AttackedStep) => void,
    isRecorded = true,
  ): void {
    const state = row.slice(0, this.semantics.layout.width);
    for (const instance of instances) {
      if (this.isAway(row, instance.action.actor)) continue;
      const variant = this.#variants.get(instance.action.name) as Variant;
      const { ids, original: action } = variant;
      this.semantics.stepsOf(instance, state, (_, after, errors, taken) => {
        // A send to a full channel blocks its step (SEMANTICS 20); what is undefined came first.
        if (this.#fullBlocks && (errors & ERROR_BIT.withinCapacity) !== 0) return;
        if (!after) return sink({ ids, instance, action, errors, taken });
        if (this.#capacities.some(({ at, most }) => overflows(state[at], after[at], most))) return;
        const next = [...after, ...row.slice(state.length)];
        if (this.#stuck.length > 0) {
          this.#hold(row, next);
          if (!this.world.differs(row, next)) return undefined;
        }
        this.#record(instance, row, next, taken, isRecorded);
        return sink({ ids, instance, action, next, errors: 0, taken });
      });
    }
  }

  /** An assignment to a stuck cell has no effect. */
  #hold(row: readonly number[], next: number[]): void {
    for (const { flag, offset, width } of this.#stuck)
      if (row[flag] === 1)
        for (let i = offset; i < offset + width; i += 1) next[i] = row[i] as number;
  }

  #record(
    instance: Instance,
    row: readonly number[],
    next: number[],
    taken: readonly number[],
    isRecorded: boolean,
  ): void {
    const { sets, layout } = this.world;
    instance.action.receives.forEach(({ channel }, i) => {
      const at = this.#received.get(channel);
      if (at === undefined) return;
      const block = layout.channel(channel);
      const message = this.world.messages(row, block)[taken[i] as number] as number[];
      next[at] = sets.with(next[at] as number, freshKey(block, message));
    });
    if (this.#seen !== undefined)
      for (const { channel } of instance.action.sends) {
        if (!this.#publicChannels.has(channel)) continue;
        const block = layout.channel(channel);
        for (const message of this.#sent(instance, block, row, next, taken))
          for (const field of block.fields)
            next[this.#seen] = sets.with(next[this.#seen] as number, seenKey(field, message));
      }
    this.#recordHistory(next, isRecorded ? row : undefined);
  }

  /**
   * What stands in a channel after a step was in it. One that is as it was before holds nothing
   * new.
   */
  #recordHistory(next: number[], before?: readonly number[]): void {
    for (const { counter, at } of this.#ever) if ((next[counter] as number) > 0) next[at] = 1;
    for (const { block, at } of this.#histories)
      if (!before || isChanged(block, before, next))
        for (const message of this.world.messages(next, block))
          next[at] = this.world.sets.with(next[at] as number, `(${message.join(',')})`);
  }

  /** The messages after a step, less those that were there and were not received. */
  #sent(
    instance: Instance,
    block: ChannelBlock,
    row: readonly number[],
    next: readonly number[],
    taken: readonly number[],
  ): number[][] {
    const at = instance.action.receives.findIndex(({ channel }) => channel === block.channel.name);
    const rest = this.world.messages(row, block).filter((_, i) => at < 0 || i !== taken[at]);
    return multisetDifference(this.world.messages(next, block), rest, String);
  }
}

/** Whether a counter passes what it may hold. */
function overflows(before = 0, after = 0, most: number): boolean {
  return after > most && after > before;
}

/** Whether a channel holds anything else than before. */
function isChanged(
  { offset, messageWidth, channel }: ChannelBlock,
  before: readonly number[],
  after: readonly number[],
): boolean {
  const end = offset + 1 + channel.capacity * messageWidth;
  for (let i = offset; i < end; i += 1) if (before[i] !== after[i]) return true;
  return false;
}
