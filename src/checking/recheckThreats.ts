import { parseCanonicalJson } from '../evidence/formats/strictJson.ts';
import type { PropertyVerdict, Statement } from '../evidence/statements/statement.ts';
import type { Model, Property } from '../model/model.ts';
import type { Semantics } from '../model/semantics.ts';
import type { Trace } from '../model/trace.ts';
import { AttackedSystem } from '../threats/attacked.ts';
import { threatsOf } from '../threats/operators/index.ts';
import type { Threat } from '../threats/threat.ts';
import { TooManyValues } from '../threats/world.ts';
import { timeOf } from '../time/time.ts';
import { analyseThreats } from './attackSets/analysis.ts';
import { isRecord } from '../canonical/record.ts';
import { MOST_ATTACKED } from './attackSets/attacksOn.ts';
import { replays } from './attackSets/attackTrace.ts';
import type { ThreatenedProperty } from './attackSets/types.ts';
import { judgeUnder, type UnderThreats } from './attackSets/underThreats.ts';
import { failed, isTexts, skipped, type RecheckFound, type RecheckLimits } from './rechecked.ts';

interface AskedAttacks {
  readonly threats: 'all' | readonly string[];
  readonly budget: number | null;
}

/** What a statement says was asked of threats; nothing where it says nothing. */
function askedAttacks({ predicate }: Statement): AskedAttacks | undefined {
  const asked = predicate.options['attacks'];
  if (!isRecord(asked)) return undefined;
  const { threats, budget } = asked;
  return (threats === 'all' || isTexts(threats)) && (budget === null || typeof budget === 'number')
    ? ({ threats, budget } as AskedAttacks)
    : undefined;
}

/**
 * The sets of attacks that a bundle tells, found once more by an analysis of its model: for each
 * property where they differ, or where one of them is no attack.
 */
export async function recheckAttacks(
  semantics: Semantics,
  statement: Statement,
  file: Uint8Array | undefined,
  limits: RecheckLimits,
): Promise<ReadonlyMap<string, RecheckFound>> {
  const asked = askedAttacks(statement);
  if (!asked) return new Map();
  const told = file === undefined ? undefined : parseCanonicalJson(file);
  const names = statement.predicate.properties.map(({ name }) => name);
  if (!told?.ok || !isRecord(told.value) || !Array.isArray(told.value['properties']))
    return new Map(names.map((name) => [name, failed('RECHECK_ATTACKS', 'they are not there')]));
  const again = await analyseThreats(
    { semantics, digest: '' },
    statement.predicate.model.format,
    {
      ...limits,
      threats: asked.threats,
      budget: asked.budget ?? undefined,
      controls: true,
      maxStates: Math.min(limits.maxStates, MOST_ATTACKED),
    },
    timeOf(limits.timeoutMs),
  );
  if (!again.ok) return new Map(names.map((name) => [name, failed('RECHECK_ATTACKS')]));
  const claimed = new Map(
    (told.value['properties'] as readonly ThreatenedProperty[]).map((each) => [each.name, each]),
  );
  return new Map(
    again.value.properties.flatMap((mine): [string, RecheckFound][] => {
      const theirs = claimed.get(mine.name);
      if (theirs && setsText(theirs) === setsText(mine)) return [];
      // What was left open here may have been found there.
      return mine.complete === true || !theirs
        ? [[mine.name, failed('RECHECK_ATTACKS', setsText(mine) || 'no set breaks it')]]
        : [];
    }),
  );
}

const setsText = ({ minimalAttackSets }: ThreatenedProperty): string =>
  minimalAttackSets
    .map(({ threats, traceLength }) => `${threats.join(' + ')} in ${traceLength ?? 'a loop'}`)
    .sort()
    .join(', ');

/** Answers under threats, checked again: the graph under each set of threats is explored anew. */
export class RecheckThreats {
  readonly #model: Model;
  readonly #limits: RecheckLimits;
  readonly #judged = new Map<string, Promise<UnderThreats>>();

  constructor(model: Model, limits: RecheckLimits) {
    this.#model = model;
    this.#limits = limits;
  }

  /** `trace`: of a violation, what the bundle shows for it; nothing where that is no trace. */
  async answer(
    property: Property,
    verdict: PropertyVerdict,
    trace: Trace | undefined,
  ): Promise<RecheckFound> {
    const threats = this.#threatsOf(verdict);
    if (!threats) return failed('RECHECK_ANSWER', 'it names threats that the model does not have');
    if (verdict.outcome === 'unknown') return skipped('nothing is claimed');
    if (verdict.outcome === 'bounded') return skipped('nothing is claimed beyond the bound');
    let under: UnderThreats;
    try {
      under = await this.#under(threats);
    } catch (error) {
      if (error instanceof TooManyValues) return skipped(error.message);
      throw error;
    }
    const mine = under.outcomes.get(property.name);
    if (!mine) return failed('RECHECK_ANSWER', 'threats take nothing from this kind');
    if (verdict.outcome === 'violated') {
      if (verdict.witness === undefined) return failed('RECHECK_ANSWER');
      if (!trace) return failed('RECHECK_TRACE', verdict.trace);
      if (!replays(new AttackedSystem(under.model, threats), property, trace))
        return failed('RECHECK_REPLAY', 'it is no attack on this property');
    }
    if (mine.outcome === 'unknown' || mine.outcome === 'bounded')
      return skipped(
        mine.outcome === 'bounded'
          ? `exploring again stopped at ${mine.bound}`
          : 'exploring again came to no answer',
      );
    if (mine.outcome !== verdict.outcome) return failed('RECHECK_OUTCOME', mine.outcome);
    const { states } = verdict.facts ?? {};
    if (states !== undefined && states !== under.states)
      return failed('RECHECK_COUNT', `states: ${under.states}`);
    return { status: verdict.outcome === 'violated' ? 'replayed' : 'recounted' };
  }

  #threatsOf({ threats }: PropertyVerdict): readonly Threat[] | undefined {
    const found = threatsOf(this.#model).filter(({ id }) => threats.includes(id));
    return found.length === new Set(threats).size ? found : undefined;
  }

  #under(threats: readonly Threat[]): Promise<UnderThreats> {
    const key = threats.map(({ id }) => id).join(' ');
    const known = this.#judged.get(key);
    if (known) return known;
    const { timeoutMs, maxStates } = this.#limits;
    const made = judgeUnder(this.#model, threats, { ...timeOf(timeoutMs), maxStates });
    this.#judged.set(key, made);
    return made;
  }
}
