import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { processOf, type DecisionProcess, type Transition, type WrongSum } from './decision.ts';

/** More problems than this help nobody. */
const MAX_PROBLEMS = 20;
export const MAX_NODES = 50_000_000;

const shape = (path: string, message: string): Problem => problem('MARKOV_SHAPE', path, message);

/**
 * `{"states": N, "initial": i, "targets": [i, …], "transitions": [[from, to, p], …]}`, states from 0
 * on; for a decision process each transition is `[from, choice, to, p]`. What else stands in the
 * object (a source, a published value) is not read.
 */
export function readMarkovJson(text: string): Result<DecisionProcess> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return bad(shape('', `not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return bad(shape('', 'give an object with states, initial, targets and transitions'));
  const { states, initial, targets, transitions } = parsed as Readonly<Record<string, unknown>>;
  if (!isWhole(states, MAX_NODES + 1) || states === 0)
    return bad(shape('states', `states is a whole number from 1 to ${MAX_NODES}`));
  const problems: Problem[] = [];
  if (!isWhole(initial, states)) problems.push(shape('initial', 'initial is no state'));
  if (!Array.isArray(targets) || !targets.every((each) => isWhole(each, states)))
    problems.push(shape('targets', 'targets is a list of states'));
  if (!Array.isArray(transitions))
    return bad(...problems, shape('transitions', 'transitions is a list'));
  const read: Transition[] = [];
  const width = Array.isArray(transitions[0]) ? transitions[0].length : 3;
  for (const [i, each] of (transitions as readonly unknown[]).entries()) {
    const transition = transitionOf(each, width, states);
    if (transition) read.push(transition);
    else if (problems.length < MAX_PROBLEMS)
      problems.push(
        shape(
          `transitions.${i}`,
          `give [from, to, probability] of states below ${states} and a probability from 0 to 1; or [from, choice, to, probability] in all of them`,
        ),
      );
  }
  if (problems.length > 0) return bad(...problems);
  return finished(processOf(states, initial as number, targets as number[], read), (wrong) =>
    sumProblem('transitions', wrong),
  );
}

function transitionOf(each: unknown, width: number, states: number): Transition | undefined {
  if (!Array.isArray(each) || each.length !== width || (width !== 3 && width !== 4))
    return undefined;
  const parts = each as readonly unknown[];
  const [from, choice, to, probability] = width === 3 ? [parts[0], 0, parts[1], parts[2]] : parts;
  return isWhole(from, states) &&
    isWhole(to, states) &&
    isWhole(choice, Number.MAX_SAFE_INTEGER) &&
    isProbability(probability)
    ? { from, choice, to, probability }
    : undefined;
}

export function isWhole(value: unknown, below: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < below;
}

export function isProbability(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

export function sumProblem(path: string, { node, choice, sum }: WrongSum): Problem {
  return shape(
    path,
    `the probabilities of state ${node}, choice ${choice}, sum to ${sum} instead of 1`,
  );
}

/** The process, or the first of its problems. */
export function finished(
  made: DecisionProcess | readonly WrongSum[],
  told: (wrong: WrongSum) => Problem,
): Result<DecisionProcess> {
  return 'nodes' in made ? ok(made) : bad(...made.slice(0, MAX_PROBLEMS).map(told));
}
