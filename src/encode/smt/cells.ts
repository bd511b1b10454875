import type { Layout } from '../../model/layout.ts';
import { type ChannelBlock } from '../../model/layout.ts';
import { Codec } from '../../model/codec.ts';
import { scalarValues, type Type } from '../../model/types.ts';
import type { FieldTerms, PresenceTerm } from './symbolic.ts';
import { smtAnd, smtEq, smtInt, smtIte, type Term } from './terms.ts';

/** Up to this many message values a bag is counted. */
const MAX_COUNTED = 48;

/** All possible messages of a channel, if they are few and their fields single values. */
export function fewMessages(block: ChannelBlock, layout: Layout): number[][] | undefined {
  // In the order of the fields' names: the canonical model sorts them, and an invariant over
  // counters must mean the same there.
  const fields = [...block.fields].sort((a, b) => (a.name < b.name ? -1 : 1));
  let messages: number[][] = [[]];
  for (const { type } of fields) {
    if (
      type.kind === 'set' ||
      (type.kind === 'int' &&
        (type.lo === undefined || type.hi === undefined || type.hi - type.lo >= MAX_COUNTED))
    )
      return undefined;
    const values = scalarValues(type, layout.set);
    if (messages.length * values.length > MAX_COUNTED) return undefined;
    messages = messages.flatMap((message) => values.map((value) => [...message, value]));
  }
  const places = block.fields.map((field) => fields.indexOf(field));
  return messages.map((message) => places.map((place) => message[place] as number));
}

export function literalTerm(value: number, type: Type): Term {
  return type.kind === 'bool' ? String(value === 1) : smtInt(value);
}

/** Two contents of one cell are the same. */
export function equalFields(cell: FieldTerms, value: FieldTerms): Term {
  if (typeof cell === 'string') return smtEq(cell, value as Term);
  return smtAnd(
    cell.map((flag, i) =>
      smtEq(flag.present, ((value as readonly PresenceTerm[])[i] as PresenceTerm).present),
    ),
  );
}

/**
 * Notes the value of a cell after the step, on top of what earlier assignments of the step made of
 * it.
 */
export function assign(
  after: Map<Term, Term>,
  cell: FieldTerms,
  value: FieldTerms,
  condition: Term,
): void {
  if (typeof cell === 'string') {
    after.set(cell, smtIte(condition, value as Term, after.get(cell) ?? cell));
    return;
  }
  cell.forEach((flag, i) =>
    after.set(
      flag.present,
      smtIte(
        condition,
        ((value as readonly PresenceTerm[])[i] as PresenceTerm).present,
        after.get(flag.present) ?? flag.present,
      ),
    ),
  );
}

export function iteField(condition: Term, yes: FieldTerms, no: FieldTerms): FieldTerms {
  if (typeof yes === 'string') return smtIte(condition, yes, no as Term);
  return yes.map((flag, i) => ({
    value: flag.value,
    present: smtIte(
      condition,
      flag.present,
      ((no as readonly PresenceTerm[])[i] as PresenceTerm).present,
    ),
  }));
}

/** A value as the model writes it. */
export function valueName(value: number, type: Type, layout: Layout): string {
  return String(new Codec(layout).scalar(value, type));
}

/**
 * The members or elements of a type by their numbers; nothing for numbers and truth values, which
 * are their own names.
 */
export function valuesOf(
  type: Type,
  layout: Layout,
): { readonly values?: ReadonlyMap<number, string> } {
  if (type.kind !== 'enum' && type.kind !== 'element') return {};
  return {
    values: new Map(
      scalarValues(type, layout.set).map((value) => [value, valueName(value, type, layout)]),
    ),
  };
}
