import {
  packSet,
  unpackSet,
  type CellBlock,
  type ChannelBlock,
  type Layout,
  type State,
} from './layout.ts';
import { messageOffset, type Instance } from './semantics.ts';
import type { Message, Value } from './trace.ts';
import type { Type } from './types.ts';

/** Rows of integers to the values that people read: members and elements by name. */
export class Codec {
  readonly #layout: Layout;
  readonly #cells: readonly {
    readonly name: string;
    readonly block: CellBlock;
    readonly offset: number;
  }[];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#cells = [...layout.parameters, ...layout.variables].flatMap((block) =>
      cellNames(block).map((name, i) => ({ name, block, offset: block.offset + i * block.width })),
    );
  }

  scalar(value: number, type: Type): Value {
    switch (type.kind) {
      case 'bool':
        return value === 1;
      case 'enum':
        return type.members[value] ?? null;
      case 'element':
        return value < 0 ? null : (this.#layout.set(type.set).elements[value] ?? null);
      default:
        return value;
    }
  }

  /** Every cell of the parameters or of the variables, by name. */
  cells(state: State, of: 'parameter' | 'variable'): Record<string, Value> {
    const named: Record<string, Value> = Object.create(null) as Record<string, Value>;
    for (const cell of this.#cells)
      if (cell.block.of === of)
        named[cell.name] = this.#word(state, cell.block.type, cell.offset, cell.block.width);
    return { ...named };
  }

  /**
   * The row that reads as these parameters and variables, with empty channels; nothing where a cell
   * is missing or no value of its type. The inverse of `cells`.
   */
  row(
    parameters: Readonly<Record<string, Value>>,
    variables: Readonly<Record<string, Value>>,
  ): State | undefined {
    const row = new Array<number>(this.#layout.width).fill(0);
    for (const { name, block, offset } of this.#cells) {
      const given = block.of === 'parameter' ? parameters : variables;
      const words = Object.hasOwn(given, name) ? this.#words(given[name], block) : undefined;
      if (!words) return undefined;
      words.forEach((word, i) => {
        row[offset + i] = word;
      });
    }
    return row;
  }

  /** The cells that differ between two states, each with its value before and after. */
  changed(before: State, after: State): Record<string, readonly [Value, Value]> {
    const entries = this.#cells.flatMap(({ name, block, offset }) => {
      const same = before
        .slice(offset, offset + block.width)
        .every((word, i) => word === after[offset + i]);
      return same
        ? []
        : [
            [
              name,
              [
                this.#word(before, block.type, offset, block.width),
                this.#word(after, block.type, offset, block.width),
              ],
            ] as const,
          ];
    });
    return Object.fromEntries(entries);
  }

  message(state: State, block: ChannelBlock, index: number): Message {
    const at = messageOffset(block, index);
    const fields = block.fields.map(
      (f) => [f.name, this.#word(state, f.type, at + f.offset, f.width)] as const,
    );
    return { channel: block.channel.name, message: Object.fromEntries(fields) };
  }

  messages(state: State, block: ChannelBlock): Message[] {
    return Array.from({ length: state[block.offset] as number }, (_, i) =>
      this.message(state, block, i),
    );
  }

  binding(instance: Instance): Record<string, Value> {
    return Object.fromEntries(
      instance.action.binders.map((b, i) => [
        b.name,
        this.scalar(instance.binding[i] as number, b.type),
      ]),
    );
  }

  #words(value: Value | undefined, { type, width }: CellBlock): number[] | undefined {
    if (type.kind !== 'set') {
      const word = this.#scalarWord(value, type);
      return word === undefined ? undefined : [word];
    }
    if (!Array.isArray(value)) return undefined;
    const words = new Array<number>(width).fill(0);
    const members = value.map((item) => this.#scalarWord(item as Value, type.of));
    if (!members.every((member) => member !== undefined)) return undefined;
    return packSet(members, words, 0, width, this.#layout.bounds(type.of)) ? words : undefined;
  }

  #scalarWord(value: Value | undefined, type: Type): number | undefined {
    const index = (list: readonly string[]): number | undefined => {
      const at = list.indexOf(String(value));
      return at < 0 ? undefined : at;
    };
    switch (type.kind) {
      case 'bool':
        return typeof value === 'boolean' ? Number(value) : undefined;
      case 'enum':
        return index(type.members);
      case 'element':
        return value === null ? -1 : index(this.#layout.set(type.set).elements);
      default:
        return Number.isSafeInteger(value) ? (value as number) : undefined;
    }
  }

  #word(state: State, type: Type, offset: number, width: number): Value {
    if (type.kind !== 'set') return this.scalar(state[offset] as number, type);
    const { of } = type;
    return unpackSet(state, offset, width, this.#layout.bounds(of).lo).map((value) =>
      this.scalar(value, of),
    );
  }
}

/** `status[o1]`, `stock[shop][item]`, in layout order. */
export function cellNames(block: CellBlock): string[] {
  return block.keySets.reduce<string[]>(
    (names, set) => names.flatMap((name) => set.elements.map((e) => `${name}[${e}]`)),
    [block.name],
  );
}
