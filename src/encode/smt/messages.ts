import { invariant } from '../../errors/index.ts';
import type { Expr } from '../../model/expression.ts';
import type { ChannelBlock, Layout } from '../../model/layout.ts';
import type { Action } from '../../model/model.ts';
import { assign, iteField } from './cells.ts';
import type { Declared } from './declared.ts';
import {
  type ChannelTerms,
  describeType,
  type FieldTerms,
  type LocalTerms,
  type RecordTerms,
  type Symbolic,
} from './symbolic.ts';
import { smtAnd, smtEq, smtInt, smtIte, type Term } from './terms.ts';

/** One way to take a step: an action, what its names stand for, and which messages it takes. */
export interface MovingStep {
  readonly action: Action;
  readonly locals: LocalTerms;
  /** For each receive the number of a message value, or of a slot. */
  readonly choice: readonly number[];
  /** What is sent comes where the taken message was. */
  readonly inPlace: boolean;
}

export type MessageSlots = Extract<ChannelTerms, { kind: 'slots' }>;

/** What a step makes of the channels that it takes from and sends to. */
export class MessageMoves {
  readonly #layout: Layout;
  readonly #declared: Declared;
  readonly #symbolic: Symbolic;

  constructor(layout: Layout, declared: Declared, symbolic: Symbolic) {
    this.#layout = layout;
    this.#declared = declared;
    this.#symbolic = symbolic;
  }

  /** Notes the channels as they are after the step. */
  move(step: MovingStep, after: Map<Term, Term>): void {
    const { receives, sends } = step.action;
    for (const name of new Set([...receives, ...sends].map(({ channel }) => channel))) {
      const channel = this.#declared.channelTerms(name);
      const block = this.#layout.channel(name);
      if (channel.kind === 'slots') this.#inSlots(channel, block, step, after);
      else this.#inCounters(channel, block, step, after);
    }
  }

  #taken({ action, choice }: MovingStep, { channel: { name } }: ChannelBlock): readonly number[] {
    return action.receives.flatMap((r, i) => (r.channel === name ? [choice[i] as number] : []));
  }

  #sent({ action, locals }: MovingStep, block: ChannelBlock): readonly RecordTerms[] {
    return action.sends
      .filter(({ channel }) => channel === block.channel.name)
      .map(({ values }) =>
        block.fields.map((field, i) =>
          this.#symbolic.stored(values[i] as Expr, field.type, locals),
        ),
      );
  }

  /**
   * One copy less of what is received, one more of what is sent; a payload outside its range is an
   * error step, not this one.
   */
  #inCounters(
    channel: Extract<ChannelTerms, { kind: 'counters' }>,
    block: ChannelBlock,
    step: MovingStep,
    after: Map<Term, Term>,
  ): void {
    const [taken, sent] = [this.#taken(step, block), this.#sent(step, block)];
    channel.counters.forEach(({ message, copies }, i) => {
      const changes = [
        ...taken.filter((position) => position === i).map(() => '(- 1)'),
        ...sent
          .map((values) =>
            smtIte(
              smtAnd(values.map((value, f) => smtEq(value as Term, message[f] as Term))),
              '1',
              '0',
            ),
          )
          .filter((change) => change !== '0'),
      ];
      const constant = changes.every((change) => change === '1' || change === '(- 1)');
      const net = changes.reduce((n, change) => n + (change === '1' ? 1 : -1), 0);
      if (constant) after.set(copies, net === 0 ? copies : `(+ ${copies} ${smtInt(net)})`);
      else after.set(copies, `(+ ${copies} ${changes.join(' ')})`);
    });
  }

  /**
   * Slots shift down over the received message, and sent ones follow the last; unused slots return
   * to zero.
   */
  #inSlots(
    { count, slots }: MessageSlots,
    block: ChannelBlock,
    step: MovingStep,
    after: Map<Term, Term>,
  ): void {
    const [taken, sent] = [this.#taken(step, block), this.#sent(step, block)];
    invariant(taken.length <= 1, 'channels of receives are distinct');
    const [position] = taken;
    const put = (slot: RecordTerms, value: RecordTerms): void =>
      slot.forEach((field, f) => assign(after, field, value[f] as FieldTerms, 'true'));
    if (step.inPlace && position !== undefined)
      return put(slots[position] as RecordTerms, sent[0] as RecordTerms);
    const shifted = slots.map((slot, i) =>
      position !== undefined && i >= position ? (slots[i + 1] ?? this.#zeroSlot(block)) : slot,
    );
    const remaining = position === undefined ? count : `(- ${count} 1)`;
    slots.forEach((slot, i) => {
      const value = sent.reduce<RecordTerms>((current, message, k) => {
        const here = smtEq(k === 0 ? remaining : `(+ ${remaining} ${k})`, String(i));
        return current.map((field, f) => iteField(here, message[f] as FieldTerms, field));
      }, shifted[i] as RecordTerms);
      put(slot, value);
    });
    const change = sent.length - taken.length;
    after.set(count, change === 0 ? count : `(+ ${count} ${smtInt(change)})`);
    return undefined;
  }

  #zeroSlot(block: ChannelBlock): RecordTerms {
    return block.fields.map((field): FieldTerms => {
      if (field.type.kind !== 'set') return describeType(field.type) === 'Bool' ? 'false' : '0';
      return this.#symbolic.base(field.type).map((value) => ({ value, present: 'false' }));
    });
  }
}
