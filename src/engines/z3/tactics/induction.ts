import { smtAnd, smtNot, smtOr, type Term } from '../../../encode/smt/terms.ts';
import type { Context } from '../context.ts';
import { PHASE_MS, rowsOf, withinShare } from '../context.ts';
import { inductiveSubset } from '../induction.ts';
import { learnedClauses } from '../learned.ts';
import { linearClauses } from '../linear.ts';
import type { SessionLimits } from '../session.ts';
import { type Goal, isImplicit, namesOf, type Tactic } from './tactic.ts';

/** Of more inductive terms than this only the ranges are looked at over several steps. */
const MAX_BESIDE = 100;

/**
 * What is inductive by itself, together with the declared ranges (Houdini: Flanagan and Leino
 * 2001): the cheapest proof, and the one that people can read.
 */
export const byInduction: Tactic = {
  name: 'induction',
  parts: 4,
  run: (open, context, limits) => prove(open, [], context, limits),
};

/**
 * The implicit ones alone: a hard property must not keep those, on which all others rest, from
 * their proof.
 */
export const byInductionOfImplicit: Tactic = {
  name: 'induction of the implicit properties',
  parts: 4,
  async run(open, context, limits) {
    const implicit = open.filter(isImplicit);
    if (implicit.length === 0 || implicit.length === open.length) return open;
    const still = await prove(implicit, [], context, limits);
    return open.filter((goal) => still.includes(goal) || !isImplicit(goal));
  },
};

/**
 * The same with sums and comparisons of numbers that are true of all states that a short walk
 * meets.
 */
export const byCounting: Tactic = {
  name: 'sums and comparisons',
  parts: 4,
  mostMs: PHASE_MS,
  async run(open, context, limits) {
    const learned = linearClauses(context.system, await rowsOf(context), limits);
    return learned.length === 0 ? open : prove(open, learned, context, context.share(4));
  },
};

/**
 * The same with what is true of all states that a short walk meets: few models need more, and what
 * comes out can be read.
 */
export const byLearning: Tactic = {
  name: 'learned clauses',
  parts: 4,
  mostMs: PHASE_MS,
  async run(open, context, limits) {
    const rows = await rowsOf(context);
    const learned = [
      ...linearClauses(context.system, rows, limits),
      ...learnedClauses(context.system, rows, limits),
    ];
    return learned.length === 0 ? open : prove(open, learned, context, context.share(4));
  },
};

async function prove(
  open: readonly Goal[],
  learned: readonly Term[],
  context: Context,
  limits: SessionLimits,
): Promise<readonly Goal[]> {
  const { system } = context;
  const wanted = new Map(open.map((goal) => [goal, smtNot(goal.bad)]));
  const candidates = [
    ...new Set([...system.lemmas, smtNot(system.erring), ...wanted.values(), ...learned]),
  ].filter((term) => term !== 'true');
  const kept = new Set(await withinShare(inductiveSubset(system, candidates, 'true', limits), []));
  context.inductive = [...kept].filter(
    (term, _, all) => all.length <= MAX_BESIDE || system.lemmas.includes(term),
  );
  const isKept = (term: Term): boolean => term === 'true' || kept.has(term);
  const proved = open.filter((goal) => isKept(wanted.get(goal) as Term));
  if (proved.length === 0) return open;
  const claim = {
    name: `${learned.length > 0 ? 'learned' : 'induction'}-${namesOf(proved)}`,
    bad: smtOr(proved.map(({ bad }) => bad)),
    constraint: 'true',
    invariant: context.invariant(smtAnd([...kept])),
    goals: new Map(proved.map((goal) => [goal.property.name, wanted.get(goal) as Term])),
  };
  const outcome = await context.established(claim, context.share(2));
  if (outcome.outcome !== 'holds') return open;
  for (const { property } of proved) context.settle(property, outcome);
  return open.filter((goal) => !proved.includes(goal));
}
