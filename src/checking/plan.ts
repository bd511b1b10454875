import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../errors/index.ts';
import { explore } from '../engines/explore/index.ts';
import { tlc } from '../engines/tlc/index.ts';
import { z3 } from '../engines/z3/index.ts';
import {
  ENGINE_NAMES,
  type Budget,
  type Engine,
  type EngineName,
  type EngineResult,
  type Task,
} from '../model/engine.ts';
import { type Property } from '../model/model.ts';
import {
  isDefinite,
  type Assurance,
  type PropertyReport,
  type UnknownReason,
} from '../model/outcome.ts';
import { endedBy, isOver, leftOf, OutOfTime, partOf, within, type Time } from '../time/time.ts';
import { lackOf } from './assurance.ts';
import { replayOutcome } from './combine.ts';
import type { CheckContext } from './context.ts';
import type { CheckOptions } from './types.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';

/** The engines there are: one line each. */
export const ENGINES: Readonly<Record<EngineName, Engine>> = { explore, tlc, z3 };

export interface EngineRun {
  readonly engine: Engine;
  readonly version: string;
  readonly durationMs: number;
  /** The properties that it was asked for, by name. */
  readonly asked: ReadonlySet<string>;
  readonly result?: EngineResult;
  /** Why there is no result: the whole engine failed. */
  readonly failure?: { readonly reason: UnknownReason; readonly message: string };
}

/**
 * Who is asked again for an answer that lacks an assurance, in this order; what is not here no
 * engine can give. Only Z3 leaves obligations; for a second opinion Z3 goes before TLC, for it also
 * leaves a proof.
 */
const GIVEN_BY: readonly {
  readonly assurance: Assurance;
  readonly engines: readonly EngineName[];
}[] = [
  { assurance: 'crossChecked', engines: ['z3', 'tlc', 'explore'] },
  { assurance: 'obligationsReproved', engines: ['z3'] },
];

/**
 * So long, and for no larger part of the time, explore has the machine for itself: most models are
 * done long before. Where a core is free, another engine on it costs explore nothing.
 */
const RACE_AFTER_MS = { free: 1_500, busy: 8_000 } as const;
const RACE_AFTER_PART = 1 / 4;

/** Whether the last minute left a core to spare beside the one that explore takes. */
const hasFreeCore = (): boolean => availableParallelism() - (loadavg()[0] ?? 0) >= 1.5;
/** What one replay may take before the answer ends the others, of what is left. */
const REPLAY_PART = 1 / 8;
/** Where Z3 can decide something, explore leaves it this part of the time. */
const SECOND_SHARE = 1 / 3;

/**
 * Runs the engines. `auto`: explore first; what it leaves open goes to Z3, which may prove it for
 * all values. Where explore takes long, Z3 starts beside it, and whoever decides everything first,
 * with runs that replay, ends the other. All of it takes no longer than `time`.
 */
export async function runPlan(
  task: Task,
  options: CheckOptions,
  time: Time,
  context: CheckContext,
): Promise<EngineRun[]> {
  if (options.engines !== 'auto')
    return Promise.all(
      [...new Set(options.engines)].map((name) =>
        runEngine(ENGINES[name], task, options, time, context),
      ),
    );
  const [stopExplore, stopZ3] = [new AbortController(), new AbortController()];
  const provable = task.properties.filter((p) => ENGINES.z3.refuses(task, p) === undefined);
  const exploring = runEngine(
    ENGINES.explore,
    task,
    options,
    endedBy(partOf(time, provable.length > 0 ? 1 - SECOND_SHARE : 1), stopExplore.signal),
    context,
  );
  const alone = RACE_AFTER_MS[hasFreeCore() ? 'free' : 'busy'];
  const headStart = Math.min(alone, leftOf(time) * RACE_AFTER_PART);
  const early = await Promise.race([exploring, delay(headStart, undefined, { ref: false })]);
  const racing =
    early === undefined && provable.length > 0 && !isOver(time)
      ? runEngine(
          ENGINES.z3,
          { ...task, properties: provable },
          options,
          endedBy(time, stopZ3.signal),
          context,
        )
      : undefined;
  void racing?.then((run) => decides(run, task, time) && stopExplore.abort());
  const first = await exploring;
  // Explore was told to stop: Z3 has all answers.
  if (racing && stopExplore.signal.aborted && !decides(first, task, time)) return [await racing];
  const outcomes = first.result?.outcomes;
  const open = provable.filter((p) => !isDecided(first, p));
  // While an implicit property is broken, nothing that is open can become more than bounded
  // (SEMANTICS 4).
  const done =
    open.length === 0 ||
    isOver(time) ||
    IMPLICIT_KINDS.some((kind) => outcomes?.get(kind)?.outcome === 'violated');
  if (done) {
    stopZ3.abort();
    await racing;
    return [first];
  }
  // What explore left open, soon, is mostly open for good.
  const last = partOf(time, 1, options.timeoutMs * SECOND_SHARE);
  return [
    first,
    await (racing ?? runEngine(ENGINES.z3, { ...task, properties: open }, options, last, context)),
  ];
}

function isDecided(run: EngineRun, property: Property): boolean {
  const outcome = run.result?.outcomes.get(property.name);
  return outcome !== undefined && isDefinite(outcome);
}

/** An answer that does not replay is none, and ends nobody. */
function decides(run: EngineRun, { semantics, properties }: Task, time: Time): boolean {
  return properties.every((property) => {
    const outcome = run.result?.outcomes.get(property.name);
    return (
      outcome !== undefined &&
      isDecided(run, property) &&
      replayOutcome(semantics, property, outcome, partOf(time, REPLAY_PART)).outcome === outcome
    );
  });
}

/**
 * For each answer that lacks a demanded assurance, the next engine that may give it and has not
 * been asked; all of them beside each other. Engines that were named by hand stay the only ones.
 */
export async function runForAssurance(
  task: Task,
  reports: readonly PropertyReport[],
  runs: readonly EngineRun[],
  options: CheckOptions,
  time: Time,
  context: CheckContext,
): Promise<EngineRun[]> {
  if (options.engines !== 'auto' || (options.assurance ?? []).length === 0) return [];
  const wanted = new Map<EngineName, Property[]>();
  for (const property of task.properties) {
    const report = reports.find((r) => r.name === property.name);
    const lack = report ? lackOf(report, options.assurance ?? []) : [];
    if (lack.length === 0) continue;
    const able = GIVEN_BY.find(({ assurance }) => lack.includes(assurance))?.engines ?? [];
    const next = able.find(
      (name) =>
        !wasAsked(runs, name, property) &&
        // What lacks something is definite.
        canAgree(ENGINES[name], task, property, report?.outcome === 'holds' ? 'holds' : 'violated'),
    );
    if (next) wanted.set(next, [...(wanted.get(next) ?? []), property]);
  }
  return Promise.all(
    [...wanted].map(([name, properties]) =>
      runEngine(ENGINES[name], { ...task, properties }, options, time, context),
    ),
  );
}

const wasAsked = (runs: readonly EngineRun[], name: EngineName, property: Property): boolean =>
  runs.some((run) => run.engine.name === name && run.asked.has(property.name));

/** The other engines take no more than this part of the whole time for what was answered before. */
const CROSS_SHARE = 1 / 4;

/**
 * Asks every engine that can come to a definite answer, and was not asked for it, whether it does;
 * all of them beside each other. Engines that were named by hand stay the only ones.
 */
export async function runCrossCheck(
  task: Task,
  reports: readonly PropertyReport[],
  runs: readonly EngineRun[],
  options: CheckOptions,
  time: Time,
  context: CheckContext,
): Promise<EngineRun[]> {
  if (options.engines !== 'auto') return [];
  const share = partOf(time, 1, options.timeoutMs * CROSS_SHARE);
  const wanted = ENGINE_NAMES.map((name) => ({
    engine: ENGINES[name],
    properties: task.properties.filter((property) => {
      const report = reports.find((each) => each.name === property.name);
      return (
        report !== undefined &&
        isDefinite(report) &&
        !wasAsked(runs, name, property) &&
        canAgree(ENGINES[name], task, property, report.outcome)
      );
    }),
  }));
  return Promise.all(
    wanted
      .filter(({ properties }) => properties.length > 0)
      .map(({ engine, properties }) =>
        runEngine(engine, { ...task, properties }, options, share, context),
      ),
  );
}

/** Whether an engine can come to this answer at all. */
export function canAgree(
  engine: Engine,
  task: Task,
  property: Property,
  outcome: 'holds' | 'violated',
): boolean {
  return (
    !(outcome === 'holds' && engine.onlyBreaks?.(property)) &&
    engine.refuses(task, property) === undefined
  );
}

async function runEngine(
  engine: Engine,
  task: Task,
  options: CheckOptions,
  time: Time,
  context: CheckContext,
): Promise<EngineRun> {
  const started = performance.now();
  const budget: Budget = {
    memoryMb: options.memoryMb,
    maxStates: options.maxStates,
    cacheDir: context.cacheDir,
    ...(options.reduction && { reduction: options.reduction }),
  };
  const duration = (): number => Math.round((performance.now() - started) * 10) / 10;
  const asked = new Set(task.properties.map((p) => p.name));
  let version = 'unavailable';
  try {
    version = await within(time, engine.version(context.cacheDir));
    const supported = task.properties.filter((p) => engine.refuses(task, p) === undefined);
    const result =
      supported.length === 0
        ? undefined
        : await engine.run({ ...task, properties: supported }, budget, time, (progress) =>
            context.onProgress({ engine: engine.name, ...progress }),
          );
    return { engine, version, durationMs: duration(), asked, result };
  } catch (error) {
    return { engine, version, durationMs: duration(), asked, failure: failureOf(error) };
  }
}

/** A broken engine is an answer, `unknown`, and never takes the others down with it. */
function failureOf(error: unknown): { reason: UnknownReason; message: string } {
  if (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOSPC' || error.code === 'EDQUOT')
  )
    return { reason: 'memory', message: `the disk is full: ${error.message}` };
  if (error instanceof OutOfTime)
    return { reason: 'timeout', message: 'the time was over before it had begun' };
  if (!(error instanceof Fault))
    return { reason: 'crash', message: error instanceof Error ? error.message : String(error) };
  const reasons: Readonly<Record<string, UnknownReason>> = {
    TOOL_UNAVAILABLE: 'unavailable',
    TIMEOUT: 'timeout',
    CANCELLED: 'cancelled',
  };
  return { reason: reasons[error.code] ?? 'crash', message: error.message };
}
