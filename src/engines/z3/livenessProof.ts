import { fairConditions } from '../../encode/smt/fairness.ts';
import { smtAnd, smtNot, smtOr, type Term } from '../../encode/smt/terms.ts';
import type { State } from '../../model/layout.ts';
import type { Property } from '../../model/model.ts';
import type { Outcome } from '../../model/outcome.ts';
import { OutOfTime } from '../../time/time.ts';
import { rowsOf, withinShare, type Context } from './context.ts';
import { inductiveSubset } from './induction.ts';
import { learnedClauses } from './learned.ts';
import { linearClauses } from './linear.ts';
import { guessRanking, type Rank } from './ranking.ts';
import {
  helpfulName,
  takesRanking,
  rankingObligations,
  rankingText,
  type Awaited,
} from './rankingProof.ts';
import { reproveByTwo, type ToProve } from './reprove.ts';
import { cubesOf } from './tactics/graph.ts';
import { Z3Session, type SessionLimits } from './session.ts';

/**
 * Proves that what is awaited comes in every fair run, for all data: a ranking is guessed on
 * examples, with an invariant as for safety, and every obligation of it proved by processes that
 * see nothing else. False where there is no such proof, which says nothing of the property.
 */
export async function proveAwaited(property: Property, context: Context): Promise<boolean> {
  const { formula } = property;
  if (!takesRanking(formula)) return false;
  const limits = context.share(4);
  try {
    const ranks = await guess(formula, context, limits);
    if (!ranks) return false;
    for (const invariant of INVARIANTS) {
      const outcome = await withinShare(
        establishRanking(property.name, formula, ranks, invariant, { context, limits }),
        undefined,
      );
      if (!outcome) continue;
      context.settle(property, outcome);
      return true;
    }
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
  }
  return false;
}

type Search = { readonly context: Context; readonly limits: SessionLimits };

/** What may be needed beside a ranking, the cheapest first; nothing where there is none. */
const INVARIANTS: readonly ((search: Search) => Promise<Term | undefined>)[] = [
  (search) => learnedInvariant(search, linearClauses),
  reachableStates,
  async (search) =>
    (await search.context.smallGraph()) ? undefined : learnedInvariant(search, learnedClauses),
];

async function learnedInvariant(
  { context, limits }: Search,
  suggested: typeof learnedClauses,
): Promise<Term> {
  const { system } = context;
  const learned = suggested(system, await rowsOf(context), limits);
  const candidates = [...new Set([...system.lemmas, smtNot(system.erring), ...learned])];
  const terms = candidates.filter((term) => term !== 'true');
  return smtAnd(await inductiveSubset(system, terms, 'true', limits));
}

/** Where the graph is small, its states (docs/adr/005). */
async function reachableStates({ context }: Search): Promise<Term | undefined> {
  const graph = await context.smallGraph();
  const cubes = graph?.errorFree ? cubesOf(graph.states, context) : undefined;
  return cubes && smtOr(cubes);
}

async function guess(
  formula: Awaited,
  context: Context,
  limits: SessionLimits,
): Promise<readonly Rank[] | undefined> {
  const { semantics, system } = context;
  const goal = semantics.predicate(formula.kind === 'leadsTo' ? formula.to : formula.expr);
  const examples = await context.examples();
  if (!examples) return undefined;
  const isStart =
    formula.kind === 'leadsTo' ? semantics.predicate(formula.from) : (): boolean => true;
  const from: readonly State[] = formula.kind === 'leadsTo' ? examples.states : examples.initial;
  const starts = from.filter((state) => isStart(state) !== false && goal(state) !== true);
  const fair = fairConditions(semantics, system);
  const ranks = guessRanking(semantics, system, fair, { starts, reached: goal }, limits);
  return ranks?.map(({ region, helpful }) => ({
    region,
    helpful: helpfulName(semantics, helpful),
  }));
}

async function establishRanking(
  name: string,
  formula: Awaited,
  ranks: readonly Rank[],
  find: (search: Search) => Promise<Term | undefined>,
  search: Search,
): Promise<Outcome | undefined> {
  const { context, limits } = search;
  const { semantics, system } = context;
  const body = await find(search);
  if (body === undefined) return undefined;
  const invariant = context.invariant(body);
  const list = rankingObligations(semantics, system, formula, invariant, ranks);
  if (!list || !(await areProved(list, limits))) return undefined;
  const { provedBy, refuted } = await reproveByTwo(list, limits);
  if (provedBy.length === 0 || refuted.length > 0) return undefined;
  const file = (what: string, text: string) => {
    const path = `z3/ranking-${name}/${what}.smt2`;
    context.keep({ name: path, mediaType: 'text/x-smtlib2', text });
    return path;
  };
  return {
    outcome: 'holds',
    method: 'inductive',
    evidence: {
      obligationsReproved: true,
      reprovedBy: provedBy,
      invariant: file('invariant', `${invariant}\n`),
      ranking: file('ranks', rankingText(system, ranks)),
      helpful: ranks.map(({ helpful }) => helpful),
      obligations: list.map((each) => file(each.name, each.text)),
    },
  };
}

/** Asked first of one process, which is told of one after the other: a guess is mostly wrong. */
async function areProved(list: readonly ToProve[], limits: SessionLimits): Promise<boolean> {
  const { session } = await Z3Session.open(limits);
  try {
    for (const { text } of list)
      if ((await session.send(`(reset)\n${text}`)).trim() !== 'unsat') return false;
    return true;
  } finally {
    session.close();
  }
}
