import { Unencodable } from '../../encode/definedness.ts';
import { Fault } from '../../errors/index.ts';
import {
  boundUnproved,
  type Budget,
  type Engine,
  type EngineProgress,
  type EngineResult,
  type Task,
} from '../../model/engine.ts';
import type { FormulaKind, Property } from '../../model/model.ts';
import { OutOfTime, type Time } from '../../time/time.ts';
import { Context } from './context.ts';
import { assertLassosEncodable, isLiveness, lassoOutcomes } from './lasso.ts';
import { proveAwaited } from './livenessProof.ts';
import { decideReachable } from './reachability.ts';
import { findNativeZ3, nativeZ3 } from './nativeZ3.ts';
import { ENOUGH, othersHere } from './reprove.ts';
import { takesRanking } from './rankingProof.ts';
import { SessionError, type SessionLimits } from './session.ts';
import { solverHere } from './solvers.ts';
import { systemOf } from './systems.ts';
import { decideSafety } from './tactics/index.ts';
import { WarmProcesses } from './warm.ts';

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
  onlyBreaks: ({ formula }) => isLiveness(formula) && !takesRanking(formula),
  run,
};

/**
 * The native one, where there is one or pip brings one, else the packaged: its version, and the
 * hash of the file that runs.
 */
async function version(cacheDir: string): Promise<string> {
  await findNativeZ3(cacheDir);
  const solver = await solverHere(nativeZ3() === undefined ? 'packaged' : 'native');
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

async function run(
  task: Task,
  budget: Budget,
  time: Time,
  onProgress: (progress: EngineProgress) => void,
): Promise<EngineResult> {
  const [warm, provers] = [new WarmProcesses(), new WarmProcesses()];
  const limits: SessionLimits = { ...time, memoryMb: budget.memoryMb, warm, provers };
  const context = new Context(task, limits, onProgress);
  try {
    // Whoever is to prove again what is found starts while it is looked for.
    if ((await othersHere()).length < ENOUGH) provers.prepare();
    await decide(task.properties, context);
  } finally {
    warm.end();
    provers.end();
  }
  boundUnproved(context.outcomes);
  return { outcomes: context.outcomes, artifacts: context.artifacts };
}

async function decide(properties: readonly Property[], context: Context): Promise<void> {
  const reachable = properties.filter(({ formula }) => formula.kind === 'reachable');
  const liveness = properties.filter(({ formula }) => isLiveness(formula));
  const safety = properties.filter((p) => !reachable.includes(p) && !liveness.includes(p));
  await guarded(safety, context, () =>
    decideSafety(
      safety.map((property) => ({ property, bad: context.system.bad(property) })),
      context,
    ),
  );
  await guarded(liveness, context, () => decideLiveness(liveness, context));
  for (const property of reachable)
    await guarded([property], context, () => decideReachable(property, context));
}

async function decideLiveness(properties: readonly Property[], context: Context): Promise<void> {
  if (properties.length === 0) return;
  const open: Property[] = [];
  for (const property of properties)
    if (!(await proveAwaited(property, context))) open.push(property);
  if (open.length === 0) return;
  const outcomes = await lassoOutcomes(
    context.semantics,
    context.system,
    open,
    context.share(3),
    (depth) => context.onProgress({ phase: 'lassos', depth }),
  );
  for (const [name, outcome] of outcomes) context.outcomes.set(name, outcome);
}

/** A session that ends without an answer leaves what is still open unknown, for its own reason. */
async function guarded(
  properties: readonly Property[],
  context: Context,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const [reason, message] =
      error instanceof SessionError
        ? ([error.end, error.message] as const)
        : error instanceof OutOfTime
          ? (['timeout', 'the encoding was not finished in time'] as const)
          : (['crash', error instanceof Error ? error.message : String(error)] as const);
    for (const property of properties)
      if (!context.outcomes.has(property.name))
        context.settle(property, { outcome: 'unknown', reason, message, evidence: {} });
  }
}
