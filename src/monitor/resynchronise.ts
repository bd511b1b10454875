import type { ChannelBlock } from '../model/layout.ts';
import type { Action, Model } from '../model/model.ts';
import { insertMessage, messageOffset, Semantics } from '../model/semantics.ts';
import { TooManyValues, type World } from '../threats/world.ts';
import { agrees, bindingFits } from '../events/agreement.ts';
import { keyOf, type Belief, type Held } from './belief.ts';
import type { Observation } from '../events/observation.ts';

/**
 * The states that an event that nothing explains leads to, with the guard of its action ignored
 * (SEMANTICS 27): whatever forbids it, and whether its message is there. One that agrees is taken,
 * at any place; else it is as the event says, and the rest is open. A reading is written into its
 * cell. An effect that is an error gives no state.
 */
export function resynchronised(
  model: Model,
  world: World,
  belief: Belief,
  seen: Observation,
): readonly Held[] {
  const found = new Map<string, Held>();
  const forced = model.actions
    .filter(({ name }) => seen.actions.has(name))
    .map((action) => new Forced(model, action, world));
  for (const held of belief.values()) {
    if (held.error) continue;
    const state = held.row.slice(0, world.layout.width);
    const nexts =
      seen.actions.size === 0 ? [state] : forced.flatMap((action) => action.after(state, seen));
    for (const next of nexts) {
      const row = [...next];
      for (const { of, offset, word } of seen.reads) if (of === 'variable') row[offset] = word;
      const taken: Held = { row, broken: held.broken, error: false };
      found.set(keyOf(taken), taken);
    }
  }
  return [...found.values()];
}

/** An action without what forbids it. */
class Forced {
  readonly #semantics: Semantics;
  readonly #action: Action;
  readonly #world: World;

  constructor(model: Model, action: Action, world: World) {
    this.#action = { ...action, when: undefined, controls: [] };
    this.#semantics = new Semantics({ ...model, actions: [this.#action] });
    this.#world = world;
  }

  after(state: readonly number[], seen: Observation): number[][] {
    const found: number[][] = [];
    for (const chosen of this.#choices(state, seen, this.#action.receives)) {
      const offered = this.#offering(state, chosen);
      for (const instance of this.#semantics.instances) {
        if (!bindingFits(instance, seen)) continue;
        const back = (next: readonly number[]): void => {
          const whole = this.#putBack(state, next, chosen);
          if (whole && this.#sends(seen, next, chosen)) found.push(whole);
        };
        this.#semantics.stepsOf(instance, offered, (_, next) => {
          if (next) back(next);
        });
        if (this.#semantics.mayIdle(instance, offered)) back(offered);
      }
    }
    return found;
  }

  /** For each message that the action receives, which it may have been. */
  #choices(
    state: readonly number[],
    seen: Observation,
    receives: Action['receives'],
  ): ReadonlyMap<string, readonly number[]>[] {
    return receives.reduce<Map<string, readonly number[]>[]>(
      (found, { channel }) => {
        const block = this.#world.layout.channel(channel);
        const said = seen.receive.get(channel) ?? new Map<string, number>();
        const fits = (message: readonly number[]): boolean => agrees(block, message, said);
        const there = this.#world.messages(state, block).filter(fits);
        const options = there.length > 0 ? there : this.#payloads(block, said);
        return found.flatMap((chosen) =>
          options.map((message) => new Map([...chosen, [channel, message]])),
        );
      },
      [new Map()],
    );
  }

  /** What a message may be: each field as the event says, else any value of its type. */
  #payloads(block: ChannelBlock, said: ReadonlyMap<string, number>): number[][] {
    try {
      return block.fields.reduce<number[][]>(
        (heads, { name, type }) => {
          const word = said.get(name);
          const values = word === undefined ? this.#world.values(type) : [[word]];
          return heads.flatMap((head) => values.map((value) => [...head, ...value]));
        },
        [[]],
      );
    } catch (error) {
      // One that could be anything of too much leads to no state that could be followed.
      if (error instanceof TooManyValues) return [];
      throw error;
    }
  }

  /** The state with nothing but the chosen messages in the channels that are received from. */
  #offering(state: readonly number[], chosen: ReadonlyMap<string, readonly number[]>): number[] {
    const offered = [...state];
    for (const [channel, message] of chosen) {
      const block = this.#world.layout.channel(channel);
      empty(offered, block);
      insertMessage(offered, block, message);
    }
    return offered;
  }

  /** The messages that were there and were not received, before what was sent meanwhile. */
  #putBack(
    state: readonly number[],
    next: readonly number[],
    chosen: ReadonlyMap<string, readonly number[]>,
  ): number[] | undefined {
    const whole = [...next];
    for (const [channel, message] of chosen) {
      const block = this.#world.layout.channel(channel);
      const there = this.#world.messages(state, block);
      const at = there.findIndex((found) => found.join() === message.join());
      const sent = this.#world.messages(next, block);
      const all = [...there.filter((_, i) => i !== at), ...sent];
      if (all.length > block.channel.capacity) return undefined;
      empty(whole, block);
      for (const each of all) insertMessage(whole, block, each);
    }
    return whole;
  }

  /** Whether it sent what the event says. */
  #sends(
    seen: Observation,
    next: readonly number[],
    chosen: ReadonlyMap<string, readonly number[]>,
  ): boolean {
    return [...seen.send].every(([channel, fields]) => {
      const block = this.#world.layout.channel(channel);
      const messages = this.#world.messages(next, block);
      return chosen.has(channel) || messages.some((message) => agrees(block, message, fields));
    });
  }
}

function empty(row: number[], block: ChannelBlock): void {
  row[block.offset] = 0;
  row.fill(0, messageOffset(block, 0), messageOffset(block, block.channel.capacity));
}
