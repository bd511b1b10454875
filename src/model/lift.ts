import { Codec } from './codec.ts';
import type { State } from './layout.ts';
import { multisetDifference } from './multiset.ts';
import { errorKinds, type ErrorBits, type Instance, type Semantics } from './semantics.ts';
import type { Message, Step, Trace } from './trace.ts';

/**
 * A run as rows: the states that it passes, the error it ends in, the state that it loops back to.
 */
export interface Run {
  readonly states: readonly State[];
  /** The run ends in an error step that breaks (at least) this implicit property. */
  readonly error?: ErrorBits;
  /**
   * Index into `states` where the loop starts; equal to the last index when the run stops there.
   */
  readonly loopStart?: number;
}

/**
 * Turns a run of rows into a trace in model terms, finding for each pair of states the step of
 * `semantics` that leads from one to the other. Nothing comes back when some pair is no step: then
 * the run is not one of this model. `tick` is called once a step, and may throw.
 */
export function liftRun(
  semantics: Semantics,
  run: Run,
  tick: () => void = () => undefined,
): Trace | undefined {
  const codec = new Codec(semantics.layout);
  const [first] = run.states;
  if (!first) return undefined;
  const steps: Step[] = [];
  for (let i = 0; i + 1 < run.states.length; i += 1) {
    tick();
    const step = stepBetween(semantics, codec, run.states[i] as State, run.states[i + 1] as State);
    if (!step) return undefined;
    steps.push(step);
  }
  const last = run.states.at(-1) as State;
  if (run.error !== undefined) {
    const step = errorStep(semantics, codec, last, run.error);
    if (!step) return undefined;
    steps.push(step);
  }
  const trace: Trace = {
    params: codec.cells(first, 'parameter'),
    initial: codec.cells(first, 'variable'),
    steps,
  };
  return run.loopStart === undefined ? trace : { ...trace, loopStart: run.loopStart };
}

function stepBetween(semantics: Semantics, codec: Codec, from: State, to: State): Step | undefined {
  let found: Step | undefined;
  semantics.successors(from, (instance, next, _errors, taken) => {
    if (found || !next || next.some((word, i) => word !== to[i])) return;
    found = describe(semantics, codec, instance, from, to, taken);
  });
  return found;
}

function errorStep(
  semantics: Semantics,
  codec: Codec,
  from: State,
  wanted: ErrorBits,
): Step | undefined {
  let found: Step | undefined;
  semantics.successors(from, (instance, next, errors, taken) => {
    if (found || next || (errors & wanted) !== wanted) return;
    const { received } = describe(semantics, codec, instance, from, from, taken);
    found = withElement(instance, {
      action: instance.action.name,
      binding: codec.binding(instance),
      ...(received ? { received } : {}),
      changed: {},
      error: errorKinds(errors),
    });
  });
  return found;
}

/** A step in the words of the model: what it received, sent and changed. */
export function describe(
  semantics: Semantics,
  codec: Codec,
  instance: Instance,
  from: State,
  to: State,
  taken: readonly number[],
): Step {
  const { action } = instance;
  const received = action.receives.map((receive, i) =>
    codec.message(from, semantics.layout.channel(receive.channel), taken[i] as number),
  );
  const sent = sentMessages(semantics, codec, instance, from, to, received);
  return withElement(instance, {
    action: action.name,
    binding: codec.binding(instance),
    ...(received.length > 0 ? { received } : {}),
    ...(sent.length > 0 ? { sent } : {}),
    changed: codec.changed(from, to),
  });
}

function withElement(instance: Instance, step: Step): Step {
  const { elementId } = instance.action;
  return elementId === undefined ? step : { ...step, elementId };
}

/** What the step sent: the messages after it, less those that were there and were not received. */
function sentMessages(
  semantics: Semantics,
  codec: Codec,
  instance: Instance,
  from: State,
  to: State,
  received: readonly Message[],
): Message[] {
  const channels = new Set(instance.action.sends.map((send) => send.channel));
  return [...channels].flatMap((name) => {
    const block = semantics.layout.channel(name);
    const known = received.filter(({ channel }) => channel === name);
    const remaining = multisetDifference(codec.messages(from, block), known, messageKey);
    const after = codec.messages(to, block);
    if (block.channel.order === 'fifo') return after.slice(remaining.length);
    return multisetDifference(after, remaining, messageKey);
  });
}

/** Two messages with the same key are the same message. */
export const messageKey = (message: Message): string => JSON.stringify(message);
