import { isArtifact } from '../evidence/bundle/paths.ts';
import {
  MODEL_FILE,
  type PropertyVerdict,
  SEMANTICS_VERSION,
  type Statement,
} from '../evidence/statements/statement.ts';
import { parseCanonicalJson } from '../evidence/formats/strictJson.ts';
import { MODEL_SHAPE } from '../frontends/native/modelShape.ts';
import { checkShape } from '../yaml/shape.ts';
import { replayWitness } from '../graph/replay.ts';
import { typecheck } from '../model/typecheck.ts';
import type { ModelDocument } from '../model/document.ts';
import { checkInitial } from '../model/checkInitial.ts';
import type { Property } from '../model/model.ts';
import type { WitnessKind } from '../model/outcome.ts';
import { Semantics } from '../model/semantics.ts';
import type { Trace } from '../model/trace.ts';
import { timeOf } from '../time/time.ts';
import { ATTACKS } from './attackSets/attacksOn.ts';
import { ClaimJudge, conjunctionClaims } from './recheckClaims.ts';
import { findNativeZ3 } from '../engines/z3/nativeZ3.ts';
import { RecheckCounts } from './recheckCounts.ts';
import { RecheckProofs } from './recheckProofs.ts';
import { recheckAttacks, RecheckThreats } from './recheckThreats.ts';
import {
  failed,
  isTrace,
  type Recheck,
  RECHECK_LIMITS,
  type RecheckFound,
  type RecheckLimits,
  skipped,
} from './rechecked.ts';
import { specificationFormat } from './formats.ts';
import { recheckSpecification } from './specifications/recheck.ts';
import { IMPLICIT_KINDS } from '../model/propertyKinds.ts';

export {
  RECHECK_CODES,
  RECHECK_LIMITS,
  type Recheck,
  type RecheckCode,
  type RecheckLimits,
} from './rechecked.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * Checks a bundle's answers again from its model (DESIGN 5), one entry for each property of the
 * statement. `verifyBundle` must have accepted the files before: who signed them, and that they are
 * the signed ones, is not asked here. Nothing that an engine wrote is trusted: traces are replayed,
 * obligations are written anew from the model, state sets are counted again. `cacheDir` is where
 * TLC's jar may be found; it is asked only of a specification that is its alone.
 */
export async function recheck(
  files: Files,
  statement: Statement,
  limits: RecheckLimits = RECHECK_LIMITS,
  cacheDir = '',
): Promise<Recheck[]> {
  const { properties, semantics: meant, model } = statement.predicate;
  const all = (found: RecheckFound): Recheck[] =>
    properties.map(({ name }) => ({ property: name, ...found }) as Recheck);
  if (meant !== SEMANTICS_VERSION)
    return all(
      skipped(`meant in version ${meant} of the semantics; this is version ${SEMANTICS_VERSION}`),
    );
  const specification = specificationFormat(model.format);
  if (specification) return recheckSpecification(specification, files, statement, limits, cacheDir);
  const semantics = readModel(files.get(MODEL_FILE));
  if (semantics === undefined || semantics.model.name !== model.name)
    return all(failed('RECHECK_MODEL'));
  // One that is in the cache proves faster; nothing is fetched.
  await findNativeZ3(cacheDir, 'no');
  const found = await new Rechecking(files, properties, semantics, limits, cacheDir).run();
  const told = [...files].find(([path]) => isArtifact(path, ATTACKS))?.[1];
  const attacks = await recheckAttacks(semantics, statement, told, limits);
  return found.map((each) => ({ ...each, ...attacks.get(each.property) }) as Recheck);
}

function readModel(bytes: Uint8Array | undefined): Semantics | undefined {
  const json = bytes === undefined ? undefined : parseCanonicalJson(bytes);
  if (!json?.ok || checkShape(json.value, () => undefined, MODEL_SHAPE).length > 0)
    return undefined;
  const model = typecheck(json.value as ModelDocument);
  if (!model.ok) return undefined;
  const semantics = checkInitial(new Semantics(model.value));
  return semantics.ok ? semantics.value : undefined;
}

class Rechecking {
  readonly #files: Files;
  readonly #verdicts: readonly PropertyVerdict[];
  readonly #semantics: Semantics;
  readonly #limits: RecheckLimits;
  readonly #threatened: RecheckThreats;
  readonly #counted: RecheckCounts;
  readonly #proofs: RecheckProofs;
  readonly #claims: ClaimJudge;
  readonly #found = new Map<string, RecheckFound>();

  constructor(
    files: Files,
    verdicts: readonly PropertyVerdict[],
    semantics: Semantics,
    limits: RecheckLimits,
    cacheDir: string,
  ) {
    this.#files = files;
    this.#verdicts = verdicts;
    this.#semantics = semantics;
    this.#limits = limits;
    this.#threatened = new RecheckThreats(semantics.model, limits);
    this.#counted = new RecheckCounts(verdicts, semantics, limits);
    this.#proofs = new RecheckProofs(files, verdicts, semantics, limits);
    const properties = semantics.model.properties.filter((p) => p.formula.kind !== 'all');
    this.#claims = new ClaimJudge({
      task: { semantics, digest: '', properties },
      limits,
      cacheDir,
      explored: () => this.#counted.explored(),
      reproved: (property, verdict) => this.#proofs.reprove(property, verdict),
    });
  }

  async run(): Promise<Recheck[]> {
    const known = new Map(this.#semantics.model.properties.map((p) => [p.name, p]));
    const twice = new Set(
      this.#verdicts.map((v) => v.name).filter((name, at, names) => names.indexOf(name) !== at),
    );
    const wrong = (v: PropertyVerdict): boolean =>
      known.get(v.name)?.kind !== v.kind || twice.has(v.name);
    for (const verdict of this.#verdicts) {
      const property = known.get(verdict.name);
      if (!property || wrong(verdict)) this.#found.set(verdict.name, failed('RECHECK_PROPERTY'));
      else if (property.formula.kind !== 'all')
        this.#found.set(verdict.name, await this.#single(property, verdict));
    }
    for (const verdict of this.#verdicts) {
      const formula = known.get(verdict.name)?.formula;
      if (formula?.kind === 'all' && !wrong(verdict))
        this.#found.set(verdict.name, this.#conjunction(verdict, formula.of));
    }
    return this.#verdicts.map(
      (v) =>
        ({
          property: v.name,
          ...this.#resting(v, this.#found.get(v.name) as RecheckFound),
        }) as Recheck,
    );
  }

  /** The answer, then what is said beside it. */
  async #single(property: Property, verdict: PropertyVerdict): Promise<RecheckFound> {
    return this.#claims.judge(property, verdict, await this.#judged(property, verdict));
  }

  async #judged(property: Property, verdict: PropertyVerdict): Promise<RecheckFound> {
    const answered = await this.#answer(property, verdict);
    if (answered.status === 'failed' || answered.status === 'recounted') return answered;
    // Counts and digest are claims too, whatever the answer beside them.
    const counted =
      verdict.facts?.['stateSetDigest'] === undefined
        ? undefined
        : await this.#counted.factsOf(verdict);
    return counted?.status === 'failed' ? counted : answered;
  }

  async #answer(property: Property, verdict: PropertyVerdict): Promise<RecheckFound> {
    if (verdict.threats.length > 0)
      return this.#threatened.answer(property, verdict, this.#traceAt(verdict.trace));
    switch (verdict.outcome) {
      case 'unknown':
        return skipped('nothing is claimed');
      case 'bounded':
        return skipped('nothing is claimed beyond the bound');
      case 'violated':
        return verdict.witness === undefined || verdict.trace === undefined
          ? failed('RECHECK_ANSWER')
          : this.#replay([property], verdict.trace, verdict.witness);
      case 'holds':
        if (verdict.method === 'inductive') return this.#proofs.reprove(property, verdict);
        if (verdict.method === 'witness' && verdict.trace !== undefined)
          return this.#reached(property, verdict, verdict.trace);
        if (
          verdict.method === 'witness' &&
          property.formula.kind === 'reachable' &&
          verdict.facts?.['ways'] !== undefined
        )
          return this.#proofs.reachedByWays(property, verdict.facts['ways']);
        return verdict.method === undefined
          ? failed('RECHECK_ANSWER')
          : this.#counted.answer(verdict);
    }
  }

  #traceAt(path: string | undefined): Trace | undefined {
    const bytes = path === undefined ? undefined : this.#files.get(path);
    const json = bytes === undefined ? undefined : parseCanonicalJson(bytes);
    return json?.ok && isTrace(json.value) ? json.value : undefined;
  }

  /**
   * Of several properties, the witness must show one: a conjunction breaks as its first broken part
   * does.
   */
  #replay(
    properties: readonly Property[],
    path: string,
    witness: WitnessKind | 'state',
  ): RecheckFound {
    const trace = this.#traceAt(path);
    if (!trace) return failed('RECHECK_TRACE', path);
    const replays = properties.map((property) =>
      replayWitness(this.#semantics, property, witness, trace, timeOf(this.#limits.timeoutMs)),
    );
    const [refused] = replays.flatMap((replay) => (replay.ok ? [] : [replay.why]));
    return replays.some((replay) => replay.ok)
      ? { status: 'replayed' }
      : failed('RECHECK_REPLAY', refused);
  }

  /**
   * A reached state is shown for one valuation; `reachable` is meant for each (SEMANTICS 6), so the
   * others are explored.
   */
  async #reached(
    property: Property,
    verdict: PropertyVerdict,
    path: string,
  ): Promise<RecheckFound> {
    const replayed = this.#replay([property], path, 'state');
    if (replayed.status === 'failed' || this.#semantics.model.parameters.length === 0)
      return replayed;
    if (verdict.facts?.['ways'] !== undefined)
      return this.#proofs.reachedByWays(property, verdict.facts['ways']);
    const others = await this.#counted.answer(verdict);
    if (others.status === 'failed') return others;
    return others.status === 'skipped'
      ? skipped(
          `the trace replays, for one valuation of the parameters; the others: ${others.detail}`,
        )
      : replayed;
  }

  /**
   * A conjunction has no evidence of its own: it is what its parts are, and as well checked as the
   * worst of them.
   */
  #conjunction(verdict: PropertyVerdict, names: readonly string[]): RecheckFound {
    const parts = names.map((name) => this.#verdicts.find((v) => v.name === name));
    if (parts.some((part) => part === undefined))
      return failed('RECHECK_PARTS', 'a part has no answer');
    const outcomes = new Set(parts.map((part) => part?.outcome));
    const expected = (['violated', 'unknown', 'bounded', 'holds'] as const).find((outcome) =>
      outcomes.has(outcome),
    );
    if (verdict.outcome !== expected)
      return failed(
        'RECHECK_PARTS',
        `${verdict.outcome}, of parts that are ${[...outcomes].join(', ')}`,
      );
    if (verdict.outcome === 'unknown' || verdict.outcome === 'bounded')
      return skipped('nothing is claimed beyond the parts');
    const claims = conjunctionClaims(
      verdict,
      this.#verdicts.filter((v) => names.includes(v.name)),
    );
    if (claims) return claims;
    if (verdict.outcome === 'violated' && verdict.threats.length > 0)
      return this.#brokenPart(names);
    if (verdict.outcome === 'violated') {
      const properties = this.#semantics.model.properties.filter((p) => names.includes(p.name));
      return verdict.witness === undefined || verdict.trace === undefined
        ? failed('RECHECK_ANSWER')
        : this.#replay(properties, verdict.trace, verdict.witness);
    }
    const found = names.map((name) => [name, this.#found.get(name) as RecheckFound] as const);
    const broken = found.find(([, each]) => each.status === 'failed');
    if (broken) return failed('RECHECK_PARTS', `${broken[0]} failed`);
    const open = found.find(([, each]) => each.status === 'skipped');
    if (open) return skipped(`${open[0]} was skipped`);
    return {
      status: found[0]?.[1].status === 'reproved' ? 'reproved' : 'recounted',
      detail: `by ${names.join(', ')}`,
    };
  }

  /** Under threats a conjunction is told by the part that breaks, which was checked by itself. */
  #brokenPart(names: readonly string[]): RecheckFound {
    const broken = this.#verdicts.filter((v) => names.includes(v.name) && v.outcome === 'violated');
    const [first] = broken.map(({ name }) => this.#found.get(name) as RecheckFound);
    return first?.status === 'failed'
      ? failed('RECHECK_PARTS', `${broken[0]?.name} failed`)
      : (first ?? failed('RECHECK_PARTS', 'no part is violated'));
  }

  /**
   * SEMANTICS 4: an invariant excludes what is bad among the states without an error; that there is
   * none is another proof.
   */
  #resting(verdict: PropertyVerdict, found: RecheckFound): RecheckFound {
    if (found.status !== 'reproved' || (IMPLICIT_KINDS as readonly string[]).includes(verdict.name))
      return found;
    for (const kind of IMPLICIT_KINDS) {
      if (
        this.#verdicts.find((v) => v.name === kind)?.outcome !== 'holds' ||
        this.#found.get(kind)?.status === 'failed'
      )
        return failed('RECHECK_IMPLICIT', kind);
      if (this.#found.get(kind)?.status === 'skipped')
        return skipped(`rests on ${kind}, which was skipped`);
    }
    return found;
  }
}
