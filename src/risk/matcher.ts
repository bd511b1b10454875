import { Codec } from '../model/codec.ts';
import type { Instance, Semantics } from '../model/semantics.ts';
import type { StateChain } from './chain.ts';
import { bindingFits } from '../events/agreement.ts';
import { MappedEvent } from '../events/mappedLog.ts';
import type { Observation } from '../events/observation.ts';
import { NO_BINDING, type EventLog, type LogEvent } from '../eventLog/log.ts';
import { mayStay, SeenSteps } from './seenSteps.ts';

/** Why a log move is none of the model. */
export type DeviationReason =
  'unknownActivity' | 'unknownBinding' | 'notEnabled' | 'beyondModel' | 'unreadable';

/**
 * The first move of a case that the model does not allow. What follows it in the case says nothing
 * of the model.
 */
export interface Deviation {
  readonly case: string;
  readonly row: number;
  readonly activity: string;
  readonly reason: DeviationReason;
}

/** The instances that an event may mean, and their numbers. */
export interface Match {
  readonly instances: readonly Instance[];
  readonly numbers: ReadonlySet<number>;
  /** Where a mapping says more of the event than which step it is. */
  readonly seen?: Observation;
}

/** Which actions, with which bindings, an event may mean. */
export class Matcher {
  readonly usedColumns = new Set<string>();
  readonly #semantics: Semantics;
  readonly #codec: Codec;
  readonly #byActivity = new Map<string, readonly Instance[]>();
  readonly #unbound = new Map<string, Match | DeviationReason>();
  readonly #known = new Map<string, Match | DeviationReason>();

  readonly #idle = new Map<number, boolean>();
  readonly #seen = new SeenSteps();

  /** Actions that happen without events: quiet ones that no event of the log names. */
  readonly silentActions: readonly string[];
  readonly #silent: ReadonlySet<string>;
  /** Silent actions that happen by themselves; the others only where a later event needs them. */
  readonly #eager: ReadonlySet<string>;
  readonly #quiet: ReadonlySet<string>;

  constructor(semantics: Semantics, quiet: ReadonlySet<string>, log: EventLog) {
    this.#semantics = semantics;
    this.#codec = new Codec(semantics.layout);
    this.#quiet = quiet;
    const seen = new Set(quiet.size === 0 ? [] : activitiesOf(log));
    const named = new Set([...seen].flatMap((activity) => this.#named(activity)));
    const speaking = new Set([...named].map(({ action }) => action.name));
    const blind = log.mapping?.blind;
    this.#silent = new Set(blind ?? [...quiet].filter((name) => !speaking.has(name)));
    this.#eager = blind ? new Set(blind.filter((name) => quiet.has(name))) : this.#silent;
    this.silentActions = semantics.model.actions
      .map(({ name }) => name)
      .filter((name) => this.#silent.has(name));
  }

  get hasSilent(): boolean {
    return this.#silent.size > 0;
  }

  isSilent(instance: Instance | undefined): boolean {
    return instance !== undefined && this.#silent.has(instance.action.name);
  }

  isEager(instance: Instance | undefined): boolean {
    return instance !== undefined && this.#eager.has(instance.action.name);
  }

  /** The same for all events that say the same. */
  keyOf(event: LogEvent): string {
    if (!(event instanceof MappedEvent)) return JSON.stringify([event.activity, event.binding]);
    return 'is' in event.seen ? event.seen.is : event.seen.says;
  }

  instancesOf(event: LogEvent): Match | DeviationReason {
    const unbound = event.binding === NO_BINDING;
    if (event instanceof MappedEvent) return this.#mapped(event.seen);
    const key = unbound ? event.activity : this.keyOf(event);
    const cache = unbound ? this.#unbound : this.#known;
    let known = cache.get(key);
    if (known === undefined) {
      known = this.#find(event);
      cache.set(key, known);
    }
    return known;
  }

  #mapped(seen: MappedEvent['seen']): Match | DeviationReason {
    if ('is' in seen) return seen.is;
    const known = this.#known.get(seen.says);
    if (known !== undefined) return known;
    const instances = this.#semantics.instances.filter(
      (instance) => seen.actions.has(instance.action.name) && bindingFits(instance, seen),
    );
    const found = { instances, numbers: new Set(instances.map(({ index }) => index)), seen };
    this.#known.set(seen.says, found);
    return found;
  }

  /** Whether the event may be the step that a branch is. */
  takes(chain: StateChain, node: number, branch: number, { numbers, seen }: Match): boolean {
    const instance = chain.instances[branch];
    if (!instance || !numbers.has(instance.index)) return false;
    return !seen || this.#seen.takes(chain, node, branch, seen);
  }

  /**
   * Whether one of the instances is enabled at the node, and changes nothing there; or the event is
   * no step and says nothing else of the node.
   */
  idles({ graph, states }: StateChain, node: number, { instances, seen }: Match): boolean {
    if (seen && !mayStay(seen, graph.store.get(states[node] as number))) return false;
    if (seen?.actions.size === 0) return true;
    return instances.some((instance) => {
      const key = node * this.#semantics.instances.length + instance.index;
      const known =
        this.#idle.get(key) ??
        this.#semantics.mayIdle(instance, graph.store.get(states[node] as number));
      this.#idle.set(key, known);
      return known;
    });
  }

  #find({ activity, binding }: LogEvent): Match | DeviationReason {
    const candidates = this.#named(activity);
    if (candidates.length === 0) return 'unknownActivity';
    const fitting = candidates.filter((instance) => {
      const values = this.#codec.binding(instance);
      return Object.entries(binding).every(([name, value]) => {
        if (!Object.hasOwn(values, name)) return true;
        this.usedColumns.add(name);
        return String(values[name]) === value;
      });
    });
    return fitting.length === 0
      ? 'unknownBinding'
      : { instances: fitting, numbers: new Set(fitting.map(({ index }) => index)) };
  }

  /**
   * By the action's name; else by the diagram element that it stands for; else by its label. Quiet
   * actions last: the completion of an activity before its beginning.
   */
  #named(activity: string): readonly Instance[] {
    const known = this.#byActivity.get(activity);
    if (known) return known;
    const { instances } = this.#semantics;
    const speaking = instances.filter(({ action }) => !this.#quiet.has(action.name));
    const found =
      [speaking, instances]
        .flatMap((among) => [
          among.filter(({ action }) => action.name === activity),
          among.filter(({ action }) => action.elementId === activity),
          among.filter(({ action }) => action.label === activity),
        ])
        .find((list) => list.length > 0) ?? [];
    this.#byActivity.set(activity, found);
    return found;
  }
}

function* activitiesOf({ cases }: EventLog): Generator<string> {
  for (const { events } of cases) for (const { activity } of events) yield activity;
}
