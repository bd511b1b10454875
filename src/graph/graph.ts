import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOver } from '../time/time.ts';
import { BEYOND } from '../model/evaluate.ts';
import type { ExplorationPath } from '../model/engine.ts';
import type { Expr } from '../model/expression.ts';
import { sampleBound, sampledNames, starts, valuations } from '../model/initial.ts';
import type { State } from '../model/layout.ts';
import type { Semantics } from '../model/semantics.ts';
import { type ErrorBits, type Instance } from '../model/semantics.ts';
import { Referee, type ToldStep } from './compiled/referee.ts';
import { NotCompiled } from './compiled/refusal.ts';
import { Compiled, type Generator } from './compiled/walker.ts';
import { EdgeRecorder, type Edges, ERROR_TARGET, grown } from './edges.ts';
import { Interpreted } from './interpreted.ts';
import { StepLabels } from './labels.ts';
import { type Bound, type ExploreLimits, limitReached, stateLimit } from './limits.ts';
import type { States } from './states.ts';
import { runThrough } from './symmetry/run.ts';
import type { Symmetry } from './symmetry/symmetry.ts';
import {
  type Disagreement,
  type Selection,
  type StateJudge,
  type StepListener,
  TooSmall,
  type Walker,
} from './walker.ts';

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

/** What a caller wants to see while the graph grows. */
export interface Visitor {
  /**
   * Every state, in breadth-first order: the first that shows something is a nearest one. It is in
   * view: judges speak of it.
   */
  onState(index: number, valuation: number): void;
  /** Every expanded state that has no step; it is in view. */
  onStuck(index: number): void;
  onError(edge: ErrorEdge): void;
  onProgress(states: number, depth: number): void;
}

export interface GraphOptions {
  /** A part of the graph that is enough; else all of it. */
  readonly selection?: Selection;
  /** States that are each other's exchange are one: what is walked is the quotient. */
  readonly symmetry?: Symmetry;
  /** `interpreted`: no code is generated. Default `compiled`, where the model can be. */
  readonly path?: ExplorationPath;
  /** How code is generated; another one than ours is for tests of the referee. */
  readonly generate?: Generator;
}

/**
 * The reachable graph over all valuations, breadth first. Stops, and says why, at a limit; what it
 * holds then is a part of the graph in which every state but those of the frontier has all its
 * steps. Steps are taken by code that is generated from the model and held to `semantics`
 * (docs/adr/020-compiled-successors.md), or by `semantics` itself: the graph is the same.
 */
export class Graph {
  readonly semantics: Semantics;
  readonly starts: number[] = [];
  readonly badStarts: BadStart[] = [];
  readonly bounds: Bound[] = [];
  /** How many valuations were looked at. */
  valuationCount = 0;
  /** Whether a limit cut the starts: there may be valuations that were not looked at. */
  startsCut = false;
  /** States below this number are expanded. */
  expanded = 0;
  depth = 0;
  transitions = 0;
  edges: Edges | undefined;
  /** Where generated code and `semantics` differ: the exploration ended there. */
  disagreement: Disagreement | undefined;
  readonly #options: GraphOptions;
  readonly #predicates: Expr[] = [];
  #walker: Walker;
  #referee: Referee | undefined;
  #parent = new Int32Array(1 << 12);
  /** Nothing while there is one valuation. */
  #valuation: Int32Array<ArrayBuffer> | undefined;
  /** By the number of the instance, 1 where it took a step. */
  readonly #fired: Uint8Array;
  /** States below this number were shown to the visitor. */
  #shown = 0;
  /** The state that is expanded. */
  #at = 0;
  #visitor: Visitor | undefined;
  #recorder: EdgeRecorder | undefined;
  readonly #labels: StepLabels;
  /** Of states that stand for a start, the start itself. */
  readonly #exchangedStarts = new Map<number, State>();

  constructor(semantics: Semantics, options: GraphOptions = {}) {
    this.semantics = semantics;
    this.#options = options;
    this.#labels = new StepLabels(semantics);
    this.#fired = new Uint8Array(semantics.instances.length);
    this.#walker = this.#interpreted('it was asked for');
  }

  get complete(): boolean {
    return this.bounds.length === 0;
  }

  get store(): States {
    return this.#walker.states;
  }

  /** The row of the state in view; reused. */
  get row(): ArrayLike<number> {
    return this.#walker.row;
  }

  /** Why steps are interpreted; nothing where they are compiled. */
  get interpretedFor(): string | undefined {
    return this.#walker.interpretedFor;
  }

  /** How many states generated code was compared with `semantics` at. */
  get compared(): number {
    return this.#referee?.compared ?? 0;
  }

  /** The names of actions that took a step. */
  get fired(): ReadonlySet<string> {
    const { instances } = this.semantics;
    return new Set(instances.filter(({ index }) => this.#fired[index]).map((i) => i.action.name));
  }

  parent(index: number): number {
    return this.#parent[index] as number;
  }

  valuation(index: number): number {
    return this.#valuation?.[index] ?? 0;
  }

  /**
   * The instance behind an edge's label; a label beyond the instances is a fairness condition for
   * one message value.
   */
  instance(label: number): Instance {
    return this.semantics.instances[this.#labels.instanceOf(label)] as Instance;
  }

  /** The states on a shortest path from a start to `index`, both included. */
  pathTo(index: number): number[] {
    const path = [index];
    for (let at = this.parent(index); at >= 0; at = this.parent(at)) path.push(at);
    return path.reverse();
  }

  /** A shortest run of the model from a start to `index`, or to a state that it stands for. */
  runTo(index: number): State[] {
    const path = this.pathTo(index);
    const states = path.map((at) => this.store.get(at));
    const { symmetry } = this.#options;
    const start = this.#exchangedStarts.get(path[0] ?? index);
    return symmetry && start ? runThrough(this.semantics, symmetry, start, states) : states;
  }

  /** What a predicate says of the state in view. To be asked for before the graph is explored. */
  judge(expr: Expr): StateJudge {
    if (!this.#predicates.includes(expr)) this.#predicates.push(expr);
    let of: Walker | undefined;
    let judge: StateJudge = () => undefined;
    return () => {
      if (of !== this.#walker) judge = (of = this.#walker).judge(expr);
      return judge();
    };
  }

  async explore(limits: ExploreLimits, keepEdges: boolean, visitor: Visitor): Promise<void> {
    this.#recorder = keepEdges ? new EdgeRecorder() : undefined;
    this.#compile();
    this.#begin(limits);
    if (!this.#show(visitor)) return void this.bounds.push(BEYOND_BOUND);
    const names = sampledNames(this.semantics);
    if (names.length > 0) this.bounds.push(sampleBound(names));
    await this.#expandAll(limits, visitor);
    this.edges = this.#recorder?.finish();
    this.#recorder = undefined;
  }

  #compile(): void {
    const { path = 'compiled', generate, symmetry } = this.#options;
    if (path === 'interpreted') return;
    try {
      this.#walker = new Compiled(this.semantics, this.#predicates, this.#listener, {
        generate,
        symmetry,
      });
      this.#referee = new Referee(this.semantics, this.#predicates, symmetry);
    } catch (error) {
      if (!(error instanceof NotCompiled)) throw error;
      this.#walker = this.#interpreted(error.message);
    }
  }

  #interpreted(why: string): Walker {
    return new Interpreted(this.semantics, this.#listener, why, this.#options.symmetry);
  }

  /** All starts of all valuations. */
  #begin(limits: ExploreLimits): void {
    for (const valuation of valuations(this.semantics)) {
      const number = this.valuationCount;
      this.valuationCount += 1;
      for (const start of starts(this.semantics, valuation)) {
        if (start.errors !== 0)
          this.badStarts.push({ state: start.state, errors: start.errors, valuation: number });
        else {
          const target = this.#addStart(start.state);
          if (target < 0) {
            this.#note(~target, -1, number);
            this.starts.push(~target);
          }
        }
        if (this.store.count >= limits.maxStates || isOver(limits.time)) {
          const cut = isOver(limits.time) ? 'at the time limit' : 'at the limit of states';
          this.bounds.push(`the first ${this.store.count} of the initial states, ${cut}`);
          this.startsCut = true;
          return;
        }
      }
    }
  }

  #addStart(start: State): number {
    const { symmetry } = this.#options;
    const state = symmetry ? symmetry.representative(start) : start;
    for (;;) {
      try {
        const found = this.store.put(state);
        if (symmetry && found < 0) this.#exchangedStarts.set(~found, start);
        return found;
      } catch (error) {
        if (!(error instanceof TooSmall)) throw error;
        this.#enlarge();
      }
    }
  }

  async #expandAll(limits: ExploreLimits, visitor: Visitor): Promise<void> {
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
        const reached = limitReached(limits, this.store.count, this.depth, this.#bytes);
        if (reached) return void this.bounds.push(reached);
      }
      if (this.store.count >= limits.maxStates)
        return void this.bounds.push(stateLimit(limits, this.depth));
      if (!this.#expand(index, visitor)) return;
      this.expanded = index + 1;
    }
  }

  get #bytes(): number {
    return (
      this.store.bytes +
      this.#parent.byteLength +
      (this.#valuation?.byteLength ?? 0) +
      (this.#recorder?.bytes ?? 0)
    );
  }

  /** All steps of one state. False, with a bound that says why, when the walk has to end here. */
  #expand(index: number, visitor: Visitor): boolean {
    const before = this.transitions;
    let counted = true;
    this.#at = index;
    this.#visitor = visitor;
    this.#walker.view(index);
    this.#recorder?.open();
    try {
      this.#step(index);
      if (this.transitions === before) visitor.onStuck(index);
    } catch (error) {
      if (error instanceof TooSmall) {
        // The steps of this state are taken once more, in larger rows.
        this.#enlarge();
        this.#recorder?.takeBack();
        this.transitions = before;
        return this.#expand(index, visitor);
      }
      if (error !== BEYOND) throw error;
      counted = false;
    }
    if (!this.#show(visitor) || !counted) this.bounds.push(BEYOND_BOUND);
    else if (this.disagreement)
      this.bounds.push('states on which generated code and the rules agree');
    else return true;
    return false;
  }

  /** The steps of the state in view, compared with `semantics` where it is the state's turn. */
  #step(index: number): void {
    const walker = this.#walker;
    const selected = this.#options.selection?.(walker.row);
    if (!(walker instanceof Compiled) || !this.#referee?.wants(index)) {
      walker.expand(selected);
      return;
    }
    const told: ToldStep[] = [];
    this.#told = told;
    try {
      walker.expand(selected);
    } finally {
      this.#told = undefined;
    }
    this.disagreement = this.#referee.compare(
      Array.from(walker.row),
      told,
      selected,
      walker.judges,
      walker.states,
      this.#listener.labelOf,
    );
  }

  /** What generated code tells of the state that is compared. */
  #told: ToldStep[] | undefined;

  readonly #listener: StepListener = {
    onStep: (target, label) => {
      this.transitions += 1;
      const index = target < 0 ? ~target : target;
      this.#recorder?.push(index, label);
      this.#fired[label < this.#fired.length ? label : this.#labels.instanceOf(label)] = 1;
      this.#told?.push({ label, target: index, errors: 0 });
      if (target < 0) this.#note(index, this.#at, this.valuation(this.#at));
    },
    onError: (label, errors) => {
      this.transitions += 1;
      this.#recorder?.push(ERROR_TARGET, label);
      this.#told?.push({ label, target: undefined, errors });
      const source = this.#at;
      this.#visitor?.onError({ source, label, errors, valuation: this.valuation(source) });
    },
    labelOf: (instance, state, taken) => this.#labels.of(instance, state, taken),
  };

  /** The states that are new, in their order. False when an integer left the exact range. */
  #show(visitor: Visitor): boolean {
    try {
      for (; this.#shown < this.store.count; this.#shown += 1) {
        this.#walker.view(this.#shown);
        visitor.onState(this.#shown, this.valuation(this.#shown));
      }
      return true;
    } catch (error) {
      if (error === BEYOND) return false;
      throw error;
    }
  }

  /** The same states in rows that hold larger integers. */
  #enlarge(): void {
    this.#walker = this.#walker.next();
  }

  #note(index: number, parent: number, valuation: number): void {
    if (index >= this.#parent.length) {
      this.#parent = grown(this.#parent);
      if (this.#valuation) this.#valuation = grown(this.#valuation);
    }
    this.#parent[index] = parent;
    if (valuation > 0) this.#valuation ??= new Int32Array(this.#parent.length);
    if (this.#valuation) this.#valuation[index] = valuation;
  }
}

const BEYOND_BOUND = 'integers within 53 bits';
