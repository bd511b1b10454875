import { readableInvariant } from '../../encode/smt/readable.ts';
import type { Term } from '../../encode/smt/terms.ts';
import type { SmtSystem } from '../../encode/smt/system.ts';
import type { Artifact, Evidence, Outcome } from '../../model/outcome.ts';
import { type Depth, depthFacts, ONE_STEP } from './kInduction.ts';
import { proofCore, type ProofCore } from './proofCore.ts';
import { reproveByTwo } from './reprove.ts';
import { SessionError, type SessionLimits } from './session.ts';
import { obligations } from './spacer.ts';

/** That an invariant excludes what is bad: claimed by whoever found it, to be proved by others. */
export interface ClaimedInvariant {
  /** For the names of files. */
  readonly name: string;
  readonly bad: Term;
  /** Properties that stand in the invariant themselves, by name. */
  readonly goals?: ReadonlyMap<string, Term>;
  /** What the initial states are restricted to: a valuation of the parameters, or `true`. */
  readonly constraint: Term;
  readonly invariant: string;
  /** How many states back it needs to be kept. */
  readonly depth?: Depth;
  /** The clauses that it was found for, where it was. */
  readonly horn?: string;
}

export type Attempt =
  | {
      readonly kind: 'proved';
      readonly outcome: Extract<Outcome, { outcome: 'holds' }>;
      readonly artifacts: readonly Artifact[];
    }
  | { readonly kind: 'open'; readonly message: string };

/** What looking for a smaller invariant may take, of the time that is there. */
const CORE_MS = 10_000;

/**
 * Reduces an invariant to what the proof needs, and has the three obligations, written anew from
 * the model, proved by other processes, of two solvers where there are two. Only then it is a
 * proof; and the evidence says in the model's words why it holds, on which guards and controls it
 * rests, and who proved it.
 */
export async function establish(
  system: SmtSystem,
  claim: ClaimedInvariant,
  limits: SessionLimits,
): Promise<Attempt> {
  // What looks further back than a step is not cut down: its clauses keep each other over several
  // states.
  const core = claim.depth
    ? undefined
    : await coreOf(system, claim, {
        ...limits,
        deadline: Math.min(limits.deadline, Date.now() + CORE_MS),
      });
  const reduced =
    core && (await reproved(system, { ...claim, invariant: core.invariant }, core, limits));
  // A smaller invariant that does not re-prove says nothing of the one that was found.
  return reduced?.kind === 'proved' ? reduced : reproved(system, claim, undefined, limits);
}

async function coreOf(
  system: SmtSystem,
  claim: ClaimedInvariant,
  limits: SessionLimits,
): Promise<ProofCore | undefined> {
  try {
    return await proofCore(system, claim.bad, claim.invariant, limits);
  } catch (error) {
    if (error instanceof SessionError && error.end === 'timeout') return undefined;
    throw error;
  }
}

async function reproved(
  system: SmtSystem,
  { name, bad, constraint, invariant, depth = ONE_STEP, horn, goals }: ClaimedInvariant,
  core: ProofCore | undefined,
  limits: SessionLimits,
): Promise<Attempt> {
  const list = obligations(system, bad, constraint, invariant, depth);
  const { provedBy, open, refuted, ended } = await reproveByTwo(list, limits);
  if (refuted.length > 0)
    return {
      kind: 'open',
      message: `the invariant does not re-prove: ${refuted.map((found) => `${found.name} (${found.solver})`).join(', ')}`,
    };
  if (provedBy.length === 0) {
    if (ended && ended.end !== 'timeout') throw ended;
    return { kind: 'open', message: `the invariant was not re-proved in time: ${open.join(', ')}` };
  }
  const because = readableInvariant(system, invariant, goals);
  const text = (file: string, body: string): Artifact => ({
    name: `z3/${name}/${file}.smt2`,
    mediaType: 'text/x-smtlib2',
    text: body,
  });
  const evidence: Evidence = {
    obligationsReproved: true,
    reprovedBy: provedBy,
    invariant: `z3/${name}/invariant.smt2`,
    obligations: list.map((o) => `z3/${name}/${o.name}.smt2`),
    because: because.slice(0, MAX_SENTENCES),
    ...depthFacts(depth),
    ...(core ? { needs: core.needs } : {}),
  };
  return {
    kind: 'proved',
    outcome: { outcome: 'holds', method: 'inductive', evidence },
    artifacts: [
      ...(horn === undefined ? [] : [text('horn', `${horn}\n`)]),
      text('invariant', `${invariant}\n`),
      ...list.map((o) => text(o.name, o.text)),
      {
        name: `z3/${name}/why.txt`,
        mediaType: 'text/plain',
        text: whyText(because, core?.needs, provedBy, depth),
      },
    ],
  };
}

/** More sentences are in `why.txt`. */
const MAX_SENTENCES = 60;

function whyText(
  because: readonly string[],
  needs: readonly string[] | undefined,
  provedBy: readonly string[],
  { steps, distinct }: Depth,
): string {
  return [
    'In every reachable state, as long as no implicit property is broken:',
    ...because.map((sentence) => `  ${sentence}`),
    '',
    ...(steps > 1
      ? [
          `The first ${steps} states of every run satisfy this, and after ${steps}${distinct ? ' different' : ''} states in a row that do, the next one does.`,
          '',
        ]
      : []),
    ...(needs === undefined
      ? []
      : [
          'Every step keeps this, and needs for it:',
          ...(needs.length === 0
            ? ['  no guard and no control']
            : needs.map((name) => `  ${name}`)),
          '',
        ]),
    'Proved again, from the model and this invariant alone, by:',
    ...provedBy.map((solver) => `  ${solver}`),
    '',
  ].join('\n');
}
