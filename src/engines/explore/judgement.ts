import type { Graph } from '../../graph/graph.ts';
import { sampleBound, sampled } from '../../model/initial.ts';
import { liftRun } from '../../model/lift.ts';
import { mapLtl } from '../../model/ltl.ts';
import type { Formula, Property } from '../../model/model.ts';
import type { Evidence, Outcome } from '../../model/outcome.ts';
import type { Semantics } from '../../model/semantics.ts';
import { ERROR_BIT } from '../../model/semantics.ts';
import type { Trace } from '../../model/trace.ts';
import { OutOfTime, ticking, type Time } from '../../time/time.ts';
import { automatonOf, ProductTooLarge, TooLarge } from './buchi.ts';
import { arenaOf, type FairRun, findFairRun, stopping } from './fairCycle.ts';
import type { GraphObservation } from './observation.ts';
import type { ReducedBy } from './reduced.ts';
import { productOf } from './product.ts';
import { backwardReach, isAcyclic } from './recover.ts';
import type { StateWatch } from './watch.ts';
import { FALSE, HOLDS_THERE, TRUTH } from './watch.ts';
import { IMPLICIT_KINDS, type ImplicitKind } from '../../model/propertyKinds.ts';

/** What the properties are on a graph that was observed (SEMANTICS 4–8, 11). */
export class GraphJudgement {
  readonly #seen: GraphObservation;
  readonly #graph: Graph;
  readonly #semantics: Semantics;
  /** Why the graph is smaller than the model's, and still enough for some properties. */
  readonly #reduction: ReducedBy | undefined;
  /** The facts that every answer rests on. */
  readonly #evidence: Evidence;
  readonly #time: Time;

  constructor(
    seen: GraphObservation,
    reduction: ReducedBy | undefined,
    evidence: Evidence,
    time: Time,
  ) {
    this.#seen = seen;
    this.#graph = seen.graph;
    this.#semantics = seen.graph.semantics;
    this.#reduction = reduction;
    this.#evidence = evidence;
    this.#time = time;
  }

  /** The answer to one property; when the time is over it is unknown. */
  outcome(property: Property): Outcome {
    try {
      return this.#judge(property);
    } catch (error) {
      if (error instanceof TooLarge)
        return {
          outcome: 'unknown',
          reason: error instanceof ProductTooLarge ? 'memory' : 'unsupported',
          message: error.message,
          evidence: this.#evidence,
        };
      if (!(error instanceof OutOfTime)) throw error;
      return {
        outcome: 'unknown',
        reason: 'timeout',
        message: `the search for a run that breaks ${property.name} was not finished in time, on ${this.#graph.store.count} states`,
        evidence: this.#evidence,
      };
    }
  }

  #judge(property: Property): Outcome {
    const { formula } = property;
    if (this.#reduction && !this.#reduction.decides(property)) return this.#undecided(property);
    switch (formula.kind) {
      case 'implicit':
        return this.#implicit(formula.of);
      case 'always':
      case 'never':
        return this.#safety(property, formula.kind === 'always');
      case 'deadlockFree':
        return this.#seen.deadlock === undefined
          ? this.#proved('exhaustive')
          : this.#violatedAt(this.#seen.deadlock);
      case 'reachable':
      case 'reachableEach':
        return this.#reachability(property, formula);
      case 'recoverable':
        return this.#recoverable(property);
      case 'eventually':
      case 'leadsTo':
        return this.#liveness(property, formula);
      case 'eventuallyAlways':
        return this.#staying(property);
      case 'ltl':
        return this.#ltl(property, formula);
      default:
        return {
          outcome: 'unknown',
          reason: 'unsupported',
          message: `explore does not decide ${formula.kind}`,
          evidence: {},
        };
    }
  }

  /**
   * Nothing was found: what that is worth depends on how much was seen, and on the implicit
   * properties (SEMANTICS 4).
   */
  #proved(method: 'exhaustive'): Outcome {
    const [bound] = this.#graph.bounds;
    if (bound !== undefined)
      return { outcome: 'bounded', bound: this.#graph.bounds.join('; '), evidence: this.#evidence };
    if (this.#seen.erring.size > 0) return this.#notProvedBecause();
    return { outcome: 'holds', method, evidence: this.#evidence };
  }

  #notProvedBecause(): Outcome {
    const broken = IMPLICIT_KINDS.filter((kind) => this.#implicit(kind).outcome === 'violated');
    return {
      outcome: 'bounded',
      bound: `runs that break none of ${broken.join(', ')}`,
      evidence: this.#evidence,
    };
  }

  #implicit(kind: ImplicitKind): Outcome {
    const start = this.#graph.badStarts.find((s) => (s.errors & ERROR_BIT[kind]) !== 0);
    if (start) return this.#violated('trace', liftRun(this.#semantics, { states: [start.state] }));
    const edge = this.#seen.broken.get(kind);
    const undefinedAt = kind === 'defined' ? this.#seen.undefinedAt : undefined;
    if (
      edge &&
      (undefinedAt === undefined ||
        this.#graph.pathTo(edge.source).length < this.#graph.pathTo(undefinedAt).length)
    ) {
      return this.#violated('trace', this.#lift(edge.source, edge.errors));
    }
    if (undefinedAt !== undefined) return this.#violatedAt(undefinedAt);
    if (!this.#graph.complete)
      return { outcome: 'bounded', bound: this.#graph.bounds.join('; '), evidence: this.#evidence };
    return { outcome: 'holds', method: 'exhaustive', evidence: this.#evidence };
  }

  #safety(property: Property, wanted: boolean): Outcome {
    const [watch] = this.#watchesOf(property);
    const at = wanted ? watch?.firstFalse : watch?.firstTrue;
    return at === undefined ? this.#proved('exhaustive') : this.#violatedAt(at);
  }

  #watchesOf(property: Property): StateWatch[] {
    return this.#seen.watches.filter((watch) => watch.property === property);
  }

  /**
   * EF for every valuation, from some start of it (SEMANTICS 6); an error that cuts a path leaves
   * it open (4).
   */
  #reachability(
    property: Property,
    formula: Extract<Formula, { kind: 'reachable' | 'reachableEach' }>,
  ): Outcome {
    const watches = this.#watchesOf(property);
    const partial = !this.#graph.complete;
    const count = this.#graph.valuationCount;
    const missing = watches.map((watch) =>
      Array.from({ length: count }, (_, v) => v).filter((v) => !watch.trueIn.has(v)),
    );
    if (missing.every((valuations) => valuations.length === 0)) {
      if (this.#graph.startsCut || (partial && this.#samplesValuations()))
        return this.#proved('exhaustive');
      const [first] = watches;
      const trace =
        formula.kind === 'reachable' && first?.firstTrue !== undefined
          ? this.#lift(first.firstTrue)
          : undefined;
      return {
        outcome: 'holds',
        method: 'witness',
        ...(trace ? { trace } : {}),
        evidence: this.#evidence,
      };
    }
    if (partial && !this.#stoppedBySampling()) return this.#proved('exhaustive');
    const unreached = missing.flat().find((valuation) => !this.#seen.erring.has(valuation));
    if (unreached === undefined) return this.#notProvedBecause();
    const names =
      formula.kind === 'reachableEach'
        ? formula.goals.filter((_, i) => missing[i]?.includes(unreached)).map((g) => g.name)
        : [];
    const start = this.#graph.starts.find((index) => this.#graph.valuation(index) === unreached);
    const trace = start === undefined ? undefined : this.#lift(start);
    return this.#violated('exhaustion', trace, names.length > 0 ? { unreachable: names } : {});
  }

  #samplesValuations(): boolean {
    return sampled(this.#semantics).parameters.length > 0;
  }

  /**
   * The graph of the valuations that were looked at is whole; only not all of them were. Where a
   * start was sampled no graph is whole.
   */
  #stoppedBySampling(): boolean {
    const { parameters, variables } = sampled(this.#semantics);
    return (
      variables.length === 0 &&
      this.#graph.bounds.every((bound) => bound === sampleBound(parameters)) &&
      this.#graph.expanded === this.#graph.store.count
    );
  }

  /**
   * AG EF: some reachable state from which neither the goal nor an error can be reached is a trap.
   */
  #recoverable(property: Property): Outcome {
    const [watch] = this.#watchesOf(property);
    if (!watch) return this.#proved('exhaustive');
    const open = backwardReach(this.#graph, (index) => watch.values[index] !== FALSE, this.#time);
    const trapped = open.indexOf(0);
    if (trapped < 0) return this.#proved('exhaustive');
    return this.#violated('trap', this.#lift(trapped));
  }

  #liveness(
    property: Property,
    formula: Extract<Formula, { kind: 'eventually' | 'leadsTo' }>,
  ): Outcome {
    const watches = this.#watchesOf(property);
    const goal = watches.at(-1);
    if (!goal) return this.#proved('exhaustive');
    const misses = (index: number): boolean => goal.values[index] === FALSE;
    const from =
      formula.kind === 'eventually'
        ? this.#graph.starts.filter(misses)
        : Array.from({ length: this.#graph.expanded }, (_, i) => i).filter(
            (i) => watches[0]?.values[i] === HOLDS_THERE && misses(i),
          );
    return this.#lasso(
      findFairRun(arenaOf(this.#graph), { from, region: misses, time: this.#time }),
    );
  }

  /**
   * Some fair run leaves the wanted states again and again. Without any circle a fair run is one
   * that stops, and a part of the graph has all of those.
   */
  #staying(property: Property): Outcome {
    const [watch] = this.#watchesOf(property);
    if (!watch) return this.#proved('exhaustive');
    if (this.#reduction && !isAcyclic(this.#graph, this.#time)) return this.#undecided(property);
    return this.#lasso(
      findFairRun(arenaOf(this.#graph), {
        from: this.#graph.starts,
        recurs: [(index) => watch.values[index] === FALSE],
        time: this.#time,
      }),
    );
  }

  /**
   * Some fair run satisfies the negation: a fair circle in the product of the graph with its
   * automaton (Vardi and Wolper 1986).
   */
  #ltl(property: Property, { formula }: Extract<Formula, { kind: 'ltl' }>): Outcome {
    const watches = this.#watchesOf(property);
    let atoms = 0;
    const automaton = automatonOf({ kind: 'not', body: mapLtl(formula, () => atoms++) });
    const truth = (atom: number, state: number): boolean | undefined =>
      TRUTH[watches[atom]?.values[state] ?? 0];
    const product = productOf(this.#graph, automaton, truth, stopping(this.#graph), this.#time);
    const recurs = automaton.accepting.map(
      (places) =>
        (node: number): boolean =>
          places.has(product.placeOf(node)),
    );
    const run = findFairRun(product, { from: product.starts, recurs, time: this.#time });
    if (!run) return this.#proved('exhaustive');
    const stop = run.nodes.findIndex((node) => product.isStopped(node));
    const nodes = stop < 0 ? run.nodes : run.nodes.slice(0, stop);
    const states = nodes.map((node) => this.#graph.store.get(product.stateOf(node)));
    return this.#violated(
      'lasso',
      liftRun(
        this.#semantics,
        { states, loopStart: stop < 0 ? run.loopStart : nodes.length - 1 },
        ticking(this.#time),
      ),
    );
  }

  /** A part of the graph does not answer this; the whole graph will. */
  #undecided(property: Property): Outcome {
    return {
      outcome: 'unknown',
      reason: 'unsupported',
      message: `${property.name} is not asked of a reduced graph`,
      evidence: this.#evidence,
    };
  }

  #lasso(run: FairRun | undefined): Outcome {
    if (!run) return this.#proved('exhaustive');
    const [first] = run.nodes;
    const prefix = first === undefined ? [] : this.#graph.pathTo(first).slice(0, -1);
    const states = [...prefix, ...run.nodes].map((index) => this.#graph.store.get(index));
    return this.#violated(
      'lasso',
      liftRun(
        this.#semantics,
        { states, loopStart: prefix.length + run.loopStart },
        ticking(this.#time),
      ),
    );
  }

  #violatedAt(index: number): Outcome {
    return this.#violated('trace', this.#lift(index));
  }

  /** A shortest run to a state, and the error that it ends in. */
  #lift(index: number, error?: number): Trace | undefined {
    return liftRun(
      this.#semantics,
      { states: this.#graph.runTo(index), error },
      ticking(this.#time),
    );
  }

  #violated(
    witness: 'trace' | 'lasso' | 'trap' | 'exhaustion',
    trace: Trace | undefined,
    evidence: Evidence = {},
  ): Outcome {
    return {
      outcome: 'violated',
      witness,
      ...(trace ? { trace } : {}),
      evidence: { ...this.#evidence, ...evidence },
    };
  }
}
