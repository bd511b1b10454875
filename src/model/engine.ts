import type { Time } from '../time/time.ts';
import type { Artifact, Outcome, Vacuity } from './outcome.ts';
import { type Property } from './model.ts';
import type { Semantics } from './semantics.ts';
import { IMPLICIT_KINDS } from './propertyKinds.ts';

/**
 * The engines that can be asked for; `auto` lets the plan choose and cross-check where it is cheap.
 */
export const ENGINE_NAMES = ['explore', 'tlc', 'z3'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** What an engine is asked: some properties of one model. */
export interface Task {
  readonly semantics: Semantics;
  /** The canonical model's digest, for messages and file names. */
  readonly digest: string;
  readonly properties: readonly Property[];
}

export interface Budget {
  readonly memoryMb: number;
  readonly maxStates: number;
  /** Where tools are cached and scratch folders are made. */
  readonly cacheDir: string;
  /**
   * Of explore: whether a part of the graph may do, where it is known to be enough. Default `auto`.
   */
  readonly reduction?: Reduction;
  /**
   * Of explore: `interpreted` where no code is to be generated for its steps. Default `compiled`,
   * where the model can be.
   */
  readonly path?: ExplorationPath;
}

export type ExplorationPath = 'compiled' | 'interpreted';

export const REDUCTIONS = ['auto', 'always', 'never'] as const;
export type Reduction = (typeof REDUCTIONS)[number];

export interface EngineProgress {
  readonly phase: string;
  readonly states?: number;
  readonly depth?: number;
  /** States that are found and not yet expanded. */
  readonly queue?: number;
  readonly statesPerSecond?: number;
}

/** What an engine found: an outcome for each property that it was asked, by name. */
export interface EngineResult {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly artifacts: readonly Artifact[];
  readonly states?: number;
  readonly vacuity?: Vacuity;
}

/** The whole seam between the product and whatever decides a question. */
export interface Engine {
  readonly name: EngineName;
  /**
   * The version that goes into the evidence; throws `Fault` TOOL_UNAVAILABLE with the reason and
   * the remedy.
   */
  version(cacheDir: string): Promise<string>;
  /** Why this engine cannot decide the property of this model, or nothing if it can. */
  refuses(task: Task, property: Property): string | undefined;
  /** Whether it may show that the property is violated, and never that it holds. */
  onlyBreaks?(property: Property): boolean;
  run(
    task: Task,
    budget: Budget,
    time: Time,
    onProgress: (progress: EngineProgress) => void,
  ): Promise<EngineResult>;
}

/**
 * SEMANTICS 4, for engines that judge each property by itself: while an implicit property is not
 * proved, nothing else is more than bounded, but for an answer that is its own witness.
 */
export function boundUnproved(outcomes: Map<string, Outcome>): void {
  const unproved = IMPLICIT_KINDS.filter(
    (kind) => outcomes.has(kind) && outcomes.get(kind)?.outcome !== 'holds',
  );
  if (unproved.length === 0) return;
  for (const [name, outcome] of outcomes) {
    if (
      (IMPLICIT_KINDS as readonly string[]).includes(name) ||
      outcome.outcome !== 'holds' ||
      outcome.method === 'witness'
    )
      continue;
    outcomes.set(name, {
      outcome: 'bounded',
      bound: `runs that break none of ${unproved.join(', ')}`,
      evidence: outcome.evidence,
    });
  }
}
