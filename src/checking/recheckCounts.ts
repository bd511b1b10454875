import { DIGEST_LIMIT, explore } from '../engines/explore/index.ts';
import type { PropertyVerdict } from '../evidence/statements/statement.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Semantics } from '../model/semantics.ts';
import { timeOf } from '../time/time.ts';
import { failed, type RecheckFound, type RecheckLimits, skipped } from './rechecked.ts';

/** The facts of `explore` that anybody who explores the same model must find again. */
const COUNTED = ['states', 'transitions', 'depth', 'valuations', 'stateSetDigest'] as const;

/** What rests on counting states: the model is explored again, once for all answers. */
export class RecheckCounts {
  readonly #verdicts: readonly PropertyVerdict[];
  readonly #semantics: Semantics;
  readonly #limits: RecheckLimits;
  #explored: Promise<ReadonlyMap<string, Outcome>> | undefined;

  constructor(verdicts: readonly PropertyVerdict[], semantics: Semantics, limits: RecheckLimits) {
    this.#verdicts = verdicts;
    this.#semantics = semantics;
    this.#limits = limits;
  }

  /** The answer, and its counts. */
  async answer(verdict: PropertyVerdict): Promise<RecheckFound> {
    const mine = (await this.explored()).get(verdict.name);
    if (!mine) return skipped('our own engine does not decide this kind');
    const counted = this.#counts(verdict, mine);
    if (counted.status !== 'recounted' || mine.outcome === verdict.outcome) return counted;
    // With a digest the graph is whole, and what it says is final.
    if (mine.outcome === 'violated' || mine.evidence['stateSetDigest'] !== undefined)
      return failed(
        'RECHECK_OUTCOME',
        mine.outcome === 'bounded' ? `bounded: ${mine.bound}` : mine.outcome,
      );
    return skipped(
      mine.outcome === 'bounded'
        ? `exploring again stopped at ${mine.bound}`
        : 'exploring again came to no answer',
    );
  }

  /** Counts and digest alone, whatever the answer beside them. */
  async factsOf(verdict: PropertyVerdict): Promise<RecheckFound> {
    return this.#counts(verdict, (await this.explored()).get(verdict.name));
  }

  /**
   * The facts of an exploration, compared with ours; a whole graph that is larger than any with a
   * digest is no such graph.
   */
  #counts({ facts }: PropertyVerdict, mine: Outcome | undefined): RecheckFound {
    const claimsDigest = facts?.['stateSetDigest'] !== undefined;
    if (!mine)
      return claimsDigest
        ? failed('RECHECK_COUNT', 'our own engine does not decide this kind')
        : skipped('our own engine does not decide this kind');
    const whole = mine.evidence['stateSetDigest'] !== undefined;
    if (!claimsDigest && (!whole || facts?.['transitions'] === undefined))
      return { status: 'recounted' };
    if (!whole && !(Number(mine.evidence['states']) > DIGEST_LIMIT))
      return skipped(
        `exploring again stopped at ${mine.outcome === 'bounded' ? mine.bound : 'a limit'}`,
      );
    const differing = COUNTED.find((fact) => facts?.[fact] !== mine.evidence[fact]);
    if (differing !== undefined)
      return failed(
        'RECHECK_COUNT',
        `${differing}: ${String(facts?.[differing])} was signed, ${String(mine.evidence[differing])} is counted`,
      );
    return { status: 'recounted', detail: `${String(mine.evidence['states'])} states` };
  }

  /** Where a digest says that the graph is no larger, by the rules alone: no code is generated. */
  explored(): Promise<ReadonlyMap<string, Outcome>> {
    const isSmall = this.#verdicts.some(({ facts }) => facts?.['stateSetDigest'] !== undefined);
    const task = {
      semantics: this.#semantics,
      digest: '',
      properties: this.#semantics.model.properties.filter((p) => p.formula.kind !== 'all'),
    };
    const properties = task.properties.filter((p) => explore.refuses(task, p) === undefined);
    this.#explored ??= explore
      .run(
        { ...task, properties },
        { ...this.#limits, cacheDir: '', path: isSmall ? 'interpreted' : 'compiled' },
        timeOf(this.#limits.timeoutMs),
        () => {},
      )
      .then(({ outcomes }) => outcomes);
    return this.#explored;
  }
}
