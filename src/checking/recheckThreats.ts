import type { PropertyVerdict } from '../evidence/statements/statement.ts';
import type { Model, Property } from '../model/model.ts';
import type { Trace } from '../model/trace.ts';
import { AttackedSystem } from '../threats/attacked.ts';
import { threatsOf } from '../threats/operators/index.ts';
import type { Threat } from '../threats/threat.ts';
import { TooManyValues } from '../threats/world.ts';
import { timeOf } from '../time/time.ts';
import { replays } from './attackSets/attackTrace.ts';
import { judgeUnder, type UnderThreats } from './attackSets/underThreats.ts';
import { failed, skipped, type Found, type RecheckLimits } from './rechecked.ts';

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
  ): Promise<Found> {
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
