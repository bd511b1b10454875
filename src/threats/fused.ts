import type { ChannelBlock } from '../model/layout.ts';
import { anyNode, type Expr } from '../model/expression.ts';
import { judgedPredicates, type Model } from '../model/model.ts';
import { messageOffset, type Instance } from '../model/semantics.ts';
import { AttackedSystem, type Armed, type AttackedStep } from './attacked.ts';
import { counterAt, harmlessCounters, roomOf } from './counted.ts';
import type { Threat } from './threat.ts';

/** A message that an attacker brings or changes so that it is received. */
interface Offer {
  readonly message: readonly number[];
  /** Whose work it is. */
  readonly ids: readonly string[];
  /** The channel with it, and where in it the message stands. */
  readonly words: readonly number[];
  readonly place: number;
}

/** A choice of offers, for some of an instance's receives. */
interface Choice {
  readonly ids: readonly string[];
  readonly taken: readonly { readonly at: number; readonly block: ChannelBlock; offer: Offer }[];
}

const BRINGING: ReadonlySet<string> = new Set(['forge', 'replay']);

/**
 * A model under threats with fewer states (SEMANTICS 23), in which the same rows of variables are
 * reached as in `AttackedSystem`, and the same errors: enough for `always`, `never` and the
 * implicit properties, and for nothing that speaks of being stuck.
 *
 * In a bag that no expression reads and where nothing must be fresh, a message counts only when it
 * is received, and one more that waits there takes room, which disables steps and enables none. So
 * what a forge, a replay or a tampering does may wait until just before the receive, of which it
 * becomes a part; and a message is taken away only where its place is needed. Where what is taken
 * away can be brought again at any time, nothing need be kept in the bag at all. Messages without
 * content that disable nothing are brought as soon as they can be.
 */
export class FusedSystem extends AttackedSystem {
  readonly #channels: readonly ChannelBlock[];
  /** Those that are emptied after each step, and the id whose work that is. */
  readonly #emptied: readonly { readonly block: ChannelBlock; readonly id: string }[];
  /** Counters that an attacker keeps full, from when `ever` says that some message was there. */
  readonly #filled: readonly {
    readonly at: number;
    readonly id: string;
    readonly ever: number | undefined;
    readonly room: number;
  }[];
  readonly #offered = new Map<string, readonly Offer[]>();
  readonly #bringing = new Map<string, readonly Armed[]>();
  readonly #changing = new Map<string, readonly Armed[]>();
  readonly #receiving: readonly {
    readonly instance: Instance;
    /** Which of its receives are from such bags. */
    readonly from: readonly { readonly at: number; readonly block: ChannelBlock }[];
  }[];

  constructor(model: Model, threats: readonly Threat[]) {
    super(model, threats);
    const names = fusedChannels(model);
    this.#channels = this.world.layout.channels.filter(({ channel }) => names.has(channel.name));
    for (const { channel } of this.#channels) {
      const own = this.armed.filter(({ threat }) => threat.of[0] === channel.name);
      const of = (test: (operator: string) => boolean): Armed[] =>
        own.filter(({ threat }) => test(threat.operator));
      this.#bringing.set(
        channel.name,
        of((operator) => BRINGING.has(operator)),
      );
      this.#changing.set(
        channel.name,
        of((operator) => operator === 'tamper'),
      );
    }
    this.#emptied = this.#channels.flatMap((block) => {
      const bringing = this.#bringing.get(block.channel.name) ?? [];
      const comesAgain = bringing.some(
        ({ threat }) => threat.operator === 'replay' || !block.channel.unguessable?.length,
      );
      const id = `drop.${block.channel.name}`;
      return comesAgain && threats.some((threat) => threat.id === id) ? [{ block, id }] : [];
    });
    const harmless = harmlessCounters(model);
    this.#filled = this.armed.flatMap(({ threat: { id, operator, of } }) => {
      const [name = ''] = of;
      const at = counterAt(this.world, name);
      const ever = operator === 'replay' ? this.world.placeOf(`ever ${name}`) : undefined;
      return at !== undefined && harmless.has(name) && BRINGING.has(operator)
        ? [{ at, id, ever, room: roomOf(model, name) }]
        : [];
    });
    this.#receiving = this.semantics.instances.flatMap((instance) => {
      const from = instance.action.receives.flatMap(({ channel }, at) => {
        const block = this.#channels.find((each) => each.channel.name === channel);
        return block && this.#isTouched(channel) ? [{ at, block }] : [];
      });
      return from.length > 0 ? [{ instance, from }] : [];
    });
  }

  override steps(row: readonly number[], given: (step: AttackedStep) => void): void {
    const sink = (step: AttackedStep): void => given(this.#withFilled(this.#withEmptied(step)));
    this.instanceSteps(row, this.semantics.instances, sink);
    this.recoveries(row, sink);
    this.#attackedReceives(row, sink);
    for (const armed of this.armed) {
      const { operator, of } = armed.threat;
      const block = this.#channels.find(({ channel }) => channel.name === of[0]);
      if (!block || operator === 'alter' || operator === 'sensorFault') this.act(armed, row, sink);
      else if (operator === 'drop' || operator === 'delay') {
        const waiting = row[block.offset] as number;
        const isFull = waiting >= block.channel.capacity;
        this.act(armed, row, (step) => {
          if (isFull || (step.next?.[block.offset] as number) >= waiting) sink(step);
        });
      }
    }
  }

  #withEmptied(step: AttackedStep): AttackedStep {
    const full = this.#emptied.filter(({ block }) => (step.next?.[block.offset] ?? 0) > 0);
    if (full.length === 0 || !step.next) return step;
    const next = [...step.next];
    for (const { block } of full) next.fill(0, block.offset, endOf(block));
    return {
      ...step,
      next,
      ids: united(
        step.ids,
        full.map(({ id }) => id),
      ),
    };
  }

  #withFilled(step: AttackedStep): AttackedStep {
    const { next } = step;
    const low = this.#filled.filter(
      ({ at, ever, room }) => next && next[at] !== room && (ever === undefined || next[ever] === 1),
    );
    if (low.length === 0 || !next) return step;
    const full = [...next];
    for (const { at, room } of low) full[at] = room;
    const ids = low.filter(({ at, room }) => (next[at] as number) < room).map(({ id }) => id);
    return { ...step, next: full, ids: united(step.ids, ids) };
  }

  #isTouched(channel: string): boolean {
    return [this.#bringing, this.#changing].some((by) => (by.get(channel)?.length ?? 0) > 0);
  }

  /** The receives of messages that an attacker brings or changes just before. */
  #attackedReceives(row: readonly number[], sink: (step: AttackedStep) => void): void {
    const state = row.slice(0, this.semantics.layout.width);
    for (const { instance, from } of this.#receiving) {
      if (this.isAway(row, instance.action.actor)) continue;
      let choices: Choice[] = [{ ids: [], taken: [] }];
      for (const { at, block } of from) {
        const offers = this.#offers(row, block);
        choices = choices.flatMap((choice) => [
          choice,
          ...offers.map((offer) => ({
            ids: united(choice.ids, offer.ids),
            taken: [...choice.taken, { at, block, offer }],
          })),
        ]);
      }
      for (const choice of choices) this.#take(instance, choice, row, state, sink);
    }
  }

  #take(
    instance: Instance,
    { ids, taken }: Choice,
    row: readonly number[],
    state: readonly number[],
    sink: (step: AttackedStep) => void,
  ): void {
    if (taken.length === 0 || !this.#isAccepted(instance, taken, state)) return;
    const before = [...row];
    for (const { block, offer } of taken)
      offer.words.forEach((word, i) => (before[block.offset + i] = word));
    this.instanceSteps(
      before,
      [instance],
      (step) => {
        if (taken.every(({ at, offer }) => step.taken[at] === offer.place))
          sink({ ...step, ids: united(step.ids, ids) });
      },
      false,
    );
  }

  /** Most messages are not: found out before anything is made for the step. */
  #isAccepted(instance: Instance, taken: Choice['taken'], state: readonly number[]): boolean {
    const alone = [...state];
    for (const { block, offer } of taken) {
      alone[block.offset] = 1;
      offer.message.forEach((word, i) => (alone[messageOffset(block, 0) + i] = word));
    }
    let isAccepted = false;
    this.semantics.stepsOf(instance, alone, () => (isAccepted = true));
    return isAccepted || this.semantics.mayIdle(instance, alone);
  }

  /** The messages that may be received beside those that the model sent, as they are. */
  #offers(row: readonly number[], block: ChannelBlock): readonly Offer[] {
    const { name } = block.channel;
    const records = [`history ${name}`, 'seen'].map((record) => this.world.placeOf(record) ?? -1);
    const channel = row.slice(block.offset, endOf(block));
    const key = [name, ...channel, ...records.map((at) => row[at] ?? 0)].join(' ');
    let offers = this.#offered.get(key);
    if (!offers) this.#offered.set(key, (offers = this.#offersAt(row, block)));
    return offers;
  }

  #offersAt(row: readonly number[], block: ChannelBlock): readonly Offer[] {
    const { name } = block.channel;
    const found = this.world
      .messages(row, block)
      .map((message): Offered => ({ row, message, ids: [] }));
    for (const { threat, steps } of this.#bringing.get(name) ?? [])
      steps(row, (next, message = []) => found.push({ row: next, message, ids: [threat.id] }));
    for (const { threat, steps } of this.#changing.get(name) ?? []) {
      const unchanged = found.slice();
      for (const offer of unchanged)
        steps(offer.row, (next, message, before) => {
          if (message && before && isSame(before, offer.message) && !isSame(message, before))
            found.push({ row: next, message, ids: united(offer.ids, [threat.id]) });
        });
    }
    return found
      .filter(({ ids }) => ids.length > 0)
      .map(({ row: offered, message, ids }) => ({
        message,
        ids,
        words: offered.slice(block.offset, endOf(block)),
        // Of equal messages the first is the one that is received.
        place: this.world.messages(offered, block).findIndex((each) => isSame(each, message)),
      }));
  }
}

interface Offered {
  readonly row: readonly number[];
  readonly message: readonly number[];
  readonly ids: readonly string[];
}

const endOf = ({ offset, channel, messageWidth }: ChannelBlock): number =>
  offset + 1 + channel.capacity * messageWidth;

const united = (a: readonly string[], b: readonly string[]): readonly string[] =>
  [...new Set([...a, ...b])].sort();

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.every((word, i) => word === b[i]);
}

/** The bags that no expression reads, and where nothing must be fresh. */
export function fusedChannels(model: Model): ReadonlySet<string> {
  const expressions: readonly (Expr | undefined)[] = [
    ...judgedPredicates(model),
    ...model.actions.flatMap(({ when, controls, assignments, sends }) => [
      when,
      ...controls.map(({ condition }) => condition),
      ...assignments.flatMap(({ keys, value }) => [...keys, value]),
      ...sends.flatMap(({ values }) => values),
    ]),
  ];
  const isRead = (name: string): boolean =>
    expressions.some(
      (e) => e && anyNode(e, (node) => node.kind === 'messages' && node.channel === name),
    );
  return new Set(
    model.channels
      .filter(({ order, fresh, name }) => order === 'bag' && !fresh?.length && !isRead(name))
      .map(({ name }) => name),
  );
}
