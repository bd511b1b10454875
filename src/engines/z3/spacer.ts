import type { SmtSystem } from '../../encode/smt/system.ts';
import type { Term } from '../../encode/smt/terms.ts';
import { definitions } from './bmc.ts';
import { type Depth, inductionObligations, ONE_STEP } from './kInduction.ts';
import { type SessionEnd, SessionError, type SessionLimits, Z3Session } from './session.ts';

/**
 * What the fixed-point engine said: an invariant that others can re-prove, a violation somewhere,
 * or nothing.
 */
export type SpacerAnswer =
  | { readonly kind: 'safe'; readonly invariant: string; readonly horn: string }
  | { readonly kind: 'unsafe' }
  | { readonly kind: 'unknown'; readonly message: string; readonly ended?: SessionEnd };

/**
 * Asks Spacer (Komuravelli, Gurfinkel and Chaki 2014) for an inductive invariant that excludes
 * `bad`: constrained Horn clauses over one predicate, one clause per rule. Ranges and capacities
 * are part of what is proved, never assumed (SEMANTICS 14). Plain, and with global guidance
 * (Vediramana Krishnan, Chen, Shoham and Gurfinkel 2020), in a process each: which of them is fast
 * differs by orders of magnitude. The first answer ends the other.
 */
export async function spacer(
  system: SmtSystem,
  bad: Term,
  constraint: Term,
  limits: SessionLimits,
): Promise<SpacerAnswer> {
  const horn = hornClauses(system, bad, constraint);
  const won = new AbortController();
  const signal = AbortSignal.any([limits.signal, won.signal]);
  const runs = [false, true].map(async (global): Promise<SpacerAnswer> => {
    try {
      const answer = await one(system, horn, { ...limits, signal }, global);
      if (answer.kind !== 'unknown') won.abort();
      return answer;
    } catch (error) {
      if (!(error instanceof SessionError) || limits.signal.aborted) throw error;
      return {
        kind: 'unknown',
        message: error.end === 'timeout' ? 'Spacer reached the time limit' : error.message,
        ended: error.end,
      };
    }
  });
  const answers = await Promise.all(runs);
  return (
    answers.find((answer) => answer.kind !== 'unknown') ??
    answers.find((answer) => answer.kind === 'unknown' && answer.ended === undefined) ??
    (answers[0] as SpacerAnswer)
  );
}

async function one(
  system: SmtSystem,
  horn: string,
  limits: SessionLimits,
  global: boolean,
): Promise<SpacerAnswer> {
  const { session } = await Z3Session.open(limits);
  try {
    const options = [
      '(set-option :pp.max_depth 10000)',
      '(set-option :pp.min_alias_size 1000000)',
      `(set-option :fp.spacer.global ${global})`,
    ];
    const answer = (await session.send(`${options.join('\n')}\n${horn}\n(check-sat)`)).trim();
    if (answer.startsWith('unsat')) return { kind: 'unsafe' };
    if (!answer.startsWith('sat'))
      return { kind: 'unknown', message: `Spacer answered ${answer.slice(0, 200)}` };
    const invariant = invariantOf(await session.send('(get-model)'), system);
    return invariant === undefined
      ? { kind: 'unknown', message: 'Spacer gave no invariant' }
      : { kind: 'safe', invariant, horn };
  } finally {
    session.close();
  }
}

export function hornClauses(system: SmtSystem, bad: Term, constraint: Term): string {
  const bound = system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  const state = system.variables.map((v) => v.name).join(' ');
  // What is free has a value of its own after the step, that no term gives.
  const after = system.variables
    .filter((v, i) => system.rules.some((rule) => rule.next[i] === `${v.name}!next`))
    .map((v) => ` (${v.name}!next ${v.sort})`)
    .join('');
  const clauses = system.rules.map(
    (rule) =>
      `; ${rule.label}\n(assert (forall (${bound}${after}) (=> (and (Inv ${state}) ${rule.condition}) (Inv ${rule.next.join(' ')}))))`,
  );
  return [
    '(set-logic HORN)',
    `(declare-fun Inv (${system.variables.map((v) => v.sort).join(' ')}) Bool)`,
    '; the initial states',
    `(assert (forall (${bound}) (=> (and ${system.init} ${constraint}) (Inv ${state}))))`,
    ...clauses,
    '; what must not be reached',
    `(assert (forall (${bound}) (=> (and (Inv ${state}) ${bad}) false)))`,
  ].join('\n');
}

/**
 * The definition of `Inv` in the printed model, as text that any SMT solver reads. Spacer gives its
 * parameters names of its own; they are bound to the system's, so that the invariant says what it
 * is about wherever the variables stand in another order.
 */
function invariantOf(model: string, system: SmtSystem): string | undefined {
  const start = model.indexOf(INVARIANT);
  const definition = start < 0 ? undefined : model.slice(start, endOfList(model, start));
  if (definition === undefined) return undefined;
  const parametersEnd = endOfList(definition, INVARIANT.length);
  const names = [
    ...definition.slice(INVARIANT.length, parametersEnd).matchAll(/\(([^\s()]+) (?:Int|Bool)\)/g),
  ].map(([, name]) => name);
  if (names.length !== system.variables.length) return undefined;
  const body = definition
    .slice(parametersEnd, -1)
    .trim()
    .replace(/^Bool\s+/, '');
  const bound = system.variables.map((v) => `(${v.name} ${v.sort})`).join(' ');
  const meanings = system.variables.flatMap((v, i) =>
    names[i] === v.name ? [] : [`(${names[i]} ${v.name})`],
  );
  return `${INVARIANT}(${bound}) Bool ${meanings.length === 0 ? body : `(let (${meanings.join(' ')})\n  ${body})`})`;
}

const INVARIANT = '(define-fun Inv ';

/** Where the list that opens at `start` is closed. */
function endOfList(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    if (text[i] === ')') depth -= 1;
    if (depth === 0) return i + 1;
  }
  return text.length;
}

export interface Obligation {
  readonly name: 'initiation' | 'consecution' | 'safety';
  readonly text: string;
}

/**
 * The three proofs behind "inductive" (Manna and Pnueli 1995): it holds at first, every step keeps
 * it, and it excludes what is bad. Written from the model, the invariant and how far it looks back
 * alone, each a file that is `unsat` for any solver of linear or non-linear integer arithmetic.
 */
export function obligations(
  system: SmtSystem,
  bad: Term,
  constraint: Term,
  invariant: string,
  depth: Depth = ONE_STEP,
): Obligation[] {
  const declared = (suffix: string): string =>
    system.variables.map((v) => `(declare-const ${v.name}${suffix} ${v.sort})`).join('\n');
  const state = (suffix: string): string =>
    system.variables.map((v) => `${v.name}${suffix}`).join(' ');
  const theory = `(set-logic ALL)\n${definitions(system)}\n${invariant}`;
  const head = `${theory}\n${declared('')}`;
  const safety: Obligation = {
    name: 'safety',
    text: `${head}\n(assert (Inv ${state('')}))\n(assert ${bad})\n(check-sat)\n`,
  };
  if (depth.steps > 1 || depth.distinct) {
    const { initiation, consecution } = inductionObligations(system, constraint, depth);
    return [
      { name: 'initiation', text: `${theory}\n${initiation}` },
      { name: 'consecution', text: `${theory}\n${consecution}` },
      safety,
    ];
  }
  return [
    {
      name: 'initiation',
      text: `${head}\n(assert (Init ${state('')}))\n(assert ${constraint})\n(assert (not (Inv ${state('')})))\n(check-sat)\n`,
    },
    {
      name: 'consecution',
      text: `${head}\n${declared('!next')}\n(assert (Inv ${state('')}))\n(assert (Step ${state('')} ${state('!next')}))\n(assert (not (Inv ${state('!next')})))\n(check-sat)\n`,
    },
    safety,
  ];
}
