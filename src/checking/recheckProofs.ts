import { timeOf } from '../time/time.ts';
import { Unencodable } from '../encode/definedness.ts';
import { encodeSystem, type SmtSystem } from '../encode/smt/system.ts';
import { obligationOf, readWays } from '../engines/z3/everyValuation.ts';
import { readInvariant } from '../engines/z3/invariantText.ts';
import {
  takesRanking,
  rankingObligations,
  readRanking,
  type Awaited,
} from '../engines/z3/rankingProof.ts';
import { type Depth, readDepth } from '../engines/z3/kInduction.ts';
import { type Reproof, reproveEverywhere, type ToProve } from '../engines/z3/reprove.ts';
import { SessionError } from '../engines/z3/session.ts';
import { obligations } from '../engines/z3/spacer.ts';
import { isArtifact } from '../evidence/bundle/paths.ts';
import { fromUtf8 } from '../evidence/formats/encoding.ts';
import type { PropertyVerdict } from '../evidence/statements/statement.ts';
import type { Property } from '../model/model.ts';
import type { Semantics } from '../model/semantics.ts';
import { failed, type RecheckFound, type RecheckLimits, skipped } from './rechecked.ts';

/**
 * What rests on proofs: obligations are written anew from the model and given to every solver that
 * is here.
 */
export class RecheckProofs {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #verdicts: readonly PropertyVerdict[];
  readonly #semantics: Semantics;
  readonly #limits: RecheckLimits;
  /** What the solvers of this machine say to the obligations, by the file of the invariant. */
  readonly #proofs = new Map<string, Promise<Reproof>>();
  #system: SmtSystem | undefined;

  constructor(
    files: ReadonlyMap<string, Uint8Array>,
    verdicts: readonly PropertyVerdict[],
    semantics: Semantics,
    limits: RecheckLimits,
  ) {
    this.#files = files;
    this.#verdicts = verdicts;
    this.#semantics = semantics;
    this.#limits = limits;
  }

  /**
   * That the ways lead to the goal from every initial state, whatever the parameters are: written
   * anew from the model.
   */
  reachedByWays(property: Property, texts: unknown): Promise<RecheckFound> {
    return this.#encoded(async (system) => {
      const [goal, ways] = [system.bad(property), readWays(system, texts)];
      if (!ways) return failed('RECHECK_INVARIANT', 'its ways are none of this model');
      const list = [{ name: 'everyValuation', text: obligationOf(system, ways, goal) }];
      const { provedBy, refuted } = await this.#askAll(list);
      if (refuted.length > 0)
        return failed(
          'RECHECK_OBLIGATION',
          `every valuation, by ${refuted.map(({ solver }) => solver).join(', ')}`,
        );
      return provedBy.length > 0
        ? { status: 'reproved', detail: provers(provedBy) }
        : skipped('no solver came to an answer');
    });
  }

  #askAll(list: readonly ToProve[]): Promise<Reproof> {
    const { timeoutMs, memoryMb } = this.#limits;
    return reproveEverywhere(list, { ...timeOf(timeoutMs), memoryMb });
  }

  /** That the bundle's invariant is one, and that it excludes what is bad. */
  async reprove(property: Property, verdict: PropertyVerdict): Promise<RecheckFound> {
    const paths = this.#invariantsOf(verdict);
    if (paths.length === 0) return failed('RECHECK_INVARIANT', 'no such file');
    if (takesRanking(property.formula))
      return this.#encoded((system) =>
        this.#reproveRanking(property.formula as Awaited, verdict, paths[0] as string, system),
      );
    const depth = readDepth(verdict.facts);
    if (depth === undefined)
      return failed(
        'RECHECK_INVARIANT',
        'it says of no number of steps that we prove that they keep it',
      );
    return this.#encoded(async (system) => {
      const tried: RecheckFound[] = [];
      for (const path of paths) tried.push(await this.#reproveWith(path, depth, property, system));
      return tried.find((found) => found.status === 'reproved') ?? (tried[0] as RecheckFound);
    });
  }

  /** Of what cannot be encoded nobody has proved anything; where no solver is, nothing is said. */
  async #encoded(work: (system: SmtSystem) => Promise<RecheckFound>): Promise<RecheckFound> {
    try {
      this.#system ??= encodeSystem(this.#semantics);
      return await work(this.#system);
    } catch (error) {
      if (error instanceof Unencodable)
        return failed('RECHECK_INVARIANT', `Z3 cannot have been asked: ${error.message}`);
      if (error instanceof SessionError)
        return skipped(
          error.end === 'crash'
            ? `Z3 does not run here, or broke off: ${error.message}`
            : error.message,
        );
      throw error;
    }
  }

  /** That what is awaited comes: every obligation of the ranking, written anew from the model. */
  async #reproveRanking(
    formula: Awaited,
    { facts }: PropertyVerdict,
    path: string,
    system: SmtSystem,
  ): Promise<RecheckFound> {
    const { helpful, ranking } = facts ?? {};
    const file = [...this.#files].find(
      ([each]) => typeof ranking === 'string' && isArtifact(each, ranking),
    )?.[1];
    const invariant = readInvariant(fromUtf8(this.#files.get(path) as Uint8Array) ?? '', system);
    if (invariant === undefined) return failed('RECHECK_INVARIANT', path);
    const ranks =
      file && Array.isArray(helpful)
        ? readRanking(system, fromUtf8(file) ?? '', helpful as readonly string[])
        : undefined;
    const list = ranks && rankingObligations(this.#semantics, system, formula, invariant, ranks);
    if (!list) return failed('RECHECK_INVARIANT', 'it names no ranking of this model');
    const found = await this.#askAll(list);
    if (found.refuted.length > 0)
      return failed(
        'RECHECK_OBLIGATION',
        found.refuted.map(({ name, solver }) => `${name}, by ${solver}`).join('; '),
      );
    if (found.provedBy.length > 0) return { status: 'reproved', detail: provers(found.provedBy) };
    if (found.ended) throw found.ended;
    return found.open.length === 0
      ? { status: 'reproved' }
      : failed('RECHECK_OBLIGATION', found.open.join(', '));
  }

  #invariantsOf({ facts }: PropertyVerdict): string[] {
    const name = facts?.['invariant'];
    return typeof name === 'string'
      ? [...this.#files.keys()].filter((path) => isArtifact(path, name))
      : [];
  }

  async #reproveWith(
    path: string,
    depth: Depth,
    property: Property,
    system: SmtSystem,
  ): Promise<RecheckFound> {
    const invariant = readInvariant(fromUtf8(this.#files.get(path) as Uint8Array) ?? '', system);
    if (invariant === undefined) return failed('RECHECK_INVARIANT', path);
    system.bad(property);
    const key = JSON.stringify([path, depth]);
    let proof = this.#proofs.get(key);
    if (!proof) {
      proof = this.#prove(path, depth, system, invariant);
      this.#proofs.set(key, proof);
    }
    const { open, refuted, provedBy, ended } = await proof;
    const mine = (name: string): boolean =>
      name === 'initiation' || name === 'consecution' || name === safetyOf(property);
    const against = refuted.filter(({ name }) => mine(name));
    if (against.length > 0)
      return failed(
        'RECHECK_OBLIGATION',
        against.map(({ name, solver }) => `${name}, by ${solver}`).join('; '),
      );
    const unproved = open.filter(mine);
    if (unproved.length === 0)
      return {
        status: 'reproved',
        ...(provedBy.length > 0 ? { detail: provers(provedBy) } : {}),
      };
    // Nobody said that it is wrong; who gives up or is not there has said nothing.
    if (ended) throw ended;
    return failed('RECHECK_OBLIGATION', unproved.join(', '));
  }

  /**
   * In fresh processes of every solver that is here: that the invariant is inductive, and, for each
   * property that it stands for, that it excludes what is bad.
   */
  #prove(path: string, depth: Depth, system: SmtSystem, invariant: string): Promise<Reproof> {
    const names = new Set(
      this.#verdicts
        .filter((v) => v.outcome === 'holds' && this.#invariantsOf(v).includes(path))
        .map((v) => v.name),
    );
    const list = this.#semantics.model.properties
      .filter((p) => names.has(p.name))
      .flatMap((p, i) => {
        const all = obligations(system, badOf(system, p), 'true', invariant, depth);
        return all.flatMap((o) =>
          o.name === 'safety' ? [{ ...o, name: safetyOf(p) }] : i === 0 ? [o] : [],
        );
      });
    return this.#askAll(list);
  }
}

/** Who proved it, without the digests of their binaries. */
const provers = (names: readonly string[]): string =>
  `by ${names.map((name) => name.replace(/, sha256:.*/, '')).join(', ')}`;

const safetyOf = (property: Property): string => `safety of ${property.name}`;

/** What Z3 cannot be asked is no proof: as bad as everything. */
function badOf(system: SmtSystem, property: Property): string {
  try {
    return system.bad(property);
  } catch (error) {
    if (error instanceof Unencodable) return 'true';
    throw error;
  }
}
