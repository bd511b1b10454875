import { invariant } from '../errors/index.ts';
import type { Expr } from './expression.ts';
import {
  Compiler,
  NO_SLOTS,
  UNDEFINED,
  bindSlot,
  type ListCode,
  type Locals,
  type ScalarCode,
  type Slots,
} from './evaluate.ts';
import {
  Layout,
  packSet,
  type WordBounds,
  type CellBlock,
  type ChannelBlock,
  type State,
} from './layout.ts';
import { type Action, type Assignment, type Model, type Send } from './model.ts';
import { scalarValues } from './types.ts';
import { IMPLICIT_KINDS, type ImplicitKind } from './propertyKinds.ts';

/**
 * One action with one value for each of its `for` names: what a fairness condition speaks about
 * (SEMANTICS 7).
 */
export interface Instance {
  readonly index: number;
  readonly action: Action;
  /** The values of the action's binders, in order. */
  readonly binding: readonly number[];
}

/**
 * The implicit properties that an error step breaks, one bit each, in the order of
 * `IMPLICIT_KINDS`.
 */
export type ErrorBits = number;
export const ERROR_BIT: Readonly<Record<ImplicitKind, number>> = {
  withinRange: 1,
  withinCapacity: 2,
  singleWrite: 4,
  defined: 8,
};

export function errorKinds(bits: ErrorBits): ImplicitKind[] {
  return IMPLICIT_KINDS.filter((kind) => (bits & ERROR_BIT[kind]) !== 0);
}

/**
 * Receives the steps of a state. `next` is absent for an error step, whose `errors` then name what
 * it breaks. `taken` holds the position of the received message for each of the action's receives;
 * it is reused between calls.
 */
export type StepSink = (
  instance: Instance,
  next: State | undefined,
  errors: ErrorBits,
  taken: readonly number[],
) => void;

interface ReceiveCode {
  readonly block: ChannelBlock;
  readonly slot: number;
}

interface WriteCode {
  readonly block: CellBlock;
  readonly at: ScalarCode;
  /** Packs the value at the offset; false when it is out of range. */
  readonly put: (state: State, locals: Locals, into: number[], offset: number) => boolean;
}

interface SendCode {
  readonly block: ChannelBlock;
  /** Packs the message into a scratch row; false when a field is out of range. */
  readonly fill: (state: State, locals: Locals, message: number[]) => boolean;
}

interface ActionCode {
  readonly receives: readonly ReceiveCode[];
  readonly guards: readonly ScalarCode[];
  readonly writes: readonly WriteCode[];
  readonly sends: readonly SendCode[];
  /** Whether two writes could name one cell: only then is the check made. */
  readonly mayCollide: boolean;
}

/**
 * The one definition of a step (SEMANTICS 1–4). Replay, exploration, simulation, monitor and Markov
 * chain all call it. Throws `BEYOND` when an integer leaves the exact range.
 */
export class Semantics {
  readonly model: Model;
  readonly layout: Layout;
  readonly compiler: Compiler;
  readonly instances: readonly Instance[];
  /** By the number of the instance. */
  readonly #codes: readonly ActionCode[];
  /** Where guards are tried: most fail, and cost nothing but their evaluation. */
  readonly #tried: number[] = [];

  constructor(model: Model) {
    this.model = model;
    this.layout = new Layout(model);
    this.compiler = new Compiler(this.layout);
    const codes = new Map(model.actions.map((action) => [action.name, this.#compile(action)]));
    this.instances = model.actions
      .flatMap((action) => bindings(action, this.layout).map((binding) => ({ action, binding })))
      .map((instance, index) => ({ index, ...instance }));
    this.#codes = this.instances.map(({ action }) => codes.get(action.name) as ActionCode);
  }

  /** A state predicate; `undefined` where one of its terms has no value. */
  predicate(expr: Expr): (state: State) => boolean | undefined {
    const code = this.compiler.scalar(expr, NO_SLOTS);
    const locals: Locals = [];
    return (state) => {
      try {
        return code(state, locals) === 1;
      } catch (error) {
        if (error === UNDEFINED) return undefined;
        throw error;
      }
    };
  }

  /**
   * All steps of a state, no-ops left out (SEMANTICS 3). The same successor may come more than
   * once.
   */
  successors(state: State, sink: StepSink): void {
    for (const instance of this.instances) this.stepsOf(instance, state, sink);
  }

  /**
   * Whether the instance is enabled and some step of it would change nothing: no step by SEMANTICS
   * 3, but an event that may be seen (SEMANTICS 26).
   */
  mayIdle(instance: Instance, state: State): boolean {
    this.#idled = false;
    this.stepsOf(instance, state, () => undefined);
    return this.#idled;
  }

  #idled = false;

  /** The steps of one instance, one for each way to receive. */
  stepsOf(instance: Instance, state: State, sink: StepSink): void {
    const code = this.#codes[instance.index];
    invariant(code, 'every action is compiled');
    if (code.receives.length > 0)
      this.#receive(instance, code, state, [...instance.binding], [], 0, sink);
    else if (this.#mayStep(instance, code, state))
      this.#step(instance, code, state, [...instance.binding], [], sink, true);
    else if (this.#undefined) sink(instance, undefined, ERROR_BIT.defined, []);
  }

  #undefined = false;

  /**
   * Whether all guards hold, before anything is made for the step. One without a value is an error
   * step.
   */
  #mayStep(instance: Instance, code: ActionCode, state: State): boolean {
    const locals = this.#tried;
    for (let i = 0; i < instance.binding.length; i += 1) locals[i] = instance.binding[i] as number;
    this.#undefined = false;
    try {
      for (const guard of code.guards) if (guard(state, locals) === 0) return false;
      return true;
    } catch (error) {
      if (error !== UNDEFINED) throw error;
      this.#undefined = true;
      return false;
    }
  }

  /**
   * Chooses a message for the `depth`-th receive and all after it: any distinct one of a bag, the
   * head of a fifo (SEMANTICS 1, 2).
   */
  #receive(
    instance: Instance,
    code: ActionCode,
    state: State,
    locals: Locals,
    taken: number[],
    depth: number,
    sink: StepSink,
  ): void {
    const receive = code.receives[depth];
    if (!receive) {
      this.#step(instance, code, state, locals, taken, sink);
      return;
    }
    const { block, slot } = receive;
    const count = state[block.offset] as number;
    const offered = block.channel.order === 'fifo' ? Math.min(count, 1) : count;
    for (let i = 0; i < offered; i += 1) {
      if (i > 0 && sameMessage(state, block, i - 1, i)) continue;
      locals[slot] = this.compiler.messageAt(state, block.channel.name, i);
      taken[depth] = i;
      this.#receive(instance, code, state, locals, taken, depth + 1, sink);
    }
  }

  #step(
    instance: Instance,
    code: ActionCode,
    state: State,
    locals: Locals,
    taken: readonly number[],
    sink: StepSink,
    judged = false,
  ): void {
    try {
      if (!judged) for (const guard of code.guards) if (guard(state, locals) === 0) return;
      const next = state.slice();
      code.receives.forEach((receive, i) => removeMessage(next, receive.block, taken[i] as number));
      const errors = write(code, state, locals, next) | send(code, state, locals, next);
      if (errors !== 0) sink(instance, undefined, errors, taken);
      else if (sameState(state, next)) this.#idled = true;
      else sink(instance, next, 0, taken);
    } catch (error) {
      if (error !== UNDEFINED) throw error;
      sink(instance, undefined, ERROR_BIT.defined, taken);
    }
  }

  #compile(action: Action): ActionCode {
    let slots: Slots = NO_SLOTS;
    for (const { name } of action.binders) slots = bindSlot(slots, name);
    const receives = action.receives.map(({ channel, local }): ReceiveCode => {
      slots = bindSlot(slots, local);
      return { block: this.layout.channel(channel), slot: slots.next - 1 };
    });
    const guards = [
      ...(action.when ? [action.when] : []),
      ...action.controls.map((control) => control.condition),
    ];
    return {
      receives,
      guards: guards.map((guard) => this.compiler.scalar(guard, slots)),
      writes: action.assignments.map((assignment) => this.#write(assignment, slots)),
      sends: action.sends.map((message) => this.#send(message, slots)),
      mayCollide: action.assignments.some(
        (a, i) => action.assignments.findIndex((b) => b.variable === a.variable) !== i,
      ),
    };
  }

  #write(assignment: Assignment, slots: Slots): WriteCode {
    const block = this.layout.cell('variable', assignment.variable);
    const at = this.compiler.offset(block, assignment.keys, slots);
    return { block, at, put: this.#put(assignment.value, assignment.type, block.width, slots) };
  }

  #send(message: Send, slots: Slots): SendCode {
    const block = this.layout.channel(message.channel);
    const puts = block.fields.map((field, i) =>
      this.#put(message.values[i] as Expr, field.type, field.width, slots),
    );
    return {
      block,
      fill: (state, locals, row) => {
        let inside = true;
        block.fields.forEach((field, i) => {
          inside = (puts[i] as WriteCode['put'])(state, locals, row, field.offset) && inside;
        });
        return inside;
      },
    };
  }

  /** How a value of this type is evaluated, judged and packed. */
  #put(value: Expr, type: Assignment['type'], width: number, slots: Slots): WriteCode['put'] {
    if (type.kind === 'set') {
      const list: ListCode = this.compiler.list(value, slots);
      const bounds: WordBounds = this.layout.bounds(type.of);
      return (state, locals, into, offset) =>
        packSet(list(state, locals) as readonly number[], into, offset, width, bounds);
    }
    const scalar = this.compiler.scalar(value, slots);
    const { lo, hi } = this.layout.bounds(type);
    return (state, locals, into, offset) => {
      const v = scalar(state, locals);
      into[offset] = v;
      return v >= lo && v <= hi;
    };
  }
}

/**
 * All right-hand sides and keys read the state before the step; writing one cell twice is an error
 * only if the values differ.
 */
function write(code: ActionCode, state: State, locals: Locals, next: number[]): ErrorBits {
  let errors = 0;
  const written: number[] | undefined = code.mayCollide ? [] : undefined;
  for (const { block, at, put } of code.writes) {
    const offset = at(state, locals);
    const before = written?.includes(offset) ? next.slice(offset, offset + block.width) : undefined;
    if (!put(state, locals, next, offset)) errors |= ERROR_BIT.withinRange;
    if (before?.some((word, i) => word !== next[offset + i])) errors |= ERROR_BIT.singleWrite;
    written?.push(offset);
  }
  return errors;
}

/**
 * Sends add in list order; a message that finds its channel full is the error, and the rest of the
 * step is still judged.
 */
function send(code: ActionCode, state: State, locals: Locals, next: number[]): ErrorBits {
  let errors = 0;
  for (const { block, fill } of code.sends) {
    const message = new Array<number>(block.messageWidth).fill(0);
    if (!fill(state, locals, message)) errors |= ERROR_BIT.withinRange;
    if ((next[block.offset] as number) >= block.channel.capacity)
      errors |= ERROR_BIT.withinCapacity;
    else insertMessage(next, block, message);
  }
  return errors;
}

function bindings(action: Action, layout: Layout): number[][] {
  return action.binders.reduce<number[][]>(
    (partial, binder) =>
      partial.flatMap((head) =>
        scalarValues(binder.type, layout.set).map((value) => [...head, value]),
      ),
    [[]],
  );
}

function sameMessage(state: State, block: ChannelBlock, a: number, b: number): boolean {
  const [atA, atB] = [messageOffset(block, a), messageOffset(block, b)];
  for (let word = 0; word < block.messageWidth; word += 1)
    if (state[atA + word] !== state[atB + word]) return false;
  return true;
}

export function messageOffset(block: ChannelBlock, index: number): number {
  return block.offset + 1 + index * block.messageWidth;
}

export function removeMessage(next: number[], block: ChannelBlock, index: number): void {
  const count = next[block.offset] as number;
  next.copyWithin(
    messageOffset(block, index),
    messageOffset(block, index + 1),
    messageOffset(block, count),
  );
  next.fill(0, messageOffset(block, count - 1), messageOffset(block, count));
  next[block.offset] = count - 1;
}

/** At the end of a fifo; into its sorted place in a bag. */
export function insertMessage(
  next: number[],
  block: ChannelBlock,
  message: readonly number[],
): void {
  const count = next[block.offset] as number;
  let place = count;
  if (block.channel.order === 'bag')
    while (place > 0 && precedes(message, next, messageOffset(block, place - 1))) place -= 1;
  next.copyWithin(
    messageOffset(block, place + 1),
    messageOffset(block, place),
    messageOffset(block, count),
  );
  message.forEach((word, i) => {
    next[messageOffset(block, place) + i] = word;
  });
  next[block.offset] = count + 1;
}

function precedes(message: readonly number[], state: readonly number[], offset: number): boolean {
  for (let i = 0; i < message.length; i += 1) {
    const difference = (message[i] as number) - (state[offset + i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export function sameState(a: State, b: State): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
