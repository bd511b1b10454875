import { type FieldBlock, SET_BITS, type State } from '../../model/layout.ts';
import { insertMessage, messageOffset } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import { Unencodable } from '../definedness.ts';
import { fewMessages } from './cells.ts';
import type { Declared } from './declared.ts';
import { describeType, type FieldTerms } from './symbolic.ts';
import { smtAnd, smtEq, smtInt, smtNot, type Term } from './terms.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';

/** States as the semantics knows them, and as values of the SMT variables: there and back. */
export class StateValues {
  readonly #declared: Declared;

  constructor(declared: Declared) {
    this.#declared = declared;
  }

  valuation(words: readonly number[]): Term {
    return smtAnd(
      this.#declared.layout.parameters.flatMap((block) =>
        this.#declared.cellsOf(block).map((cell, i) => {
          const at = block.offset + i * block.width;
          if (typeof cell !== 'string')
            return smtAnd(
              cell.map((flag, bit) =>
                smtEq(
                  flag.present,
                  String(
                    (((words[at + Math.floor(bit / SET_BITS)] as number) >> (bit % SET_BITS)) &
                      1) ===
                      1,
                  ),
                ),
              ),
            );
          return smtEq(
            cell,
            block.type.kind === 'bool' ? String(words[at] === 1) : smtInt(words[at] as number),
          );
        }),
      ),
    );
  }

  cube(state: State): Term {
    const ambiguous = this.#declared.layout.channels.some(
      (block) =>
        block.channel.order === 'bag' &&
        this.#declared.channelTerms(block.channel.name).kind === 'slots' &&
        (state[block.offset] as number) > 1,
    );
    if (ambiguous) throw new Unencodable('a bag with several messages in slots');
    const values = this.values(state);
    return smtAnd(
      this.#declared.variables.map((v, i) =>
        v.sort === 'Bool'
          ? values[i] === true
            ? v.name
            : smtNot(v.name)
          : smtEq(v.name, smtInt(values[i] as number)),
      ),
    );
  }

  values(state: State, backwards = false): (number | boolean)[] {
    const values = new Map<string, number | boolean>();
    const put = (field: FieldTerms, type: Type, at: number): void => {
      if (typeof field === 'string')
        values.set(field, describeType(type) === 'Bool' ? state[at] === 1 : (state[at] as number));
      else
        field.forEach((flag, bit) =>
          values.set(
            flag.present,
            (((state[at + Math.floor(bit / SET_BITS)] as number) >> (bit % SET_BITS)) & 1) === 1,
          ),
        );
    };
    for (const block of [...this.#declared.layout.parameters, ...this.#declared.layout.variables])
      this.#declared
        .cellsOf(block)
        .forEach((cell, i) => put(cell, block.type, block.offset + i * block.width));
    for (const block of this.#declared.layout.channels) {
      const channel = this.#declared.channelTerms(block.channel.name);
      const held = state[block.offset] as number;
      if (channel.kind === 'counters') {
        const messages = Array.from({ length: held }, (_, i) =>
          state.slice(messageOffset(block, i), messageOffset(block, i + 1)).join(),
        );
        fewMessages(block, this.#declared.layout)?.forEach((words, i) =>
          values.set(
            channel.counters[i]?.copies ?? '',
            messages.filter((message) => message === words.join()).length,
          ),
        );
        continue;
      }
      values.set(channel.count, held);
      // What lies beyond the count is zero, in the row as in the encoding.
      const from = (i: number): number =>
        backwards && block.channel.order === 'bag' && i < held ? held - 1 - i : i;
      channel.slots.forEach((slot, i) =>
        slot.forEach((field, f) =>
          put(
            field,
            (block.fields[f] as FieldBlock).type,
            messageOffset(block, from(i)) + (block.fields[f] as FieldBlock).offset,
          ),
        ),
      );
    }
    return this.#declared.variables.map((v) => values.get(v.name) ?? false);
  }

  row(values: readonly (number | boolean)[]): { state: State; errors: string[] } {
    const byName = new Map(
      this.#declared.variables.map((v, i) => [v.name, values[i] as number | boolean]),
    );
    const word = (name: Term): number => Number(byName.get(name) ?? 0);
    const row = new Array<number>(this.#declared.layout.width).fill(0);
    const put = (field: FieldTerms, at: number, into: number[]): void => {
      if (typeof field === 'string') into[at] = word(field);
      else
        field.forEach((flag, bit) => {
          const place = at + Math.floor(bit / SET_BITS);
          if (word(flag.present) === 1)
            into[place] = (into[place] as number) | (1 << (bit % SET_BITS));
        });
    };
    for (const block of [...this.#declared.layout.parameters, ...this.#declared.layout.variables])
      this.#declared
        .cellsOf(block)
        .forEach((cell, i) => put(cell, block.offset + i * block.width, row));
    for (const block of this.#declared.layout.channels) {
      const channel = this.#declared.channelTerms(block.channel.name);
      if (channel.kind === 'counters') {
        const messages = fewMessages(block, this.#declared.layout) ?? [];
        channel.counters.forEach(({ copies }, i) => {
          for (let copy = 0; copy < word(copies); copy += 1)
            insertMessage(row, block, messages[i] as readonly number[]);
        });
        continue;
      }
      for (const slot of channel.slots.slice(0, word(channel.count))) {
        const message = new Array<number>(block.messageWidth).fill(0);
        slot.forEach((field, f) => put(field, (block.fields[f] as FieldBlock).offset, message));
        insertMessage(row, block, message);
      }
    }
    return {
      state: row,
      errors: IMPLICIT_KINDS.filter((kind) => word(this.#declared.errors[kind] as Term) === 1),
    };
  }
}
