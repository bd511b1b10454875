import type { Expr } from '../../../src/model/expression.ts';
import type { Action, InitRule, Model } from '../../../src/model/model.ts';
import { cellType, type Type } from '../../../src/model/types.ts';
import { evaluate, type Locals } from './evaluate.ts';
import {
  cellName,
  elements,
  isOf,
  isSame,
  sorted,
  Undefined,
  valuesOf,
  type Cells,
  type Message,
  type State,
  type Value,
} from './values.ts';
import type { ImplicitKind } from '../../../src/model/propertyKinds.ts';

/** A step, or the error that it is; `chosen` tells apart whom a fairness condition speaks of. */
export interface Step {
  readonly action: Action;
  readonly binding: Locals;
  readonly received: readonly Message[];
  readonly next?: State;
  readonly errors: ReadonlySet<ImplicitKind>;
}

/** SEMANTICS 1–4: all steps of a state, those that change nothing left out. */
export function stepsOf(model: Model, state: State): Step[] {
  return model.actions.flatMap((action) =>
    bindingsOf(action, model).flatMap((binding) =>
      receptions(action, model, state).flatMap((received) =>
        step(model, state, action, binding, received),
      ),
    ),
  );
}

function bindingsOf({ binders }: Action, model: Model): Locals[] {
  return binders.reduce<Locals[]>(
    (all, { name, type }) =>
      all.flatMap((binding) => valuesOf(type, model).map((v) => ({ ...binding, [name]: v }))),
    [{}],
  );
}

/** One message of each channel: any distinct one of a bag, of a fifo only its head. */
function receptions({ receives }: Action, model: Model, state: State): Message[][] {
  return receives.reduce<Message[][]>(
    (all, { channel }) => {
      const messages = state.channels[channel] as readonly Message[];
      const isFifo = model.channels.find(({ name }) => name === channel)?.order === 'fifo';
      const offered = isFifo
        ? messages.slice(0, 1)
        : messages.filter((m, i) => messages.findIndex((other) => isSame(m, other)) === i);
      return all.flatMap((taken) => offered.map((message) => [...taken, message]));
    },
    [[]],
  );
}

function step(
  model: Model,
  state: State,
  action: Action,
  binding: Locals,
  received: readonly Message[],
): Step[] {
  const common = { action, binding, received };
  const locals = { ...binding };
  action.receives.forEach(({ local }, i) => {
    Object.assign(locals, { [local]: received[i] });
  });
  try {
    const guards = [action.when ?? [], action.controls.map((c) => c.condition)].flat();
    for (const guard of guards) if (evaluate(guard, model, state, locals) !== true) return [];
    const { next, errors } = after(model, state, action, locals, received);
    if (errors.size > 0) return [{ ...common, errors }];
    return isSame(keyOf(next), keyOf(state)) ? [] : [{ ...common, next, errors }];
  } catch (error) {
    if (error instanceof Undefined) return [{ ...common, errors: new Set(['defined'] as const) }];
    throw error;
  }
}

/** What is received is taken away, cells are written, what is sent is added in order. */
function after(
  model: Model,
  state: State,
  action: Action,
  locals: Locals,
  received: readonly Message[],
): { readonly next: State; readonly errors: Set<ImplicitKind> } {
  const errors = new Set<ImplicitKind>();
  const written: Record<string, Value> = {};
  for (const { variable, keys, value, type } of action.assignments) {
    const at = keys.map((key) => evaluate(key, model, state, locals));
    if (at.includes(null)) throw new Undefined();
    const cell = cellName(variable, at);
    const put = held(evaluate(value, model, state, locals), type, model);
    if (!isOf(put, type, model)) errors.add('withinRange');
    if (Object.hasOwn(written, cell) && !isSame(written[cell] as Value, put))
      errors.add('singleWrite');
    written[cell] = put;
  }
  const channels: Record<string, readonly Message[]> = { ...state.channels };
  action.receives.forEach(({ channel }, i) => {
    const messages = channels[channel] as readonly Message[];
    const taken = messages.findIndex((message) => isSame(message, received[i] as Message));
    channels[channel] = messages.filter((_, at) => at !== taken);
  });
  for (const { channel: name, values } of action.sends) {
    const channel = model.channels.find((c) => c.name === name);
    if (!channel) throw new Error(`no channel ${name}`);
    const message = Object.fromEntries(
      channel.fields.map(({ name: field, type }, i) => {
        const put = held(evaluate(values[i] as Expr, model, state, locals), type, model);
        if (!isOf(put, type, model)) errors.add('withinRange');
        return [field, put];
      }),
    );
    const before = channels[name] as readonly Message[];
    if (before.length >= channel.capacity) errors.add('withinCapacity');
    else channels[name] = [...before, message];
  }
  const variables = { ...state.variables, ...written };
  return { next: tidy(model, { ...state, variables, channels }), errors };
}

/** A list that is put into a set is one. */
function held(value: Value, type: Type, model: Model): Value {
  return type.kind === 'set' ? sorted(value as readonly Value[], type.of, model) : value;
}

/** The same bag is the same state, whatever was sent first. */
function tidy(model: Model, state: State): State {
  const text = (message: Message): string => JSON.stringify(message);
  const channels = model.channels.map(({ name, order }) => {
    const messages = state.channels[name] as readonly Message[];
    const bag = [...messages].sort((a, b) => (text(a) < text(b) ? -1 : 1));
    return [name, order === 'bag' ? bag : messages] as const;
  });
  return { ...state, channels: Object.fromEntries(channels) };
}

/** States are the same where this is. */
export function keyOf(state: State): string {
  return JSON.stringify(state);
}

/** A start, or what it breaks before any step (SEMANTICS 5). */
export interface Start {
  readonly state: State;
  readonly errors: ReadonlySet<ImplicitKind>;
}

export function valuationsOf(model: Model): Cells[] {
  return product(
    model.parameters.flatMap(({ name, type }) =>
      cellsOf(name, type, model).map((cell) => [cell, valuesOf(cellType(type), model)] as const),
    ),
  );
}

export function startsOf(model: Model, parameters: Cells): Start[] {
  const empty = Object.fromEntries(model.channels.map(({ name }) => [name, []]));
  const given: State = { parameters, variables: {}, channels: empty };
  const choices = model.variables.flatMap(({ name, type, init }) =>
    rules(init, type, model).map(
      (rule, i) =>
        [
          cellsOf(name, type, model)[i] as string,
          chosen(rule, cellType(type), model, given),
        ] as const,
    ),
  );
  return product(choices).map((cells) => {
    const errors = new Set<ImplicitKind>();
    for (const { error } of Object.values(cells)) if (error) errors.add(error);
    const variables = Object.fromEntries(
      Object.entries(cells).map(([cell, { value }]) => [cell, value]),
    );
    return { state: { ...given, variables }, errors };
  });
}

interface Choice {
  readonly value: Value;
  readonly error?: ImplicitKind;
}

function chosen(rule: InitRule, type: Type, model: Model, given: State): Choice[] {
  const judged = (value: Value): Choice =>
    isOf(value, type, model) ? { value } : { value, error: 'withinRange' };
  const of = (e: Expr): Choice => judged(held(evaluate(e, model, given), type, model));
  try {
    switch (rule.kind) {
      case 'any':
        return valuesOf(type, model).map((value) => ({ value }));
      case 'value':
        return [of(rule.value)];
      case 'oneOf':
        return rule.options.map(of);
      case 'range': {
        const lo = evaluate(rule.lo, model, given) as number;
        const hi = evaluate(rule.hi, model, given) as number;
        return Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => judged(lo + i));
      }
      case 'each':
        throw new Error('rules are spread over the cells first');
    }
  } catch (error) {
    if (error instanceof Undefined) return [{ value: null, error: 'defined' }];
    throw error;
  }
}

/** The rule of each cell, in the order of `cellsOf`. */
function rules(rule: InitRule, type: Type, model: Model): InitRule[] {
  if (type.kind !== 'map') return [rule];
  return elements(model, type.from).flatMap((_, i) =>
    rules(rule.kind === 'each' ? (rule.rules[i] as InitRule) : rule, type.to, model),
  );
}

function cellsOf(name: string, type: Type, model: Model): string[] {
  if (type.kind !== 'map') return [name];
  return elements(model, type.from).flatMap((key) =>
    cellsOf(cellName(name, [key]), type.to, model),
  );
}

function product<T>(choices: readonly (readonly [string, readonly T[]])[]): Record<string, T>[] {
  return choices.reduce<Record<string, T>[]>(
    (all, [name, values]) =>
      all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}
