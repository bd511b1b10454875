import { z3 } from '../../engines/z3/index.ts';
import { findNativeZ3 } from '../../engines/z3/nativeZ3.ts';
import { bad, ok, problem, type Result } from '../../errors/index.ts';
import { sampledNames } from '../../model/initial.ts';
import type { Model, Property } from '../../model/model.ts';
import { isDefinite, type Outcome } from '../../model/outcome.ts';
import { IMPLICIT_KINDS } from '../../model/propertyKinds.ts';
import type { Threat } from '../../threats/threat.ts';
import { TooManyValues } from '../../threats/world.ts';
import { partOf, type Time } from '../../time/time.ts';
import { replayOutcome } from '../combine.ts';
import type { Inspected } from '../inspect.ts';
import { exploredAnswers } from './exploredAnswers.ts';
import { symbolicAttacks, type SymbolicAttacks } from './symbolicAttacks.ts';
import type { Answer, AttackAnswers, ThreatOptions } from './types.ts';
import { needsSoundModel, soundAlone } from './underThreats.ts';

/** What an analysis is asked of. */
export interface AskedOf extends Pick<Inspected, 'semantics' | 'digest'> {
  readonly options: ThreatOptions;
  readonly time: Time;
}

export interface Unthreatened {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly states?: number;
  /** Whether exploring alone has shown that no implicit property breaks. */
  readonly isExplored: boolean;
}

/** Exploring what has no end need not take longer. */
const SAMPLES_MS = 2_000;

/**
 * The answers without threats: by exploring, and where that leaves an implicit property open,
 * proofs by Z3. One that is broken is bad input (SEMANTICS 20).
 */
export async function unthreatened(asked: AskedOf): Promise<Result<Unthreatened>> {
  const { semantics, digest, options, time } = asked;
  const longest = sampledNames(semantics).length > 0 ? SAMPLES_MS : Infinity;
  const explored = await soundAlone(asked, options, partOf(time, 1 / 2, longest));
  if (!explored.ok) return explored;
  const isExplored = isSound(explored.value);
  if (isExplored || options.engine === 'explore') return ok({ ...explored.value, isExplored });
  const outcomes = new Map(explored.value.outcomes);
  const task = { semantics, digest, properties: semantics.model.properties };
  const open = task.properties.filter(({ name }) => {
    const outcome = outcomes.get(name);
    return outcome !== undefined && !isDefinite(outcome);
  });
  const properties = open.filter((property) => z3.refuses(task, property) === undefined);
  await findNativeZ3(options.cacheDir ?? '');
  const { memoryMb, maxStates } = options;
  const part = partOf(time, 1 / 3);
  const proved = await z3.run(
    { ...task, properties },
    { memoryMb, maxStates, cacheDir: options.cacheDir ?? '' },
    part,
    () => undefined,
  );
  for (const property of properties) {
    const outcome = proved.outcomes.get(property.name);
    const replayed = outcome && replayOutcome(semantics, property, outcome, time).outcome;
    if (replayed && isDefinite(replayed)) outcomes.set(property.name, replayed);
  }
  const unsound = IMPLICIT_KINDS.filter((kind) => outcomes.get(kind)?.outcome === 'violated');
  return unsound.length > 0
    ? needsSoundModel(unsound)
    : ok({ ...explored.value, outcomes, isExplored });
}

const isSound = ({ outcomes }: Pick<Unthreatened, 'outcomes'>): boolean =>
  IMPLICIT_KINDS.every((kind) => outcomes.get(kind)?.outcome === 'holds');

/**
 * The minimal sets of each property: by exploring, or where values or states have no end by Z3, and
 * by exploring what Z3 does not judge.
 */
export async function answersOn(
  asked: AskedOf,
  alone: Unthreatened,
  universe: readonly Threat[],
  judged: readonly Property[],
): Promise<Result<AttackAnswers>> {
  const { options, time } = asked;
  const { model } = asked.semantics;
  const byExploring = async (of: readonly Property[]): Promise<AttackAnswers | string> => {
    try {
      return await exploredAnswers(model, universe, of, options, time);
    } catch (error) {
      if (!(error instanceof TooManyValues)) throw error;
      return error.message;
    }
  };
  const refuse = (message: string): Result<AttackAnswers> =>
    bad(problem('THREAT_TOO_LARGE', 'threats', message));
  if (options.engine === 'explore' || (options.engine === undefined && alone.isExplored)) {
    const explored = await byExploring(judged);
    if (typeof explored !== 'string') return ok(explored);
    if (options.engine === 'explore') return refuse(explored);
  }
  await findNativeZ3(options.cacheDir ?? '');
  const names = judged.map(({ name }) => name);
  const safe = new Set(names.filter((name) => alone.outcomes.get(name)?.outcome === 'holds'));
  const most = options.budget ?? Infinity;
  const limits = { ...partOf(time, 7 / 8), memoryMb: options.memoryMb };
  const symbolic = await symbolicAttacks(model, universe, judged, { most, safe }, limits);
  const rest = judged.filter(({ name }) => symbolic.refused.has(name));
  const explored = rest.length > 0 && options.engine === undefined ? await byExploring(rest) : '';
  if (symbolic.sets.size === 0 && typeof explored === 'string')
    return refuse([explored, [...symbolic.refused.values()][0]].filter((each) => each).join('; '));
  return ok(together(model, symbolic, explored, isSound(alone)));
}

/** What Z3 answered, and what exploring did of the rest; `explored`: or why it did not. */
function together(
  model: Model,
  { sets, refused }: SymbolicAttacks,
  explored: AttackAnswers | string,
  isProvedSound: boolean,
): AttackAnswers {
  const other = typeof explored === 'string' ? undefined : explored;
  const found = new Map<string, Answer>();
  for (const [name, { traces: _traces, ...answer }] of sets) {
    const unsure = isProvedSound ? {} : { complete: { upTo: 0 }, reason: UNSOUND };
    found.set(name, { ...answer, engine: 'z3', ...unsure });
  }
  for (const [name, reason] of refused)
    found.set(name, other?.found.get(name) ?? { ...NOTHING, reason });
  return {
    model: other?.model ?? model,
    found,
    states: other?.states ?? 0,
    ...(other?.bound === undefined ? {} : { bound: other.bound }),
    attack: async (property, set) => {
      const symbolic = sets.get(property.name);
      return symbolic ? symbolic.traces.get(set.join(' ')) : other?.attack(property, set);
    },
  };
}

const NOTHING: Answer = { sets: [], complete: { upTo: 0 }, isLeft: true };

const UNSOUND = 'it is not proved that the implicit properties hold without threats';
