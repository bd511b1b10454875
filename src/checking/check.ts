import { bad, Fault, invariant, ok, problem, type Problem, type Result } from '../errors/index.ts';
import { listed, unknownName } from '../errors/nearest.ts';
import { keepWarm } from '../engines/tlc/pool.ts';
import type { Task } from '../model/engine.ts';
import type { Property } from '../model/model.ts';
import type { Artifact, Outcome, PropertyReport, Report, Vacuity } from '../model/outcome.ts';
import { isOver, leftOf, partOf, timeOf, type Time } from '../time/time.ts';
import type { Semantics } from '../model/semantics.ts';
import { neverRead } from '../model/reads.ts';
import { hintOf } from './hints.ts';
import { survival } from './mutants.ts';
import { withAgreement } from './agreement.ts';
import { assumptionsOf } from './assumptions.ts';
import { withLack } from './assurance.ts';
import { combine, conjoin, replayOutcome, withinBounds, type EngineAnswer } from './combine.ts';
import { attacksOn } from './attackSets/attacksOn.ts';
import { checkUnderThreats } from './attackSets/underThreats.ts';
import { inspect, type Inspected } from './inspect.ts';
import type { CheckContext } from './context.ts';
import { modelFormat, specificationFormat } from './formats.ts';
import { checkSpecification, identify } from './identify.ts';
import { ENGINES, runCrossCheck, runForAssurance, runPlan, type EngineRun } from './plan.ts';
import { ENGINE_NAMES, type EngineName } from '../model/engine.ts';
import type { CheckOptions, Submission, Verification } from './types.ts';

/** The versions of all engines, or why one is not there: part of every cache key. */
export async function toolVersions(cacheDir: string): Promise<Record<string, string>> {
  const entries = await Promise.all(
    ENGINE_NAMES.map(async (name) => [name, await toolVersion(name, cacheDir)] as const),
  );
  return Object.fromEntries(entries);
}

export async function toolVersion(name: EngineName, cacheDir: string): Promise<string> {
  try {
    return await ENGINES[name].version(cacheDir);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `unavailable: ${error.message}`;
  }
}

/**
 * The part of the time that engines may take. The rest is for judging what they say: an answer that
 * comes too late to be replayed is none.
 */
const ENGINES_SHARE = 0.85;
/** What judging gets in any case, of the whole time: an engine may have overrun its part. */
const JUDGING_SHARE = 0.1;

/** Each round asks one more engine of what still lacks something; there are three. */
const MAX_ROUNDS = 3;

/**
 * From a submission to its report: read → plan → run → replay → combine, or, of a format that is
 * checked as it is, what its tool says. Bad input comes back as problems; nothing else does.
 * `timeoutMs` is for all of it.
 */
export async function checkSubmission(
  submission: Submission,
  options: CheckOptions,
  context: CheckContext,
): Promise<Result<Verification>> {
  const specification = specificationFormat(submission.format);
  if (specification) return checkSpecification(specification, submission, options, context);
  const time = timeOf(options.timeoutMs, context.signal, context.stopped);
  const inspected = await inspect(submission);
  if (!inspected.ok) return inspected;
  const { semantics, document, digest } = inspected.value;
  const wrong = optionProblems(options, semantics.model.properties);
  if (wrong.length > 0) return bad(...wrong);
  const asked = askedProperties(semantics.model.properties, options.properties);
  if (options.threats && options.threats.length > 0)
    return checkUnderThreats(inspected.value, submission.format, options, asked, time);
  const task: Task = {
    semantics,
    digest,
    properties: asked.filter((p) => p.formula.kind !== 'all'),
  };
  const judging: Judging = { inspected: inspected.value, task, asked, judged: new Map(), time };
  const { runs, reports: found } = await runEngines(judging, submission, options, context);
  // What is told of a model in its own words is told of models that people write.
  const isWritten = modelFormat(submission.format)?.isWritten === true;
  const reports = isWritten ? found.map((report) => withHint(semantics, report)) : found;
  const seen = await vacuityOf(task, reports, runs, options, time, context);
  const vacuity = seen && isWritten ? { ...seen, neverRead: neverRead(semantics.model) } : seen;
  const attacks = await attacksOn(
    inspected.value,
    submission.format,
    options,
    time,
    context.cacheDir,
  );
  if (!attacks.ok) return attacks;
  return ok({
    report: {
      ...reportOf(judging, submission, reports),
      ...(vacuity ? { vacuity } : {}),
      ...attacks.value.report,
    },
    document,
    artifacts: [
      ...runs.flatMap((run): readonly Artifact[] => run.result?.artifacts ?? []),
      ...attacks.value.artifacts,
    ],
  });
}

/** The plan; then whoever else is to agree, and whoever can give what an answer lacks. */
async function runEngines(
  judging: Judging,
  submission: Submission,
  options: CheckOptions,
  context: CheckContext,
): Promise<{ readonly runs: readonly EngineRun[]; readonly reports: readonly PropertyReport[] }> {
  const { task, time } = judging;
  const engines = partOf(time, options.attacks ? ENGINES_SHARE / 2 : ENGINES_SHARE);
  const runs = [...(await runPlan(task, options, engines, context))];
  const reported = (): PropertyReport[] => reportProperties(judging, runs, options);
  if (options.crossCheck === true) {
    const reports = reported();
    const crossing = runCrossCheck(task, reports, runs, options, engines, context);
    context.onFirst?.(reportOf(judging, submission, reports));
    runs.push(...(await crossing));
  }
  for (let round = 0; round < MAX_ROUNDS && !isOver(engines); round += 1) {
    const more = await runForAssurance(task, reported(), runs, options, engines, context);
    if (more.length === 0) break;
    runs.push(...more);
  }
  return { runs, reports: reported() };
}

function reportOf(
  { inspected: { semantics, digest } }: Judging,
  { format }: Submission,
  properties: readonly PropertyReport[],
): Report {
  return {
    model: { name: semantics.model.name, digest, format },
    properties,
    assumptions: assumptionsOf(semantics.model, properties),
  };
}

function withHint(semantics: Semantics, report: PropertyReport): PropertyReport {
  const hint = hintOf(semantics, report);
  return hint === undefined ? report : { ...report, hint };
}

/**
 * SEMANTICS 9: what explore saw on its way, and which of the properties that hold no mutant breaks.
 */
async function vacuityOf(
  task: Task,
  reports: readonly PropertyReport[],
  runs: readonly EngineRun[],
  options: CheckOptions,
  time: Time,
  context: CheckContext,
): Promise<Vacuity | undefined> {
  const seen = runs.find((run) => run.result?.vacuity)?.result;
  if (!seen?.vacuity || seen.states === undefined) return undefined;
  const holding = task.properties.filter((p) =>
    reports.some((r) => r.name === p.name && r.outcome === 'holds'),
  );
  const found = await survival(
    task.semantics.model,
    holding,
    {
      states: seen.states,
      isReduced: [...seen.outcomes.values()].some((o) => o.evidence['reduction'] !== undefined),
    },
    { ...options, cacheDir: context.cacheDir },
    time,
  );
  return { ...seen.vacuity, ...found };
}

function optionProblems(options: CheckOptions, properties: readonly Property[]): Problem[] {
  const known = properties.map(({ name }) => name);
  const unknownProperties = options.properties
    .filter((name) => !known.includes(name))
    .map((name) =>
      problem(
        'PROPERTY_UNKNOWN',
        'properties',
        `the model has no property \`${name}\`; it has ${listed(known, name)}`,
      ),
    );
  const engines = options.engines === 'auto' ? [] : options.engines;
  const unknownEngines = engines
    .filter((name) => !Object.hasOwn(ENGINES, name))
    .map((name) => problem('ENGINE_UNKNOWN', 'engines', unknownName('engine', name, ENGINE_NAMES)));
  return [...unknownProperties, ...unknownEngines];
}

/**
 * The properties asked for, the parts of conjunctions among them, and the implicit ones that all
 * others rest on.
 */
function askedProperties(
  properties: readonly Property[],
  names: readonly string[],
): readonly Property[] {
  if (names.length === 0) return properties;
  const wanted = new Set(names);
  for (const p of properties)
    if (wanted.has(p.name) && p.formula.kind === 'all')
      p.formula.of.forEach((part) => wanted.add(part));
  return properties.filter((p) => wanted.has(p.name) || p.formula.kind === 'implicit');
}

/**
 * What answers are judged by, and what came of each, by engine and property: it is replayed once.
 */
interface Judging {
  readonly inspected: Inspected;
  readonly task: Task;
  /** What is reported: the task's properties, and the conjunctions of them. */
  readonly asked: readonly Property[];
  readonly judged: Map<string, ReturnType<typeof replayOutcome>>;
  readonly time: Time;
}

function reportProperties(
  judging: Judging,
  runs: readonly EngineRun[],
  options: CheckOptions,
): PropertyReport[] {
  const { task, asked, time } = judging;
  const left = Math.max(leftOf(time), options.timeoutMs * JUDGING_SHARE);
  const judgingTime = timeOf(left, time.signal, time.stopped);
  const single = new Map(
    task.properties.map((property) => {
      const answers = runs.flatMap((run) => answerOf(judging, property, run, judgingTime));
      return [property.name, combine(property, answers)] as const;
    }),
  );
  const reports = asked.map((property) => {
    const { formula } = property;
    const report =
      formula.kind === 'all'
        ? conjoin(
            property,
            formula.of.flatMap((name) => single.get(name) ?? []),
          )
        : single.get(property.name);
    invariant(report, `there is an answer for ${property.name}`);
    return withLack(report, options.assurance ?? []);
  });
  return options.crossCheck === undefined ? reports : withAgreement(task, asked, reports);
}

function answerOf(
  { inspected, task, judged }: Judging,
  property: Property,
  run: EngineRun,
  time: Time,
): EngineAnswer[] {
  if (!run.asked.has(property.name)) return [];
  const base = {
    engine: run.engine.name,
    version: run.version,
    durationMs: run.durationMs,
    ...(run.result?.states === undefined ? {} : { states: run.result.states }),
  };
  const refusal = run.engine.refuses(task, property);
  if (refusal !== undefined)
    return [
      {
        ...base,
        replayed: false,
        outcome: { outcome: 'unknown', reason: 'unsupported', message: refusal, evidence: {} },
      },
    ];
  if (run.failure)
    return [
      { ...base, replayed: false, outcome: { outcome: 'unknown', ...run.failure, evidence: {} } },
    ];
  const outcome: Outcome | undefined = run.result?.outcomes.get(property.name);
  if (!outcome) return [];
  const key = `${run.engine.name} ${property.name}`;
  const found =
    judged.get(key) ??
    // One that takes long leaves the others their part.
    replayOutcome(inspected.semantics, property, outcome, partOf(time, 1 / 2));
  judged.set(key, found);
  return [
    {
      ...base,
      ...found,
      outcome: withinBounds(inspected.semantics.model, property, found.outcome),
    },
  ];
}

export { identify, inspect, keepWarm, type Inspected, type CheckContext };
