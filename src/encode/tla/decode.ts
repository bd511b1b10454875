import { invariant } from '../../errors/index.ts';
import {
  packSet,
  type CellBlock,
  type ChannelBlock,
  type Layout,
  type State,
} from '../../model/layout.ts';
import { insertMessage } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import type { TlaModule } from './module.ts';

/**
 * A TLA+ value as TLC prints it; the reader of its output makes them. Functions are lists of pairs;
 * a record is a function of strings.
 */
export type PrintedValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'set'; readonly items: readonly PrintedValue[] }
  | { readonly kind: 'sequence'; readonly items: readonly PrintedValue[] }
  | {
      readonly kind: 'function';
      readonly pairs: readonly (readonly [PrintedValue, PrintedValue])[];
    };

/** The row of a state that TLC printed, and the implicit properties in its `error` variable. */
export function decodeState(
  layout: Layout,
  { variables, field }: TlaModule,
  printed: ReadonlyMap<string, PrintedValue>,
): { state: State; errors: string[] } {
  const row = new Array<number>(layout.width).fill(0);
  for (const { printed: name, of, name: original } of variables) {
    const value = printed.get(name);
    invariant(value, `TLC printed no ${name}`);
    if (of === 'channel') decodeChannel(layout, layout.channel(original), value, field, row);
    else decodeCells(layout, layout.cell(of, original), value, 0, 0, row);
  }
  const error = printed.get('error');
  return {
    state: row,
    errors:
      error?.kind === 'set'
        ? error.items.map((item) => (item.kind === 'string' ? item.value : ''))
        : [],
  };
}

function decodeCells(
  layout: Layout,
  block: CellBlock,
  value: PrintedValue,
  depth: number,
  index: number,
  row: number[],
): void {
  const set = block.keySets[depth];
  if (!set) {
    decodeValue(layout, block.type, value, row, block.offset + index * block.width, block.width);
    return;
  }
  set.elements.forEach((element, i) =>
    decodeCells(
      layout,
      block,
      entry(value, element),
      depth + 1,
      index * set.elements.length + i,
      row,
    ),
  );
}

function entry(value: PrintedValue, key: string): PrintedValue {
  invariant(value.kind === 'function', 'a map is printed as a function');
  const pair = value.pairs.find(([k]) => k.kind === 'string' && k.value === key);
  invariant(pair, `the function lacks ${key}`);
  return pair[1];
}

function decodeChannel(
  layout: Layout,
  block: ChannelBlock,
  value: PrintedValue,
  printedField: TlaModule['field'],
  row: number[],
): void {
  const message = (printed: PrintedValue): number[] => {
    const words = new Array<number>(block.messageWidth).fill(0);
    if (block.fields.length === 0) return words;
    invariant(printed.kind === 'function', 'a message is printed as a record');
    block.fields.forEach((field) =>
      decodeValue(
        layout,
        field.type,
        entry(printed, printedField(field.name)),
        words,
        field.offset,
        field.width,
      ),
    );
    return words;
  };
  if (value.kind === 'sequence')
    value.items.forEach((item) => insertMessage(row, block, message(item)));
  else if (value.kind === 'function') {
    for (const [item, count] of value.pairs) {
      const copies = count.kind === 'number' ? count.value : 0;
      for (let i = 0; i < copies; i += 1) insertMessage(row, block, message(item));
    }
  }
}

function decodeValue(
  layout: Layout,
  type: Type,
  value: PrintedValue,
  row: number[],
  offset: number,
  width: number,
): void {
  if (type.kind === 'set') {
    invariant(value.kind === 'set', 'a set is printed as a set');
    packSet(
      value.items.map((item) => scalar(layout, type.of, item)),
      row,
      offset,
      width,
      layout.bounds(type.of),
    );
    return;
  }
  row[offset] = scalar(layout, type, value);
}

function scalar(layout: Layout, type: Type, value: PrintedValue): number {
  switch (value.kind) {
    case 'number':
      return value.value;
    case 'boolean':
      return value.value ? 1 : 0;
    case 'string':
      if (type.kind === 'enum') return type.members.indexOf(value.value);
      invariant(type.kind === 'element', 'a string is a member or an element');
      return value.value === 'null' ? -1 : layout.set(type.set).elements.indexOf(value.value);
    default:
      return invariant(false, `a ${value.kind} is no scalar`) as never;
  }
}
