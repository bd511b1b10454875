import { Unencodable } from '../../../encode/definedness.ts';
import { smtOr, type Term } from '../../../encode/smt/terms.ts';
import type { State } from '../../../model/layout.ts';
import type { Outcome } from '../../../model/outcome.ts';
import { BoundedSearch } from '../bmc.ts';
import type { Context } from '../context.ts';
import { withinShare } from '../context.ts';
import { Z3Session } from '../session.ts';
import type { SmallGraph } from '../smallGraph.ts';
import { type Hit } from '../smallGraph.ts';
import { type Goal, namesOf, type Tactic } from './tactic.ts';

/**
 * Where the graph is small: each property by the way to where it breaks, taken step by step, or by
 * the reachable states as invariant (docs/adr/005).
 */
export const byGraph: Tactic = {
  name: 'the small graph as a hint',
  async run(open, context) {
    const graph = await context.smallGraph();
    if (!graph) return open;
    const safe: Goal[] = [];
    const remaining: Goal[] = [];
    for (const goal of open) {
      const hit = graph.hit(goal.property, () => true);
      if (!hit) safe.push(goal);
      else if (!(await confirm(goal, hit, 'true', context))) remaining.push(goal);
    }
    if (safe.length === 0) return remaining;
    const name = namesOf(safe);
    const bad = smtOr(safe.map((goal) => goal.bad));
    const proof = await proofByStates(name, bad, 'true', graph, () => true, context);
    if (!proof) return [...remaining, ...safe];
    for (const { property } of safe) context.settle(property, proof);
    return remaining;
  },
};

/**
 * The set of reachable states as the invariant: found by walking the graph, believed because Z3
 * re-proves it inductive.
 */
export async function proofByStates(
  name: string,
  bad: Term,
  constraint: Term,
  graph: SmallGraph,
  belongs: (state: State) => boolean,
  context: Context,
): Promise<Extract<Outcome, { outcome: 'holds' }> | undefined> {
  if (!graph.errorFree) return undefined;
  const cubes = cubesOf(graph.states.filter(belongs), context);
  if (!cubes) return undefined;
  const claim = {
    name: `states-${name}`,
    bad,
    constraint,
    invariant: context.invariant(smtOr(cubes)),
  };
  const outcome = await context.established(claim, context.share(2));
  return outcome.outcome === 'holds' ? outcome : undefined;
}

/**
 * Lets Z3 take a known way, each state fixed: a violation by its own encoding, then lifted and
 * replayed like any other.
 */
export async function confirm(
  { property, bad }: Goal,
  hit: Hit,
  constraint: Term,
  context: Context,
): Promise<boolean> {
  const cubes = cubesOf(hit.states, context);
  if (!cubes) return false;
  const work = async (): Promise<boolean> => {
    const { session } = await Z3Session.open(context.share(2));
    try {
      const search = await BoundedSearch.start(context.system, session, constraint);
      for (const [i, cube] of cubes.entries()) {
        await search.fix(cube);
        if (i < cubes.length - 1 || hit.error) await search.deepen();
      }
      const path = await search.reaches(bad);
      if (path) context.settleByPath(property, path);
      return path !== undefined;
    } finally {
      session.close();
    }
  };
  return withinShare(work(), false);
}

/** The states as terms, or nothing where one of them stands for several of the encoding. */
export function cubesOf(
  states: readonly State[],
  { system }: Context,
): readonly Term[] | undefined {
  try {
    return states.map((state) => system.cube(state));
  } catch (error) {
    if (error instanceof Unencodable) return undefined;
    throw error;
  }
}
