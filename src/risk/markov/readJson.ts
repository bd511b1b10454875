import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { choiceCosts, processOf, type DecisionProcess, type Transition } from './decision.ts';
import { intervalsOf, type IntervalChain } from './intervalChain.ts';
import { finished, isWhole, MAX_NODES, MAX_PROBLEMS, transitionOf } from './transitions.ts';

const shape = (path: string, message: string): Problem => problem('MARKOV_SHAPE', path, message);

/** What a file says: a process with what its steps cost, or a chain of intervals. */
export type MarkovFile =
  | { readonly process: DecisionProcess; readonly costs?: Float64Array }
  | { readonly intervals: IntervalChain };

type Fields = Readonly<Record<string, unknown>>;

/**
 * `{"states": N, "initial": i, "targets": [i, …], "transitions": [[from, to, p], …]}`, states from
 * 0 on; for a decision process each transition is `[from, choice, to, p]`. `costs`: of a step from
 * each state. In place of transitions, `intervals`: `[[from, to, least, most], …]`. What else
 * stands in the object (a source, a published value) is not read.
 */
export function readMarkovJson(text: string): Result<MarkovFile> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return bad(shape('', `not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return bad(shape('', 'give an object with states, initial, targets and transitions'));
  const { states, initial, targets, costs, intervals } = parsed as Fields;
  if (!isWhole(states, MAX_NODES + 1) || states === 0)
    return bad(shape('states', `states is a whole number from 1 to ${MAX_NODES}`));
  const problems: Problem[] = [];
  if (!isWhole(initial, states)) problems.push(shape('initial', 'initial is no state'));
  if (!Array.isArray(targets) || !targets.every((each) => isWhole(each, states)))
    problems.push(shape('targets', 'targets is a list of states'));
  if (costs !== undefined && !areCosts(costs, states))
    problems.push(shape('costs', 'costs is a list with a number above 0 for each state'));
  if (intervals !== undefined) return withIntervals(parsed as Fields, states, problems);
  const read = readTransitionList((parsed as Fields)['transitions'], states, problems);
  if (problems.length > 0) return bad(...problems);
  const made = processOf(states, initial as number, targets as number[], read);
  const process = finished(made, 'transitions');
  if (!process.ok) return process;
  const paid = costs === undefined ? undefined : choiceCosts(process.value, costs as number[]);
  return ok({ process: process.value, ...(paid && { costs: paid }) });
}

function readTransitionList(given: unknown, states: number, problems: Problem[]): Transition[] {
  if (!Array.isArray(given)) {
    problems.push(shape('transitions', 'transitions is a list'));
    return [];
  }
  const read: Transition[] = [];
  const width = Array.isArray(given[0]) ? given[0].length : 3;
  for (const [i, each] of (given as readonly unknown[]).entries()) {
    const transition = isOfWidth(each, width) ? transitionOf(each, width === 4, states) : undefined;
    if (transition) read.push(transition);
    else if (problems.length < MAX_PROBLEMS)
      problems.push(
        shape(
          `transitions.${i}`,
          `give [from, to, probability] of states below ${states} and a probability from 0 to 1; or [from, choice, to, probability] in all of them`,
        ),
      );
  }
  return read;
}

/** A chain of intervals; costs and transitions are not of it. */
function withIntervals(
  { initial, targets, costs, transitions, intervals }: Fields,
  states: number,
  problems: Problem[],
): Result<MarkovFile> {
  for (const [name, given] of Object.entries({ costs, transitions }))
    if (given !== undefined)
      problems.push(shape(name, `a chain of intervals has no ${name}: leave one of them out`));
  if (!Array.isArray(intervals)) problems.push(shape('intervals', 'intervals is a list'));
  const read: [number, number, number, number][] = [];
  for (const [i, each] of (Array.isArray(intervals) ? intervals : []).entries()) {
    const [from, to, least, most] = Array.isArray(each) ? (each as unknown[]) : [];
    if (isWhole(from, states) && isWhole(to, states) && isInterval(least, most))
      read.push([from, to, least as number, most as number]);
    else if (problems.length < MAX_PROBLEMS)
      problems.push(
        shape(
          `intervals.${i}`,
          `give [from, to, least, most] of states below ${states}, with 0 < least ≤ most ≤ 1`,
        ),
      );
  }
  if (problems.length > 0) return bad(...problems);
  const made = intervalsOf(states, initial as number, targets as number[], read);
  return 'topology' in made
    ? ok({ intervals: made })
    : bad(
        ...made
          .slice(0, MAX_PROBLEMS)
          .map((node) =>
            shape('intervals', `no probabilities within the intervals of state ${node} sum to 1`),
          ),
      );
}

const areCosts = (given: unknown, states: number): boolean =>
  Array.isArray(given) &&
  given.length === states &&
  given.every((each) => typeof each === 'number' && each > 0 && Number.isFinite(each));

const isInterval = (least: unknown, most: unknown): boolean =>
  typeof least === 'number' && typeof most === 'number' && 0 < least && least <= most && most <= 1;

/** All of a list are of one width. */
function isOfWidth(each: unknown, width: number): each is readonly unknown[] {
  return Array.isArray(each) && each.length === width && (width === 3 || width === 4);
}
