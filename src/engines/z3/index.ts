import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../errors/index.ts';
import { Unencodable } from '../../encode/definedness.ts';
import type { SmtSystem } from '../../encode/smt/system.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../encode/smt/symbolic.ts';
import {
  boundUnproved,
  type Budget,
  type Engine,
  type EngineProgress,
  type EngineResult,
  type Task,
} from '../../model/engine.ts';
import { starts, valuations } from '../../model/initial.ts';
import type { State } from '../../model/layout.ts';
import { liftRun } from '../../model/lift.ts';
import type { FormulaKind, Property } from '../../model/model.ts';
import type { Artifact, Outcome } from '../../model/outcome.ts';
import { OutOfTime, partOf, type Time } from '../../time/time.ts';
import { BoundedSearch, type ValuePath } from './bmc.ts';
import { inductiveSubset } from './induction.ts';
import { shownBy } from './found.ts';
import { kInduction } from './kInduction.ts';
import { assertLassosEncodable, isLiveness, lassoOutcomes } from './lasso.ts';
import { learnedClauses } from './learned.ts';
import { SessionError, Z3Session, type SessionLimits } from './session.ts';
import { SmallGraph, type Hit } from './smallGraph.ts';
import {
  everyValuation,
  manyValuations,
  reachedFromEverywhere,
  type Reached,
} from './everyValuation.ts';
import { establish, type Claim } from './proof.ts';
import { ENOUGH, othersHere } from './reprove.ts';
import { solverHere } from './solvers.ts';
import { spacer } from './spacer.ts';
import { systemOf } from './systems.ts';
import { WarmProcesses } from './warm.ts';

/**
 * Unrollings before Spacer is asked; deeper ones only after it has said that there is something to
 * find (FACTS: BMC is for short traces).
 */
const SHALLOW_DEPTH = 6;
const MAX_DEPTH = 60;
/** Of more inductive terms than this only the ranges are looked at over several steps. */
const MAX_BESIDE = 100;
/** Spacer mostly knows within this, and then k-induction would only have taken a core from it. */
const HEAD_START_MS = 1_000;
/** What a phase may take that another one can make up for. */
const PHASE_MS = 5_000;

const DECIDES: Readonly<Record<FormulaKind, boolean>> = {
  always: true,
  never: true,
  implicit: true,
  deadlockFree: true,
  reachable: true,
  eventually: true,
  eventuallyAlways: true,
  leadsTo: true,
  recoverable: false,
  reachableEach: false,
  all: false,
  ltl: false,
};

/**
 * Z3 (de Moura and Bjørner 2008) on SMT-LIB text: bounded search for short traces, Spacer for
 * proofs over all integers.
 */
export const z3: Engine = {
  name: 'z3',
  version,
  refuses,
  run: (task, budget, time, onProgress) => new Z3Check(task, budget, time, onProgress).run(),
};

/**
 * `Z3_BIN` where it is set, else the packaged one: its version, and the hash of the file that runs.
 */
async function version(): Promise<string> {
  const solver = await solverHere(process.env['Z3_BIN'] ? 'native' : 'packaged');
  if (!solver)
    throw new Fault(
      'TOOL_UNAVAILABLE',
      'Z3 does not start; reinstall the package z3-solver, or set Z3_BIN to a z3 binary',
    );
  return solver.name;
}

function refuses(task: Task, property: Property): string | undefined {
  const { kind } = property.formula;
  if (!DECIDES[kind]) return `Z3 is not asked for ${kind}`;
  try {
    const system = systemOf(task.semantics);
    if (isLiveness(property.formula))
      assertLassosEncodable(task.semantics, system, property.formula);
    else system.bad(property);
    return undefined;
  } catch (error) {
    if (error instanceof Unencodable) return error.message;
    throw error;
  }
}

class Z3Check {
  readonly #task: Task;
  readonly #system: SmtSystem;
  readonly #limits: SessionLimits;
  readonly #onProgress: (progress: EngineProgress) => void;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #artifacts: Artifact[] = [];
  /** What was found to be inductive, last: others may be so together with it. */
  #inductive: readonly Term[] = [];

  constructor(
    task: Task,
    budget: Budget,
    time: Time,
    onProgress: (progress: EngineProgress) => void,
  ) {
    this.#task = task;
    this.#system = systemOf(task.semantics);
    this.#limits = {
      ...time,
      memoryMb: budget.memoryMb,
      warm: new WarmProcesses(),
      provers: new WarmProcesses(),
    };
    this.#onProgress = onProgress;
  }

  async run(): Promise<EngineResult> {
    try {
      // Whoever is to prove again what is found starts while it is looked for.
      if ((await othersHere()).length < ENOUGH) this.#limits.provers?.prepare();
      return await this.#decide();
    } finally {
      this.#limits.warm?.end();
      this.#limits.provers?.end();
    }
  }

  async #decide(): Promise<EngineResult> {
    const goals = this.#task.properties.filter((p) => p.formula.kind === 'reachable');
    const liveness = this.#task.properties.filter((p) => isLiveness(p.formula));
    const safety = this.#task.properties.filter(
      (p) => p.formula.kind !== 'reachable' && !isLiveness(p.formula),
    );
    await this.#guarded(safety, () => this.#safety(safety));
    await this.#guarded(liveness, () => this.#liveness(liveness));
    for (const property of goals) await this.#guarded([property], () => this.#reachable(property));
    boundUnproved(this.#outcomes);
    return { outcomes: this.#outcomes, artifacts: this.#artifacts };
  }

  /**
   * A session that ends without an answer leaves what is still open unknown, for its own reason.
   */
  async #guarded(properties: readonly Property[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const [reason, message] =
        error instanceof SessionError
          ? ([error.end, error.message] as const)
          : error instanceof OutOfTime
            ? (['timeout', 'the encoding was not finished in time'] as const)
            : (['crash', error instanceof Error ? error.message : String(error)] as const);
      for (const p of properties)
        if (!this.#outcomes.has(p.name))
          this.#outcomes.set(p.name, { outcome: 'unknown', reason, message, evidence: {} });
    }
  }

  /**
   * What is inductive by itself, or together with what examples suggest; then short traces. Then
   * one invariant of Spacer for all that is left; where Spacer is slow and the graph small, the
   * graph's own states and paths as hints. What is still open is asked by itself, and searched
   * deeper.
   */
  async #safety(properties: readonly Property[]): Promise<void> {
    const bad = new Map(properties.map((p) => [p, this.#system.bad(p)]));
    this.#onProgress({ phase: 'proving' });
    let open = await this.#proveByInduction(properties, bad);
    // A hard property must not keep the easy ones, on which all others rest, from their proof.
    const implicit = open.filter((p) => p.formula.kind === 'implicit');
    if (implicit.length > 0 && implicit.length < open.length) {
      const still = await this.#proveByInduction(implicit, bad);
      open = open.filter((p) => still.includes(p) || !implicit.includes(p));
    }
    if (open.length > 0) open = await this.#proveByLearning(open, bad);
    if (open.length > 0)
      open = await this.#search(open, bad, 'true', SHALLOW_DEPTH, this.#share(4, PHASE_MS));
    if (open.length === 0) return;
    const small = (await this.#smallGraph()) !== undefined;
    const together = await this.#prove(
      namesOf(open),
      smtOr(open.map((p) => bad.get(p) as Term)),
      'true',
      this.#share(5, small ? PHASE_MS / 2 : 2 * PHASE_MS),
    );
    if (together.outcome === 'holds') {
      for (const p of open) this.#outcomes.set(p.name, together);
      return;
    }
    open = await this.#decideByGraph(open, bad);
    // Implicit properties first: while one of them is open, nothing else counts.
    open = [
      ...open.filter((p) => p.formula.kind === 'implicit'),
      ...open.filter((p) => p.formula.kind !== 'implicit'),
    ];
    const breakable: Property[] = [];
    for (const [i, p] of open.entries()) {
      const alone = await this.#prove(
        p.name,
        bad.get(p) as Term,
        'true',
        this.#share(2 * (open.length - i)),
      );
      if (alone.outcome === 'holds') this.#outcomes.set(p.name, alone);
      else breakable.push(p);
    }
    const unfound =
      breakable.length === 0
        ? []
        : await this.#search(breakable, bad, 'true', MAX_DEPTH, this.#share(1));
    for (const p of unfound)
      this.#outcomes.set(p.name, {
        outcome: 'unknown',
        reason: 'timeout',
        message: `no proof, and no trace of at most ${MAX_DEPTH} steps, within the time limit`,
        evidence: {},
      });
  }

  async #liveness(properties: readonly Property[]): Promise<void> {
    if (properties.length === 0) return;
    const outcomes = await lassoOutcomes(
      this.#task.semantics,
      this.#system,
      properties,
      this.#share(3),
      (depth) => this.#onProgress({ phase: 'lassos', depth }),
    );
    for (const [name, outcome] of outcomes) this.#outcomes.set(name, outcome);
  }

  /** A share of the time that is left, and no more than `mostMs`. */
  #share(parts: number, mostMs = Infinity): SessionLimits {
    return { ...this.#limits, ...partOf(this.#limits, 1 / parts, mostMs) };
  }

  /**
   * What is inductive by itself, together with the declared ranges: the cheapest proof, and the one
   * that people can read.
   */
  async #proveByInduction(
    open: readonly Property[],
    bad: ReadonlyMap<Property, Term>,
    learned: readonly Term[] = [],
  ): Promise<Property[]> {
    if (open.length === 0) return [];
    const wanted = new Map(open.map((p) => [p, smtNot(bad.get(p) as Term)]));
    const candidates = [
      ...new Set([
        ...this.#system.lemmas,
        smtNot(this.#system.erring),
        ...wanted.values(),
        ...learned,
      ]),
    ].filter((t) => t !== 'true');
    const kept = new Set(
      await this.#withinTime(inductiveSubset(this.#system, candidates, 'true', this.#share(4)), []),
    );
    this.#inductive = [...kept].filter(
      (term, _, all) => all.length <= MAX_BESIDE || this.#system.lemmas.includes(term),
    );
    const proved = open.filter((p) => wanted.get(p) === 'true' || kept.has(wanted.get(p) as Term));
    if (proved.length === 0) return [...open];
    const claim = {
      name: `${learned.length > 0 ? 'learned' : 'induction'}-${namesOf(proved)}`,
      bad: smtOr(proved.map((p) => bad.get(p) as Term)),
      constraint: 'true',
      invariant: this.#definition(smtAnd([...kept])),
      goals: new Map(proved.map((p) => [p.name, wanted.get(p) as Term])),
    };
    const outcome = await this.#established(claim, this.#share(2));
    if (outcome.outcome !== 'holds') return [...open];
    for (const p of proved) this.#outcomes.set(p.name, outcome);
    return open.filter((p) => !proved.includes(p));
  }

  /**
   * The same with what is true of all states that a short walk meets: few models need more, and
   * what comes out can be read.
   */
  async #proveByLearning(
    open: readonly Property[],
    bad: ReadonlyMap<Property, Term>,
  ): Promise<Property[]> {
    const examples = await this.#examples();
    const learned = examples
      ? learnedClauses(
          this.#system,
          [false, true].flatMap((backwards) =>
            examples.states.map((state) => this.#system.values(state, backwards)),
          ),
          this.#share(4, PHASE_MS),
        )
      : [];
    return learned.length === 0 ? [...open] : this.#proveByInduction(open, bad, learned);
  }

  /** A phase that runs out of its share of the time gives up; anything else goes on up. */
  async #withinTime<T>(work: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof SessionError && error.end === 'timeout') return otherwise;
      throw error;
    }
  }

  /**
   * Where the graph is small: each property by the way to where it breaks, taken step by step, or
   * by the reachable states as invariant.
   */
  async #decideByGraph(
    open: readonly Property[],
    bad: ReadonlyMap<Property, Term>,
  ): Promise<Property[]> {
    const graph = await this.#smallGraph();
    if (!graph) return [...open];
    const safe: Property[] = [];
    const remaining: Property[] = [];
    for (const p of open) {
      const hit = graph.hit(p, () => true);
      if (!hit) safe.push(p);
      else if (!(await this.#confirm(p, bad.get(p) as Term, hit, 'true'))) remaining.push(p);
    }
    return [
      ...remaining,
      ...(await this.#proveByStates(
        safe,
        smtOr(safe.map((p) => bad.get(p) as Term)),
        'true',
        graph,
        () => true,
      )),
    ];
  }

  /**
   * The set of reachable states as the invariant: found by walking the graph, believed because Z3
   * re-proves it inductive.
   */
  async #proveByStates(
    open: readonly Property[],
    bad: Term,
    constraint: Term,
    graph: SmallGraph,
    belongs: (state: State) => boolean,
  ): Promise<readonly Property[]> {
    if (open.length === 0 || !graph.errorFree) return open;
    const cubes = this.#encoded(() =>
      graph.states.filter(belongs).map((state) => this.#system.cube(state)),
    );
    if (!cubes) return open;
    const outcome = await this.#established(
      {
        name: `states-${namesOf(open)}`,
        bad,
        constraint,
        invariant: this.#definition(smtOr(cubes)),
      },
      this.#share(2),
    );
    if (outcome.outcome !== 'holds') return open;
    for (const p of open) this.#outcomes.set(p.name, outcome);
    return [];
  }

  /**
   * Lets Z3 take a known way, each state fixed: a violation by its own encoding, then lifted and
   * replayed like any other.
   */
  async #confirm(property: Property, bad: Term, hit: Hit, constraint: Term): Promise<boolean> {
    const cubes = this.#encoded(() => hit.states.map((state) => this.#system.cube(state)));
    if (!cubes) return false;
    const work = async (): Promise<boolean> => {
      const { session } = await Z3Session.open(this.#share(2));
      try {
        const search = await BoundedSearch.start(this.#system, session, constraint);
        for (const [i, cube] of cubes.entries()) {
          await search.fix(cube);
          if (i < cubes.length - 1 || hit.error) await search.deepen();
        }
        const path = await search.reaches(bad);
        if (path) this.#outcomes.set(property.name, this.#found(property, path));
        return path !== undefined;
      } finally {
        session.close();
      }
    };
    return this.#withinTime(work(), false);
  }

  #walked: Promise<SmallGraph | undefined> | undefined;

  #examples(): Promise<SmallGraph | undefined> {
    this.#walked ??= SmallGraph.walk(this.#task.semantics, {
      memoryMb: this.#limits.memoryMb,
      time: this.#share(4, PHASE_MS),
    });
    return this.#walked;
  }

  async #smallGraph(): Promise<SmallGraph | undefined> {
    const graph = await this.#examples();
    return graph?.complete === true ? graph : undefined;
  }

  /** The terms, or nothing where one row stands for several states of the encoding. */
  #encoded(terms: () => Term[]): Term[] | undefined {
    try {
      return terms();
    } catch (error) {
      if (error instanceof Unencodable) return undefined;
      throw error;
    }
  }

  #definition(body: Term): string {
    return `(define-fun Inv (${this.#system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ')}) Bool ${body})`;
  }

  /** `holds` only with the three obligations proved again, by fresh processes. */
  async #established(claim: Claim, limits: SessionLimits): Promise<Outcome> {
    const attempt = await establish(this.#system, claim, limits);
    if (attempt.kind === 'open')
      return { outcome: 'unknown', reason: 'unreplayable', message: attempt.message, evidence: {} };
    for (const artifact of attempt.artifacts) this.#artifacts.push(artifact);
    return attempt.outcome;
  }

  /** Unrolls up to `maxDepth`; what is found is noted, what is not comes back. */
  async #search(
    properties: readonly Property[],
    bad: ReadonlyMap<Property, Term>,
    constraint: Term,
    maxDepth: number,
    limits: SessionLimits,
  ): Promise<Property[]> {
    let open = [...properties];
    const { session } = await Z3Session.open(limits);
    try {
      const search = await BoundedSearch.start(this.#system, session, constraint);
      for (;;) {
        this.#onProgress({ phase: 'searching', depth: search.depth });
        // One question for all; only when something is there, one for each.
        if (
          open.length === 1 ||
          (await search.reaches(smtOr(open.map((p) => bad.get(p) as Term))))
        ) {
          const still: Property[] = [];
          for (const p of open) {
            const path = await search.reaches(bad.get(p) as Term);
            if (path) this.#outcomes.set(p.name, this.#found(p, path));
            else still.push(p);
          }
          open = still;
        }
        if (open.length === 0 || search.depth >= maxDepth || !(await search.deepen())) return open;
      }
    } catch (error) {
      if (error instanceof SessionError && error.end === 'timeout') return open;
      throw error;
    } finally {
      session.close();
    }
  }

  #found(property: Property, path: ValuePath): Outcome {
    return shownBy(this.#task.semantics, this.#system, property, path);
  }

  /**
   * Spacer, and soon k-induction beside it: whoever is sure first ends the other. `holds` only with
   * the three obligations proved again by others; `violated` here means: search deeper.
   */
  async #prove(name: string, bad: Term, constraint: Term, limits: SessionLimits): Promise<Outcome> {
    const sure = new AbortController();
    const racing = { ...limits, signal: AbortSignal.any([limits.signal, sure.signal]) };
    const good = smtAnd([...this.#inductive, smtNot(bad)]);
    const ended = (error: unknown): undefined => {
      if (error instanceof SessionError && !limits.signal.aborted) return undefined;
      throw error;
    };
    const [answer, depth] = await Promise.all([
      spacer(this.#system, bad, constraint, racing)
        .catch(ended)
        .then((found) => {
          if (found && found.kind !== 'unknown') sure.abort();
          return found;
        }),
      delay(HEAD_START_MS, undefined, { signal: racing.signal })
        .then(
          () =>
            kInduction(this.#system, good, constraint, {
              ...racing,
              deadline: Math.min(racing.deadline, Date.now() + PHASE_MS),
            }),
          () => undefined,
        )
        .catch(ended)
        .then((found) => {
          if (found) sure.abort();
          return found;
        }),
    ]);
    if (answer?.kind === 'unsafe') return { outcome: 'violated', witness: 'trace', evidence: {} };
    if (answer?.kind === 'safe')
      return this.#established(
        { name, bad, constraint, invariant: answer.invariant, horn: answer.horn },
        this.#limits,
      );
    for (const invariant of depth ? new Set([smtNot(bad), good]) : []) {
      const proved = await this.#established(
        {
          name: `${depth?.steps}-induction-${name}`,
          bad,
          constraint,
          invariant: this.#definition(invariant),
          ...(depth ? { depth } : {}),
          goals: new Map([[name, smtNot(bad)]]),
        },
        this.#limits,
      );
      if (proved.outcome === 'holds') return proved;
    }
    return {
      outcome: 'unknown',
      reason: 'timeout',
      message:
        answer?.message ??
        'neither Spacer nor k-induction came to an end in their share of the time',
      evidence: {},
    };
  }

  /**
   * EF for every valuation: one by one where they are few, else by ways that together serve them
   * all.
   */
  async #reachable(property: Property): Promise<void> {
    if (manyValuations(this.#task.semantics)) return this.#reachableByWays(property);
    for (const valuation of valuations(this.#task.semantics))
      if (!(await this.#reachableUnder(property, valuation))) return;
  }

  async #reachableByWays(property: Property): Promise<void> {
    const goal = this.#system.bad(property);
    const reached = await this.#withinTime(
      reachedFromEverywhere(this.#system, goal, this.#share(2)),
      { kind: 'open', tried: 0 } satisfies Reached,
    );
    if (reached.kind === 'always') {
      const outcome = await everyValuation(
        this.#task.semantics,
        this.#system,
        property,
        reached,
        this.#limits,
      );
      this.#artifacts.push({
        name: `z3/${property.name}/everyValuation.smt2`,
        mediaType: 'text/x-smtlib2',
        text: reached.obligation,
      });
      this.#outcomes.set(property.name, outcome);
      return;
    }
    if (reached.kind === 'open' && reached.tried > 0) {
      this.#outcomes.set(property.name, {
        outcome: 'bounded',
        bound: `the ${reached.tried} valuations that were tried: each reaches it, by a way of its own`,
        evidence: {},
      });
      return;
    }
    // From this one it may be out of reach, which would be the answer.
    const valuation =
      reached.kind === 'missed'
        ? this.#system.row(reached.start).state.slice(0, this.#task.semantics.layout.parameterWidth)
        : undefined;
    if (valuation && !(await this.#reachableUnder(property, valuation))) return;
    this.#outcomes.set(property.name, {
      outcome: 'unknown',
      reason: 'timeout',
      message:
        'no ways that reach it for every valuation of the parameters were found within the limits of steps and time',
      evidence: {},
    });
  }

  /**
   * EF for one valuation; true when it is reached. A goal that no run reaches is an exhaustion, by
   * an invariant that excludes it and every error.
   */
  async #reachableUnder(property: Property, valuation: readonly number[]): Promise<boolean> {
    const goal = this.#system.bad(property);
    const excluded = smtOr([goal, this.#system.erring]);
    const constraint = this.#system.valuation(valuation);
    const search = (depth: number, limits: SessionLimits): Promise<Property[]> =>
      this.#search([property], new Map([[property, goal]]), constraint, depth, limits);
    if ((await search(SHALLOW_DEPTH, this.#share(4, PHASE_MS))).length === 0) return true;
    const ofValuation = (state: State): boolean => valuation.every((word, i) => state[i] === word);
    const graph = await this.#smallGraph();
    const hit = graph?.hit(property, ofValuation);
    if (hit && (await this.#confirm(property, goal, hit, constraint))) return true;
    const byStates =
      graph &&
      !hit &&
      (await this.#proveByStates([property], excluded, constraint, graph, ofValuation)).length ===
        0;
    const proof = byStates
      ? this.#outcomes.get(property.name)
      : await this.#prove(property.name, excluded, constraint, this.#share(3));
    if (proof?.outcome === 'holds') {
      const [start] = [...starts(this.#task.semantics, valuation)].filter((s) => s.errors === 0);
      const trace = start && liftRun(this.#task.semantics, { states: [start.state] });
      this.#outcomes.set(property.name, {
        outcome: 'violated',
        witness: 'exhaustion',
        ...(trace ? { trace } : {}),
        evidence: proof.evidence,
      });
      return false;
    }
    // Where runs can end in an error, "not reached" is no answer: the error may be all that cuts
    // the path (SEMANTICS 4).
    const erring = await this.#search(
      [property],
      new Map([[property, this.#system.erring]]),
      constraint,
      SHALLOW_DEPTH,
      this.#share(3),
    );
    this.#outcomes.delete(property.name);
    if (
      (await search(erring.length === 0 ? 2 * SHALLOW_DEPTH : MAX_DEPTH, this.#share(2))).length ===
      0
    )
      return true;
    this.#outcomes.set(
      property.name,
      erring.length === 0
        ? { outcome: 'bounded', bound: 'runs that break no implicit property', evidence: {} }
        : {
            outcome: 'unknown',
            reason: 'timeout',
            message: 'neither reached nor excluded within the time limit',
            evidence: {},
          },
    );
    return false;
  }
}

function namesOf(properties: readonly Property[]): string {
  return properties
    .map((p) => p.name)
    .join('-')
    .slice(0, 60);
}
