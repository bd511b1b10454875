import { EXPLORE_VERSION, explore } from '../../engines/explore/index.ts';
import { TooLarge } from '../../engines/explore/buchi.ts';
import { bad, ok, problem, type Result } from '../../errors/index.ts';
import type { EngineName, EngineResult } from '../../model/engine.ts';
import { type Model, type Property } from '../../model/model.ts';
import type { EngineReport, Outcome, PropertyReport, WitnessKind } from '../../model/outcome.ts';
import { threatsOf } from '../../threats/operators/index.ts';
import { selectThreats } from '../../threats/selection.ts';
import type { Threat } from '../../threats/threat.ts';
import { AttackedSystem } from '../../threats/attacked.ts';
import { TooManyValues } from '../../threats/world.ts';
import { OutOfTime, partOf, timeOf, type Time } from '../../time/time.ts';
import { assumptionsOf } from '../assumptions.ts';
import { withLack } from '../assurance.ts';
import { conjoin } from '../combine.ts';
import type { Inspected } from '../inspect.ts';
import type { CheckOptions, Verification } from '../types.ts';
import { replays } from './attackTrace.ts';
import type { AttackLimits } from './attackGraph.ts';
import type { Ids } from './minimal.ts';
import { cutAt, roomFor, takenForGranted } from './room.ts';
import { explored, type ExploredAttacks } from './search.ts';
import { IMPLICIT_KINDS, type ImplicitKind } from '../../model/propertyKinds.ts';

/** The graph under threats takes more room a state than that of the model alone. */
const MOST_STATES = 1_000_000;

/** Kinds of which no threat takes a path away (SEMANTICS 17): judged without any. */
const PATHS: ReadonlySet<string> = new Set(['reachable', 'reachableEach']);

/** What one set of threats does to each property, and how many states there are under it. */
export interface UnderThreats {
  /** The model, with the room that attacks are looked at with. */
  readonly model: Model;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly states: number;
}

/** Judges properties under all of these threats at once, but for those that no threat breaks. */
export async function judgeUnder(
  given: Model,
  threats: readonly Threat[],
  limits: AttackLimits,
): Promise<UnderThreats> {
  const model = await roomFor(given, { ...limits, ...partOf(limits, 1 / 4) });
  const own = await explored(model, threats, limits);
  const bound = own.graph.bound ?? cutAt(own.graph);
  const ids = threats.map(({ id }) => id);
  const judged = model.properties.filter(
    ({ formula: { kind } }) => kind !== 'all' && !PATHS.has(kind),
  );
  const outcomes = new Map(
    judged.map((property) => [
      property.name,
      outcomeUnder(own, () => new AttackedSystem(model, threats), ids, property, bound),
    ]),
  );
  const broken = IMPLICIT_KINDS.filter((kind) => outcomes.get(kind)?.outcome === 'violated');
  for (const { name, formula } of judged) {
    const outcome = outcomes.get(name);
    // The workflow stops at an error: what is told then is told of the part before (rules 4, 20).
    if (formula.kind !== 'implicit' && outcome?.outcome === 'holds' && broken.length > 0)
      outcomes.set(name, {
        outcome: 'bounded',
        bound: `runs that keep ${broken.join(', ')}`,
        evidence: outcome.evidence,
      });
  }
  return { model, outcomes, states: own.graph.store.count };
}

const WITNESSES: Readonly<Partial<Record<Property['formula']['kind'], WitnessKind>>> = {
  recoverable: 'trap',
  eventually: 'lasso',
  eventuallyAlways: 'lasso',
  leadsTo: 'lasso',
  ltl: 'lasso',
};

/**
 * What these ids together do to a property on a graph; what is found is followed once more by a
 * `fresh` system of the same kind before it is believed.
 */
export function outcomeUnder(
  own: ExploredAttacks,
  fresh: () => AttackedSystem,
  ids: Ids,
  property: Property,
  bound: string | undefined,
): Outcome {
  const evidence = { states: own.graph.store.count };
  try {
    const attack = own.restriction(ids).attack(property);
    if (!attack)
      return bound === undefined
        ? { outcome: 'holds', method: 'exhaustive', evidence }
        : { outcome: 'bounded', bound, evidence };
    const trace = own.trace(attack);
    if (!trace || !replays(fresh(), property, trace))
      return {
        outcome: 'unknown',
        reason: 'unreplayable',
        message: 'the attack that was found does not replay',
        evidence,
      };
    const witness = WITNESSES[property.formula.kind] ?? 'trace';
    return { outcome: 'violated', witness, trace, evidence };
  } catch (error) {
    if (error instanceof OutOfTime)
      return { outcome: 'unknown', reason: 'timeout', message: 'out of time', evidence };
    if (error instanceof TooLarge)
      return { outcome: 'unknown', reason: 'memory', message: error.message, evidence };
    throw error;
  }
}

/** A check of a model under one set of threats. Bad input comes back as problems. */
export async function checkUnderThreats(
  inspected: Inspected,
  format: string,
  options: CheckOptions,
  asked: readonly Property[],
  time: Time,
): Promise<Result<Verification>> {
  const { semantics, digest, document } = inspected;
  const chosen = selectThreats(threatsOf(semantics.model), options.threats ?? []);
  if (!chosen.ok) return chosen;
  const started = performance.now();
  const alone = await soundAlone(inspected, options, partOf(time, 1 / 2));
  if (!alone.ok) return alone;
  const limits = { ...time, maxStates: Math.min(options.maxStates, MOST_STATES) };
  let under: UnderThreats;
  try {
    under = await judgeUnder(semantics.model, chosen.value, limits);
  } catch (error) {
    if (!(error instanceof TooManyValues)) throw error;
    return bad(problem('THREAT_TOO_LARGE', 'threats', error.message));
  }
  const engines = { options, durationMs: performance.now() - started };
  const ids = chosen.value.map(({ id }) => id);
  const single = new Map(
    semantics.model.properties.flatMap((property): [string, PropertyReport][] => {
      const mine = under.outcomes.get(property.name);
      const outcome = mine ?? alone.value.outcomes.get(property.name);
      if (!outcome) return [];
      const states = mine ? under.states : undefined;
      return [[property.name, reportOf(property, outcome, mine ? ids : [], engines, states)]];
    }),
  );
  const reports = asked.flatMap((property): PropertyReport[] => {
    const { formula } = property;
    if (formula.kind !== 'all') {
      const report = single.get(property.name);
      return report ? [report] : [];
    }
    const parts = formula.of.flatMap((name) => single.get(name) ?? []);
    const report = { ...conjoin(property, parts), threats: ids };
    single.set(property.name, report);
    return [report];
  });
  const assumptions = assumptionsOf(semantics.model, reports);
  const granted = takenForGranted(under.model);
  return ok({
    report: {
      model: { name: semantics.model.name, digest, format },
      properties: reports.map((report) => withLack(report, options.assurance ?? [])),
      assumptions: { ...assumptions, abstractions: [...assumptions.abstractions, ...granted] },
    },
    document,
    artifacts: [],
  });
}

/**
 * The answers of a model without threats, which it needs before it is judged with some: its
 * implicit properties must hold (SEMANTICS 20).
 */
export async function soundAlone(
  { semantics, digest }: Pick<Inspected, 'semantics' | 'digest'>,
  { maxStates, memoryMb, timeoutMs }: Pick<CheckOptions, 'maxStates' | 'memoryMb' | 'timeoutMs'>,
  time: Time = timeOf(timeoutMs),
): Promise<Result<Pick<EngineResult, 'outcomes' | 'states'>>> {
  const properties = semantics.model.properties.filter(({ formula }) => formula.kind !== 'all');
  const budget = { maxStates, memoryMb, timeoutMs, cacheDir: '' };
  const { outcomes, states } = await explore.run(
    { semantics, digest, properties },
    budget,
    time,
    () => undefined,
  );
  const unsound = IMPLICIT_KINDS.filter((kind) => outcomes.get(kind)?.outcome === 'violated');
  return unsound.length > 0
    ? needsSoundModel(unsound)
    : ok({ outcomes, ...(states === undefined ? {} : { states }) });
}

/** The refusal of a model that breaks these without any threat. */
export const needsSoundModel = (kinds: readonly ImplicitKind[]): Result<never> =>
  bad(
    problem(
      'THREATS_NEED_SOUND_MODEL',
      kinds.join(', '),
      `without any threat the model breaks ${kinds.join(', ')}: mend this first`,
    ),
  );

function reportOf(
  property: Property,
  outcome: Outcome,
  threats: Ids,
  { options, durationMs }: { readonly options: CheckOptions; readonly durationMs: number },
  states: number | undefined,
): PropertyReport {
  const { evidence, ...said } = outcome;
  const asked = options.engines === 'auto' ? (['explore'] as const) : options.engines;
  const answer: Outcome = asked.includes('explore') ? outcome : REFUSED;
  const { name, kind, severityEur, references } = property;
  return {
    name,
    kind,
    ...(answer === outcome ? { ...said, evidence } : REFUSED),
    ...(severityEur === undefined ? {} : { severityEur }),
    ...(references === undefined ? {} : { references }),
    assurance: answer.outcome === 'violated' ? ['replayed'] : [],
    threats,
    engines: asked.map((engine) => engineReport(engine, outcome, durationMs, states)),
  };
}

const REFUSED = {
  outcome: 'unknown',
  reason: 'unsupported',
  message: 'explore alone judges under threats',
  evidence: {},
} as const satisfies Outcome;

function engineReport(
  engine: EngineName,
  { outcome, ...said }: Outcome,
  durationMs: number,
  states: number | undefined,
): EngineReport {
  if (engine !== 'explore')
    return {
      name: engine,
      version: '',
      outcome: 'unknown',
      reason: REFUSED.reason,
      message: REFUSED.message,
      durationMs: 0,
    };
  return {
    name: engine,
    version: EXPLORE_VERSION,
    outcome,
    ...('reason' in said ? { reason: said.reason, message: said.message } : {}),
    ...(states === undefined ? {} : { states }),
    durationMs,
  };
}
