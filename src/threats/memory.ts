import type { Expr } from '../model/expression.ts';
import type { Assignment, InitRule, Variable } from '../model/model.ts';
import { truth } from '../model/scope.ts';
import { BOOL, isFinite, scalarValues, type SetLookup, type Type } from '../model/types.ts';
import { conjunctionOf, disjunctionOf, areSame, either, negated, variableOf } from './terms.ts';

/** Up to so many values are remembered by one truth value each. */
const MAX_COUNTED = 64;

/**
 * What was ever seen of payloads with these types, as variables of a model: one truth value for
 * each payload where these are few, else places that are filled one after the other. Where places
 * have run out more may have been seen than is kept.
 */
export class Memory {
  readonly variables: readonly Variable[];
  /** That some payload found no place. */
  readonly forgot: Expr;
  /** The ids of the threats that look here. */
  readonly readers = new Set<string>();
  readonly #payloads: readonly (readonly Expr[])[] | undefined;
  readonly #kept: readonly { readonly used: Expr; readonly payload: readonly Expr[] }[];

  constructor(name: string, types: readonly Type[], places: number, sets: SetLookup) {
    this.#payloads = fewPayloads(types, sets);
    const at = (i: number, part: string): string => `${name}!${i}!${part}`;
    this.#kept = (this.#payloads ?? Array.from({ length: places })).map((known, i) => ({
      used: variableOf(at(i, 'used'), BOOL),
      payload:
        (known as readonly Expr[] | undefined) ??
        types.map((type, k) => variableOf(at(i, String(k)), type)),
    }));
    this.forgot = this.#payloads ? truth(false) : variableOf(`${name}!forgot`, BOOL);
    this.variables = [
      this.forgot,
      ...this.#kept.flatMap(({ used, payload }) => [used, ...payload]),
    ].flatMap((e) =>
      e.kind === 'cell' ? [{ name: e.name, type: e.type, init: firstOf(e.type, sets) }] : [],
    );
  }

  /** Whether a payload is among those that are kept. */
  holds(payload: readonly Expr[]): Expr {
    return disjunctionOf(
      this.#kept.map((place) => conjunctionOf([place.used, areSame(place.payload, payload)])),
    );
  }

  /** Whether a payload may have been seen. */
  mayHold(payload: readonly Expr[]): Expr {
    return disjunctionOf([this.forgot, this.holds(payload)]);
  }

  /** What a step that shows these payloads writes down. */
  keep(payloads: readonly (readonly Expr[])[]): readonly Assignment[] {
    let { forgot } = this;
    let now = this.#kept;
    for (const payload of payloads) {
      const known = disjunctionOf(
        now.map((place) => conjunctionOf([place.used, areSame(place.payload, payload)])),
      );
      if (this.#payloads) {
        now = now.map((place) => ({
          ...place,
          used: disjunctionOf([place.used, areSame(place.payload, payload)]),
        }));
        continue;
      }
      const before = now;
      now = before.map((place, i) => {
        const here = conjunctionOf([
          negated(known),
          negated(place.used),
          before[i - 1]?.used ?? truth(true),
        ]);
        return {
          used: disjunctionOf([place.used, here]),
          payload: place.payload.map((old, k) => either(here, payload[k] as Expr, old)),
        };
      });
      const full = before.at(-1)?.used ?? truth(true);
      forgot = disjunctionOf([forgot, conjunctionOf([negated(known), full])]);
    }
    const written = [
      [this.forgot, forgot] as const,
      ...this.#kept.flatMap(({ used, payload }, i) => [
        [used, now[i]?.used] as const,
        ...payload.map((old, k) => [old, now[i]?.payload[k]] as const),
      ]),
    ];
    return written.flatMap(([place, value]) =>
      place.kind === 'cell' && value !== undefined && value !== place
        ? [{ variable: place.name, keys: [], value, type: place.type }]
        : [],
    );
  }
}

/** All payloads, where they are few and have no sets. */
function fewPayloads(types: readonly Type[], sets: SetLookup): Expr[][] | undefined {
  let payloads: Expr[][] = [[]];
  for (const type of types) {
    if (type.kind === 'set' || !isFinite(type)) return undefined;
    if (type.kind === 'int' && (type.hi as number) - (type.lo as number) >= MAX_COUNTED)
      return undefined;
    const values = scalarValues(type, sets);
    if (payloads.length * values.length > MAX_COUNTED) return undefined;
    payloads = payloads.flatMap((head) =>
      values.map((value): Expr[] => [...head, { kind: 'literal', type, value }]),
    );
  }
  return payloads;
}

/** Some value to begin with, that nothing reads. */
function firstOf(type: Type, sets: SetLookup): InitRule {
  const value: Expr =
    type.kind === 'set'
      ? {
          kind: 'toSet',
          type,
          list: { kind: 'list', type: { kind: 'list', of: type.of }, items: [] },
        }
      : {
          kind: 'literal',
          type,
          value: type.kind === 'int' ? (type.lo ?? 0) : (scalarValues(type, sets)[0] ?? 0),
        };
  return { kind: 'value', value };
}
