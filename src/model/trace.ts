/**
 * A value as people and JSON see it: members and elements by name, sets and lists as arrays, maps
 * and messages as objects.
 */
export type Value =
  null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** A message on a channel. */
export interface Message {
  readonly channel: string;
  readonly message: { readonly [field: string]: Value };
}

/**
 * One step of a trace. `changed` maps a cell (`status[o1]`) to what it was and what it became.
 * An error step has `error`: the implicit properties that it breaks; it changes nothing else.
 */
export interface Step {
  readonly action: string;
  readonly binding: { readonly [name: string]: Value };
  readonly received?: readonly Message[];
  readonly sent?: readonly Message[];
  readonly changed: { readonly [cell: string]: readonly [Value, Value] };
  readonly error?: readonly string[];
  readonly elementId?: string;
  /** The threats whose work the step is; absent for a step of the model. */
  readonly threats?: readonly string[];
}

/**
 * A run, or the beginning of one (public shape, `trace.schema.json`): the parameters' values, the
 * first state, the steps. With `loopStart`, the steps from that index on repeat for ever;
 * `loopStart === steps.length` means that the run stops there.
 */
export interface Trace {
  readonly params: { readonly [name: string]: Value };
  readonly initial: { readonly [cell: string]: Value };
  readonly steps: readonly Step[];
  readonly loopStart?: number;
}
