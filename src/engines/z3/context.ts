import type { SmtSystem } from '../../encode/smt/system.ts';
import type { Term } from '../../encode/smt/terms.ts';
import type { EngineProgress, Task } from '../../model/engine.ts';
import type { Property } from '../../model/model.ts';
import type { Artifact, Outcome } from '../../model/outcome.ts';
import type { Semantics } from '../../model/semantics.ts';
import { partOf } from '../../time/time.ts';
import type { ValuePath } from './bmc.ts';
import { outcomeOfPath } from './found.ts';
import { type ClaimedInvariant, establish } from './proof.ts';
import { SessionError, type SessionLimits } from './session.ts';
import { SmallGraph } from './smallGraph.ts';
import { systemOf } from './systems.ts';

/** What a phase may take that another one can make up for. */
export const PHASE_MS = 5_000;

/** What all that look for an answer share: the model in both forms, the time, what was found. */
export class Context {
  readonly semantics: Semantics;
  readonly system: SmtSystem;
  readonly limits: SessionLimits;
  readonly onProgress: (progress: EngineProgress) => void;
  /** What was found to be inductive, last: others may be so together with it. */
  inductive: readonly Term[] = [];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #artifacts: Artifact[] = [];
  #walked: Promise<SmallGraph | undefined> | undefined;

  constructor(task: Task, limits: SessionLimits, onProgress: (progress: EngineProgress) => void) {
    this.semantics = task.semantics;
    this.system = systemOf(task.semantics);
    this.limits = limits;
    this.onProgress = onProgress;
  }

  get outcomes(): Map<string, Outcome> {
    return this.#outcomes;
  }

  get artifacts(): readonly Artifact[] {
    return this.#artifacts;
  }

  settle({ name }: Property, outcome: Outcome): void {
    this.#outcomes.set(name, outcome);
  }

  /** A path of values is an answer once it is a run of the model. */
  settleByPath(property: Property, path: ValuePath): void {
    this.settle(property, outcomeOfPath(this.semantics, this.system, property, path));
  }

  keep(artifact: Artifact): void {
    this.#artifacts.push(artifact);
  }

  /** One part of so many of the time that is left, and no more than `mostMs`. */
  share(parts: number, mostMs = Infinity): SessionLimits {
    return { ...this.limits, ...partOf(this.limits, 1 / parts, mostMs) };
  }

  /** `holds` only with the three obligations proved again, by fresh processes. */
  async established(claim: ClaimedInvariant, limits: SessionLimits): Promise<Outcome> {
    const attempt = await establish(this.system, claim, limits);
    if (attempt.kind === 'open')
      return { outcome: 'unknown', reason: 'unreplayable', message: attempt.message, evidence: {} };
    for (const artifact of attempt.artifacts) this.keep(artifact);
    return attempt.outcome;
  }

  /** A term over the model's cells as the invariant of a claim. */
  invariant(body: Term): string {
    const { variables } = this.system;
    return `(define-fun Inv (${variables.map((v) => `(${v.name} ${v.sort})`).join(' ')}) Bool ${body})`;
  }

  /** The states that a short walk meets; nothing where some start is wrong already. */
  examples(): Promise<SmallGraph | undefined> {
    this.#walked ??= SmallGraph.walk(this.semantics, {
      memoryMb: this.limits.memoryMb,
      time: this.share(4, PHASE_MS),
    });
    return this.#walked;
  }

  /** The whole graph, where it is small. */
  async smallGraph(): Promise<SmallGraph | undefined> {
    const graph = await this.examples();
    return graph?.complete === true ? graph : undefined;
  }
}

/** The states of a short walk as values of the encoding. */
export async function rowsOf(
  context: Context,
): Promise<readonly (readonly (number | boolean)[])[]> {
  const examples = await context.examples();
  return [false, true].flatMap((backwards) =>
    (examples?.states ?? []).map((state) => context.system.values(state, backwards)),
  );
}

/** A phase that runs out of its share of the time gives up; anything else goes on up. */
export async function withinShare<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SessionError && error.end === 'timeout') return otherwise;
    throw error;
  }
}
