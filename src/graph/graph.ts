import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOver, type Time } from '../time/time.ts';
import { BEYOND } from '../model/evaluate.ts';
import { sampleBound, sampledNames, starts, valuations } from '../model/initial.ts';
import type { State } from '../model/layout.ts';
import type { ErrorBits, Instance, Semantics, StepSink } from '../model/semantics.ts';
import type { Type } from '../model/types.ts';
import { conditionKey } from './fairness.ts';
import { StateStore } from './stateStore.ts';

/** Why an exploration is not the whole graph, in words for people; each makes answers `bounded`. */
export type Bound = string;

/** An error step, or (without an instance) an initial state that is wrong from the start. */
export interface ErrorEdge {
  readonly source: number;
  readonly label: number;
  readonly errors: ErrorBits;
  readonly valuation: number;
}

/** A start that breaks an implicit property before any step; it is no state of the graph. */
export interface BadStart {
  readonly state: State;
  readonly errors: ErrorBits;
  readonly valuation: number;
}

/**
 * Edges in compressed rows: those of state `i` stand at `rows[i] … rows[i + 1]`. A target of
 * `ERROR_TARGET` is an error step.
 */
export interface Edges {
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  readonly labels: Int32Array;
}

export const ERROR_TARGET = -1;

export interface ExploreLimits {
  readonly maxStates: number;
  readonly memoryMb: number;
  readonly time: Time;
  /** Why there are no more states than `maxStates`, where that is more than a number. */
  readonly reason?: Bound;
}

/**
 * The instances whose steps are enough to follow from a state; nothing where all of them are
 * needed.
 */
export type Selection = (state: State) => readonly Instance[] | undefined;

/** What a caller wants to see while the graph grows. */
export interface Visitor {
  /** Every state, in breadth-first order: the first that shows something is a nearest one. */
  onState(index: number, state: State, valuation: number): void;
  /** Every state after its steps are known. */
  onExpanded(index: number, state: State, stuck: boolean): void;
  onError(edge: ErrorEdge): void;
  onProgress(states: number, depth: number): void;
}

/**
 * The reachable graph over all valuations, breadth first. Stops, and says why, at a limit; what it
 * holds then is a part of the graph in which every state but those of `frontier` has all its steps.
 */
export class Graph {
  readonly semantics: Semantics;
  readonly store: StateStore;
  readonly starts: number[] = [];
  readonly badStarts: BadStart[] = [];
  readonly bounds: Bound[] = [];
  /** How many valuations were looked at. */
  valuationCount = 0;
  /** States below this number are expanded. */
  expanded = 0;
  depth = 0;
  transitions = 0;
  edges: Edges | undefined;
  /** The names of actions that took a step. */
  readonly fired = new Set<string>();
  #parent = new Int32Array(1 << 12);
  #parentLabel = new Int32Array(1 << 12);
  #valuation = new Int32Array(1 << 12);
  readonly #conditions = new Map<string, number>();
  readonly #conditionLabels: number[] = [];
  readonly #selection: Selection | undefined;

  constructor(semantics: Semantics, selection?: Selection) {
    this.semantics = semantics;
    this.#selection = selection;
    this.store = new StateStore(semantics.layout.width, needsWideRows(semantics));
  }

  get complete(): boolean {
    return this.bounds.length === 0;
  }

  parent(index: number): number {
    return this.#parent[index] as number;
  }

  valuation(index: number): number {
    return this.#valuation[index] as number;
  }

  /**
   * The instance behind an edge's label; a label beyond the instances is a fairness condition for
   * one message value.
   */
  instance(label: number): Instance {
    const { instances } = this.semantics;
    const index =
      label < instances.length ? label : (this.#conditionLabels[label - instances.length] ?? 0);
    return instances[index] as Instance;
  }

  /** The states on a shortest path from a start to `index`, both included. */
  pathTo(index: number): number[] {
    const path = [index];
    for (let at = this.parent(index); at >= 0; at = this.parent(at)) path.push(at);
    return path.reverse();
  }

  async explore(limits: ExploreLimits, keepEdges: boolean, visitor: Visitor): Promise<void> {
    const recorder = keepEdges ? new EdgeRecorder() : undefined;
    this.#begin(visitor, limits);
    const names = sampledNames(this.semantics);
    if (names.length > 0) this.bounds.push(sampleBound(names));
    await this.#expandAll(limits, recorder, visitor);
    this.edges = recorder?.finish();
  }

  /** All starts of all valuations. */
  #begin(visitor: Visitor, limits: ExploreLimits): void {
    for (const valuation of valuations(this.semantics)) {
      const number = this.valuationCount;
      this.valuationCount += 1;
      for (const start of starts(this.semantics, valuation)) {
        if (start.errors !== 0)
          this.badStarts.push({ state: start.state, errors: start.errors, valuation: number });
        else {
          const { index, isNew } = this.store.add(start.state);
          if (isNew) this.#note(index, start.state, -1, -1, number, visitor);
          if (isNew) this.starts.push(index);
        }
        if (this.store.count >= limits.maxStates || isOver(limits.time)) {
          this.bounds.push(`${this.store.count} initial states`);
          return;
        }
      }
    }
  }

  async #expandAll(
    limits: ExploreLimits,
    recorder: EdgeRecorder | undefined,
    visitor: Visitor,
  ): Promise<void> {
    let levelEnd = this.store.count;
    let lastTurn = Date.now();
    for (let index = 0; index < this.store.count; index += 1) {
      if (index === levelEnd) {
        this.depth += 1;
        levelEnd = this.store.count;
      }
      if ((index & 0xff) === 0 && Date.now() - lastTurn > 25) {
        visitor.onProgress(this.store.count, this.depth);
        await nextTurn();
        lastTurn = Date.now();
        const reached = this.#limitReached(limits, recorder);
        if (reached) return void this.bounds.push(reached);
      }
      if (this.store.count >= limits.maxStates)
        return void this.bounds.push(
          limits.reason ?? `${limits.maxStates} states, to depth ${this.depth}`,
        );
      if (!this.#expand(index, recorder, visitor))
        return void this.bounds.push('integers within 53 bits');
      this.expanded = index + 1;
    }
  }

  #limitReached(limits: ExploreLimits, recorder: EdgeRecorder | undefined): Bound | undefined {
    if (limits.time.signal.aborted)
      return `the time until it was interrupted, at ${this.store.count} states and depth ${this.depth}`;
    if (isOver(limits.time))
      return `the time limit, at ${this.store.count} states and depth ${this.depth}`;
    const bytes = this.store.bytes + this.#parent.byteLength * 3 + (recorder?.bytes ?? 0);
    if (bytes > limits.memoryMb * 1_048_576)
      return `the memory limit of ${limits.memoryMb} MB, at ${this.store.count} states and depth ${this.depth}`;
    return undefined;
  }

  /** All steps of one state. False when an integer left the exact range. */
  #expand(index: number, recorder: EdgeRecorder | undefined, visitor: Visitor): boolean {
    const state = this.store.get(index);
    const valuation = this.valuation(index);
    let stuck = true;
    recorder?.open();
    const sink: StepSink = (instance, next, errors, taken) => {
      stuck = false;
      this.transitions += 1;
      const label =
        instance.action.perMessage && instance.action.fair !== 'none'
          ? this.#conditionLabel(instance, state, taken)
          : instance.index;
      if (!next) {
        recorder?.push(ERROR_TARGET, label);
        visitor.onError({ source: index, label, errors, valuation });
        return;
      }
      const { index: target, isNew } = this.store.add(next);
      recorder?.push(target, label);
      this.#lastFired(instance);
      if (isNew) this.#note(target, next, index, label, valuation, visitor);
    };
    try {
      const selected = this.#selection?.(state);
      if (selected) for (const instance of selected) this.semantics.stepsOf(instance, state, sink);
      else this.semantics.successors(state, sink);
    } catch (error) {
      if (error === BEYOND) return false;
      throw error;
    }
    visitor.onExpanded(index, state, stuck);
    return true;
  }

  #recent: Instance | undefined;

  #lastFired(instance: Instance): void {
    if (this.#recent === instance) return;
    this.#recent = instance;
    this.fired.add(instance.action.name);
  }

  #note(
    index: number,
    state: State,
    parent: number,
    label: number,
    valuation: number,
    visitor: Visitor,
  ): void {
    if (index >= this.#parent.length) {
      this.#parent = grown(this.#parent);
      this.#parentLabel = grown(this.#parentLabel);
      this.#valuation = grown(this.#valuation);
    }
    this.#parent[index] = parent;
    this.#parentLabel[index] = label;
    this.#valuation[index] = valuation;
    visitor.onState(index, state, valuation);
  }

  /**
   * With `perMessage`, each message value has a fairness condition of its own, and so a label of
   * its own.
   */
  #conditionLabel(instance: Instance, state: State, taken: readonly number[]): number {
    const key = conditionKey(this.semantics, instance, state, taken);
    const known = this.#conditions.get(key);
    if (known !== undefined) return known;
    const label = this.semantics.instances.length + this.#conditionLabels.length;
    this.#conditionLabels.push(instance.index);
    this.#conditions.set(key, label);
    return label;
  }
}

/** Writes edges down state by state. */
export class EdgeRecorder {
  #rows = new Int32Array(1 << 12);
  #targets = new Int32Array(1 << 12);
  #labels = new Int32Array(1 << 12);
  #states = 0;
  #count = 0;

  get bytes(): number {
    return this.#rows.byteLength + this.#targets.byteLength * 2;
  }

  open(): void {
    if (this.#states + 1 >= this.#rows.length) this.#rows = grown(this.#rows);
    this.#rows[this.#states] = this.#count;
    this.#states += 1;
    this.#rows[this.#states] = this.#count;
  }

  push(target: number, label: number): void {
    if (this.#count >= this.#targets.length) {
      this.#targets = grown(this.#targets);
      this.#labels = grown(this.#labels);
    }
    this.#targets[this.#count] = target;
    this.#labels[this.#count] = label;
    this.#count += 1;
    this.#rows[this.#states] = this.#count;
  }

  finish(): Edges {
    return {
      rows: this.#rows.slice(0, this.#states + 1),
      targets: this.#targets.slice(0, this.#count),
      labels: this.#labels.slice(0, this.#count),
    };
  }
}

function grown(old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(old.length * 2);
  larger.set(old);
  return larger;
}

const MAX_INT32 = 2 ** 31 - 1;

/** Rows of 32-bit words suffice unless an integer may be larger. */
function needsWideRows(semantics: Semantics): boolean {
  const { parameters, variables, channels } = semantics.layout;
  const types: Type[] = [...parameters, ...variables]
    .map((b) => b.type)
    .concat(channels.flatMap((c) => c.fields.map((f) => f.type)));
  return types.some(
    (t) =>
      t.kind === 'int' &&
      (t.lo === undefined || t.hi === undefined || t.lo < -MAX_INT32 || t.hi > MAX_INT32),
  );
}
