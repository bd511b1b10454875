import { cellNames } from '../../model/codec.ts';
import type { Layout } from '../../model/layout.ts';
import { type CellBlock, type ChannelBlock, type FieldBlock } from '../../model/layout.ts';
import { scalarValues, type Type } from '../../model/types.ts';
import { TargetNames } from '../names.ts';
import { fewMessages, literalTerm, valueName, valuesOf } from './cells.ts';
import { type ChannelTerms, describeType, type FieldTerms, type StateTerms } from './symbolic.ts';
import { smtAnd, smtInt, type Term } from './terms.ts';
import type { SmtMeaning, SmtVariable } from './transition.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';

const SMT_RESERVED = [
  'and',
  'or',
  'not',
  'xor',
  'true',
  'false',
  'ite',
  'let',
  'forall',
  'exists',
  'match',
  'par',
  'as',
  'Init',
  'Step',
  'Int',
  'Bool',
  'Real',
  'Array',
  'String',
  'RegLan',
  'distinct',
  'div',
  'mod',
  'abs',
  'assert',
  'check-sat',
  'declare-fun',
  'define-fun',
  'push',
  'pop',
  'select',
  'store',
  'Inv',
  'bv',
  'implies',
  'if',
  'to_real',
  'to_int',
  'is_int',
  'repeat',
  'concat',
  'extract',
  'map',
  'set',
  'seq',
  'union',
  'in',
  'subset',
  'max',
  'min',
  'sum',
  'count',
];

/**
 * The SMT variables that stand for a state: cells, messages, and a flag for each way in which a
 * step can go wrong.
 */
export class Declared {
  readonly layout: Layout;
  readonly variables: SmtVariable[] = [];
  readonly errors: Readonly<Record<string, Term>>;
  readonly #cells = new Map<string, FieldTerms[]>();
  readonly #channels = new Map<string, ChannelTerms>();

  constructor(layout: Layout) {
    this.layout = layout;
    const names = new TargetNames(SMT_RESERVED);
    for (const block of [...layout.parameters, ...layout.variables])
      this.#declareCells(names, block);
    for (const block of layout.channels) this.#declareChannel(names, block);
    this.errors = Object.fromEntries(
      IMPLICIT_KINDS.map((kind) => [
        kind,
        this.#declare(names.of('error', `error_${kind}`), 'Bool', { kind: 'error', of: kind }),
      ]),
    );
  }

  /** Where expressions find the terms of what they read. */
  get state(): StateTerms {
    return {
      cell: (of, name, index) =>
        (this.#cells.get(`${of} ${name}`) as FieldTerms[])[index] as FieldTerms,
      channel: (name) => this.channelTerms(name),
    };
  }

  #declare(name: string, sort: SmtVariable['sort'], meaning: SmtMeaning): Term {
    this.variables.push({ name, sort, meaning });
    return name;
  }

  #declareField(base: string, type: Type, text: string, held?: Term): FieldTerms {
    if (type.kind !== 'set')
      return this.#declare(base, describeType(type), {
        kind: 'cell',
        text,
        ...valuesOf(type, this.layout),
        ...(held === undefined ? {} : { held }),
      });
    return scalarValues(type.of, this.layout.set).map((value, i) => ({
      value: type.of.kind === 'bool' ? String(value === 1) : smtInt(value),
      present: this.#declare(`${base}!has${i}`, 'Bool', {
        kind: 'member',
        text: `list contains(${text}, ${valueName(value, type.of, this.layout)})`,
      }),
    }));
  }

  #declareCells(names: TargetNames, block: CellBlock): void {
    const base = names.of(block.of, block.name);
    const keys = block.keySets.reduce<string[]>(
      (all, set) => all.flatMap((key) => set.elements.map((e) => `${key}!${e}`)),
      [''],
    );
    const texts = cellNames(block);
    this.#cells.set(
      `${block.of} ${block.name}`,
      keys.map((key, i) => this.#declareField(`${base}${key}`, block.type, texts[i] as string)),
    );
  }

  #declareChannel(names: TargetNames, block: ChannelBlock): void {
    const { name } = block.channel;
    const base = names.of('channel', name);
    const messages = block.channel.order === 'bag' ? fewMessages(block, this.layout) : undefined;
    if (messages) {
      const kind = (words: readonly number[]): string =>
        words
          .map(
            (word, f) =>
              `item.${block.fields[f]?.name ?? ''} = ${valueName(word, (block.fields[f] as FieldBlock).type, this.layout)}`,
          )
          .join(' and ');
      const counters = messages.map((words, i) => ({
        message: words.map((word, f) => literalTerm(word, (block.fields[f] as FieldBlock).type)),
        copies: this.#declare(`${base}!of${i}`, 'Int', {
          kind: 'count',
          text: `count(${name}${words.length === 0 ? '' : `[${kind(words)}]`})`,
          carries: words.map((word, f) =>
            valueName(word, (block.fields[f] as FieldBlock).type, this.layout),
          ),
        }),
      }));
      const total = counters.map((c) => c.copies);
      this.#channels.set(name, {
        kind: 'counters',
        count: total.length === 1 ? (total[0] as Term) : `(+ ${total.join(' ')})`,
        counters,
      });
      return;
    }
    const count = this.#declare(`${base}!count`, 'Int', { kind: 'count', text: `count(${name})` });
    const slots = Array.from({ length: block.channel.capacity }, (_, i) =>
      block.fields.map((field) =>
        this.#declareField(
          `${base}!${i}!${field.name}`,
          field.type,
          `${name}[${i + 1}].${field.name}`,
          `(< ${i} ${count})`,
        ),
      ),
    );
    this.#channels.set(name, { kind: 'slots', count, slots });
  }

  sortOf(name: Term): 'Int' | 'Bool' {
    return this.#sorts().get(name) ?? 'Int';
  }

  #sortTable: Map<string, 'Int' | 'Bool'> | undefined;

  #sorts(): Map<string, 'Int' | 'Bool'> {
    this.#sortTable ??= new Map(this.variables.map((v) => [v.name, v.sort]));
    return this.#sortTable;
  }

  cellsOf(block: CellBlock): FieldTerms[] {
    return this.#cells.get(`${block.of} ${block.name}`) as FieldTerms[];
  }

  /** The names of the variables that stand for a block. */
  termsOf(block: CellBlock): Term[] {
    return this.cellsOf(block).flatMap((cell) =>
      typeof cell === 'string' ? [cell] : cell.map((flag) => flag.present),
    );
  }

  inDomain(cell: FieldTerms, type: Type): Term {
    if (typeof cell !== 'string' || type.kind === 'bool') return 'true';
    const { lo, hi } = this.layout.bounds(type);
    return smtAnd([
      lo === -Infinity ? 'true' : `(<= ${smtInt(lo)} ${cell})`,
      hi === Infinity ? 'true' : `(<= ${cell} ${smtInt(hi)})`,
    ]);
  }

  channelTerms(name: string): ChannelTerms {
    return this.#channels.get(name) as ChannelTerms;
  }
}
