import { children, conjuncts, disjuncts, type Expr } from '../../model/expression.ts';
import type { Model } from '../../model/model.ts';
import type { Instance, Semantics } from '../../model/semantics.ts';

/**
 * What one instance does to the counters of a model, read off its expressions: a Petri net's view,
 * as far as there is one. A counter is an integer variable without an upper bound and without keys.
 */
export interface Touch {
  readonly instance: Instance;
  /** Counters that it asks to be above 0. */
  readonly needs: ReadonlySet<string>;
  /** Counters that all must be 0. */
  readonly zero: ReadonlySet<string>;
  /** Of each of these sets, some counter must be above 0. */
  readonly some: readonly ReadonlySet<string>[];
  /** Counters to which it adds a constant. */
  readonly adds: ReadonlyMap<string, number>;
  /** Variables that it sets to a constant. */
  readonly sets: ReadonlyMap<string, number>;
  /** Whatever else it reads or writes, by the names of variables and channels. */
  readonly other: ReadonlySet<string>;
}

/** The counters of a model. */
export function countersOf(model: Model): ReadonlySet<string> {
  return new Set(
    model.variables
      .filter(({ type }) => type.kind === 'int' && type.hi === undefined)
      .map(({ name }) => name),
  );
}

export function touchesOf(semantics: Semantics): readonly Touch[] {
  const counters = countersOf(semantics.model);
  return semantics.instances.map((instance) => touchOf(instance, counters));
}

function touchOf(instance: Instance, counters: ReadonlySet<string>): Touch {
  const { action } = instance;
  const needs = new Set<string>();
  const zero = new Set<string>();
  const some: ReadonlySet<string>[] = [];
  const adds = new Map<string, number>();
  const sets = new Map<string, number>();
  const other = new Set<string>();
  for (const term of [action.when, ...action.controls.map((control) => control.condition)].flatMap(
    (guard) => (guard ? conjuncts(guard) : []),
  )) {
    const atom = atomOf(term, counters);
    if (atom?.kind === 'positive') needs.add(atom.name);
    else if (atom?.kind === 'zero') zero.add(atom.name);
    else {
      const names = positives(term, counters);
      if (names) some.push(names);
      else namesIn(term, other);
    }
  }
  for (const { variable, keys, value } of action.assignments) {
    const by = keys.length === 0 && counters.has(variable) ? addition(variable, value) : undefined;
    if (by !== undefined) adds.set(variable, by);
    else if (keys.length === 0 && value.kind === 'literal') sets.set(variable, value.value);
    else {
      other.add(variable);
      for (const part of [...keys, value]) namesIn(part, other);
    }
  }
  for (const { channel } of action.receives) other.add(channel);
  for (const { channel, values } of action.sends) {
    other.add(channel);
    for (const value of values) namesIn(value, other);
  }
  return { instance, needs, zero, some, adds, sets, other };
}

export type Atom =
  | { readonly kind: 'positive' | 'zero'; readonly name: string }
  | { readonly kind: 'atMost'; readonly name: string; readonly bound: number }
  | { readonly kind: 'is'; readonly name: string; readonly value: number };

/**
 * A comparison of a variable without keys with a constant, where it is one of these. Counters are
 * never below 0 where each is only taken from when it is positive.
 */
export function atomOf(e: Expr, counters: ReadonlySet<string>): Atom | undefined {
  if (
    e.kind !== 'compare' ||
    e.left.kind !== 'cell' ||
    e.left.of !== 'variable' ||
    e.left.keys.length > 0 ||
    e.right.kind !== 'literal'
  )
    return undefined;
  const { name } = e.left;
  const { value } = e.right;
  if (counters.has(name)) {
    if ((e.operator === '>' && value === 0) || (e.operator === '>=' && value === 1))
      return { kind: 'positive', name };
    if (e.operator === '=' && value === 0) return { kind: 'zero', name };
    if (e.operator === '<=') return { kind: 'atMost', name, bound: value };
    return undefined;
  }
  return e.operator === '=' ? { kind: 'is', name, value } : undefined;
}

/** The counters of a disjunction that only asks whether one of them is positive. */
function positives(e: Expr, counters: ReadonlySet<string>): ReadonlySet<string> | undefined {
  const atoms = disjuncts(e).map((term) => atomOf(term, counters));
  const names = atoms.flatMap((atom) => (atom?.kind === 'positive' ? [atom.name] : []));
  return names.length > 0 && names.length === atoms.length ? new Set(names) : undefined;
}

/** `name + n` or `name - n`: by how much. */
function addition(name: string, value: Expr): number | undefined {
  if (value.kind !== 'arithmetic' || value.operator === '*') return undefined;
  const { left, right } = value;
  if (
    left.kind !== 'cell' ||
    left.of !== 'variable' ||
    left.name !== name ||
    right.kind !== 'literal'
  )
    return undefined;
  return value.operator === '+' ? right.value : -right.value;
}

/** Adds the names of all variables and channels that an expression reads. */
export function namesIn(e: Expr, into: Set<string>): void {
  if (e.kind === 'cell' && e.of === 'variable') into.add(e.name);
  if (e.kind === 'messages') into.add(e.channel);
  for (const child of children(e)) namesIn(child, into);
}
