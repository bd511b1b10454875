import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import type { DecisionProcess, Transition, WrongSum } from './decision.ts';

/** More problems than this help nobody. */
export const MAX_PROBLEMS = 20;
export const MAX_NODES = 50_000_000;

export function isWhole(value: unknown, below: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < below;
}

function isProbability(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** `from to probability`, or with the choice second; nothing where that is no transition. */
export function transitionOf(
  parts: readonly unknown[],
  hasChoice: boolean,
  states: number,
): Transition | undefined {
  const [from, choice, to, probability] = hasChoice ? parts : [parts[0], 0, parts[1], parts[2]];
  return isWhole(from, states) &&
    isWhole(to, states) &&
    isWhole(choice, Number.MAX_SAFE_INTEGER) &&
    isProbability(probability)
    ? { from, choice, to, probability }
    : undefined;
}

/** The process, or the first of its problems. */
export function finished(
  made: DecisionProcess | readonly WrongSum[],
  path: string,
): Result<DecisionProcess> {
  return 'nodes' in made
    ? ok(made)
    : bad(...made.slice(0, MAX_PROBLEMS).map((wrong) => sumProblem(path, wrong)));
}

function sumProblem(path: string, { node, choice, sum }: WrongSum): Problem {
  return problem(
    'MARKOV_SHAPE',
    path,
    `the probabilities of state ${node}, choice ${choice}, sum to ${sum} instead of 1`,
  );
}
