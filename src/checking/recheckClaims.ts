import type { PropertyVerdict } from '../evidence/statements/statement.ts';
import { ENGINE_NAMES, type Budget, type EngineName, type Task } from '../model/engine.ts';
import type { Property } from '../model/model.ts';
import { isDefinite, type Outcome } from '../model/outcome.ts';
import { timeOf } from '../time/time.ts';
import { canAgree, ENGINES } from './plan.ts';
import { failed, type RecheckFound, type RecheckLimits } from './rechecked.ts';

/** What one engine of this machine says of the model, or why it says nothing. */
type Word = ReadonlyMap<string, Outcome> | string;

/** The parts of a recheck that the claims beside an answer are judged by. */
export interface Rechecked {
  readonly task: Task;
  readonly limits: RecheckLimits;
  readonly cacheDir: string;
  /** Explored again, as for the answers. */
  explored(): Promise<ReadonlyMap<string, Outcome>>;
  /** The invariant that the facts name, proved again. */
  reproved(property: Property, verdict: PropertyVerdict): Promise<RecheckFound>;
}

/**
 * Judges what a signed answer says of itself beside the answer: which engines came to it, and what
 * assurance it has. What contradicts itself, or what no engine can do, is `failed`; so is a proof
 * that is not in the bundle, and an engine that says something else here. What cannot be asked here
 * is told: it speaks neither for the claim nor against it.
 */
export class ClaimJudge {
  readonly #with: Rechecked;
  readonly #words = new Map<string, Promise<Word>>();

  constructor(rechecked: Rechecked) {
    this.#with = rechecked;
  }

  /** `answered`: what checking the answer itself came to. */
  async judge(
    property: Property,
    verdict: PropertyVerdict,
    answered: RecheckFound,
  ): Promise<RecheckFound> {
    if (answered.status === 'failed') return answered;
    const wrong = this.#contradiction(property, verdict);
    if (wrong) return wrong;
    if (!isDefinite(verdict) || verdict.threats.length > 0) return answered;
    const told: string[] = [];
    for (const name of standingBehind(verdict)) {
      const why = await this.#backed(name, property, verdict);
      if (typeof why === 'object') return why;
      if (why !== undefined) told.push(`${name} was not asked here: ${why}`);
    }
    const translated = await this.#translated(property, verdict);
    if (typeof translated === 'object') return translated;
    if (translated !== undefined) told.push(translated);
    if (told.length === 0) return answered;
    const detail = [...(answered.detail === undefined ? [] : [answered.detail]), ...told];
    return { ...answered, detail: detail.join('; ') };
  }

  /** What is wrong whatever an engine would say here. */
  #contradiction(property: Property, verdict: PropertyVerdict): RecheckFound | undefined {
    const { assurance, agreement, threats, facts } = verdict;
    if (!isDefinite(verdict))
      return agreement === undefined && assurance.length === 0
        ? undefined
        : failed('RECHECK_ASSURANCE', `${verdict.outcome} claims nothing that could be assured`);
    const { outcome } = verdict;
    if (verdict.engines.some((each) => isDefinite(each) && each.outcome !== outcome))
      return failed('RECHECK_AGREEMENT', 'engines that differ give no answer');
    const agreeing = standingBehind(verdict);
    if (threats.length > 0) {
      const more = assurance.find((each) => each !== 'replayed');
      return more && failed('RECHECK_ASSURANCE', `${more}, under threats`);
    }
    const stray = agreeing.find((name) => !isEngine(name));
    if (stray !== undefined) return failed('RECHECK_AGREEMENT', `there is no engine ${stray}`);
    const unable = agreeing.find(
      (name) => isEngine(name) && !canAgree(ENGINES[name], this.#with.task, property, outcome),
    );
    if (unable !== undefined)
      return failed('RECHECK_AGREEMENT', `${unable} does not come to such an answer`);
    if (agreement && !sameNames(agreement.engines, agreeing))
      return failed(
        'RECHECK_AGREEMENT',
        `${agreement.engines.join(', ')}, of ${agreeing.join(', ')}`,
      );
    if (assurance.includes('crossChecked') && agreeing.length < 2)
      return failed(
        'RECHECK_AGREEMENT',
        `crossChecked by ${agreeing.join(', ') || 'nobody'} alone`,
      );
    if (assurance.includes('replayed') && verdict.trace === undefined)
      return failed('RECHECK_ASSURANCE', 'replayed, and there is no run');
    // Statements of before agreements were signed kept the facts of one engine alone.
    const mayLackProof = !agreement && agreeing.length > 1;
    if (
      assurance.includes('obligationsReproved') &&
      !(agreeing.includes('z3') && (facts?.['invariant'] !== undefined || mayLackProof))
    )
      return failed('RECHECK_ASSURANCE', 'obligationsReproved, and there is no invariant');
    return undefined;
  }

  /**
   * Whether an engine that is said to agree does: nothing where it does, why it was not asked, or
   * what is wrong.
   */
  async #backed(
    name: string,
    property: Property,
    verdict: PropertyVerdict,
  ): Promise<RecheckFound | string | undefined> {
    // A run that was replayed is nobody's word, and what one engine alone found was checked above.
    if (verdict.trace !== undefined || standingBehind(verdict).length < 2) return undefined;
    if (name === 'explore') return this.#compared(name, verdict, await this.#with.explored());
    if (name !== 'z3') return this.#compared(name, verdict, await this.#ask('tlc'));
    if (verdict.facts?.['invariant'] !== undefined) {
      if (verdict.method === 'inductive') return undefined;
      const found = await this.#with.reproved(property, verdict);
      if (found.status === 'skipped') return found.detail;
      return found.status === 'failed' ? found : undefined;
    }
    // Statements of before agreements were signed kept the invariant of one engine alone.
    return verdict.agreement && verdict.outcome === 'holds'
      ? failed('RECHECK_AGREEMENT', 'z3 is said to have proved it, and its invariant is not here')
      : this.#compared(name, verdict, await this.#ask('z3'));
  }

  #compared(name: string, verdict: PropertyVerdict, word: Word): RecheckFound | string | undefined {
    if (typeof word === 'string') return word;
    const said = word.get(verdict.name);
    if (said?.outcome === verdict.outcome) return undefined;
    if (said && isDefinite(said))
      return failed('RECHECK_AGREEMENT', `${name} says here: ${said.outcome}`);
    return said?.outcome === 'unknown'
      ? `${said.reason}: ${said.message}`
      : `it stopped at ${said?.bound ?? 'nothing'}`;
  }

  /** That the generated code and the rules agree is said again by who compares them again. */
  async #translated(
    property: Property,
    { assurance, facts }: PropertyVerdict,
  ): Promise<RecheckFound | string | undefined> {
    if (!assurance.includes('translationValidated')) return undefined;
    if (facts?.['translationValidated'] === false)
      return failed('RECHECK_ASSURANCE', 'translationValidated, and the facts say that it is not');
    const word = await this.#ask('explore');
    if (typeof word === 'string') return `the translation was not compared here: ${word}`;
    const evidence = word.get(property.name)?.evidence;
    return evidence?.['translationValidated'] === true
      ? undefined
      : failed('RECHECK_ASSURANCE', 'no translation of this model is compared with its rules');
  }

  /** Asks an engine of this machine once, for all that it decides. */
  #ask(name: EngineName): Promise<Word> {
    const known = this.#words.get(name);
    if (known) return known;
    const { task, limits, cacheDir } = this.#with;
    const engine = ENGINES[name];
    const properties = task.properties.filter((p) => engine.refuses(task, p) === undefined);
    const budget: Budget = { ...limits, cacheDir, path: 'compiled' };
    const asked = engine
      .run({ ...task, properties }, budget, timeOf(limits.timeoutMs), () => {})
      .then(({ outcomes }): Word => outcomes)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    this.#words.set(name, asked);
    return asked;
  }
}

/**
 * A conjunction has no more than all of its parts that hold, or than one that is violated.
 */
export function conjunctionClaims(
  verdict: PropertyVerdict,
  parts: readonly PropertyVerdict[],
): RecheckFound | undefined {
  if (!isDefinite(verdict)) return undefined;
  const telling = parts.filter(({ outcome }) => outcome === verdict.outcome);
  const enough = verdict.outcome === 'holds' ? 'every' : 'some';
  const stray = verdict.assurance.find(
    (each) => !telling[enough]((part) => part.assurance.includes(each)),
  );
  if (stray !== undefined) return failed('RECHECK_ASSURANCE', `${stray}, of parts that are not`);
  const alone = verdict.agreement?.engines.find(
    (name) => !telling[enough]((part) => standingBehind(part).includes(name)),
  );
  return alone === undefined
    ? undefined
    : failed('RECHECK_AGREEMENT', `${alone} does not stand behind its parts`);
}

const isEngine = (name: string): name is EngineName =>
  (ENGINE_NAMES as readonly string[]).includes(name);

const standingBehind = ({ engines, outcome }: PropertyVerdict): string[] => [
  ...new Set(engines.filter((each) => each.outcome === outcome).map(({ name }) => name)),
];

const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name) => right.includes(name));
