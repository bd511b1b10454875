import { bad, problem, type Problem, type Result } from '../../errors/index.ts';
import { processOf, type DecisionProcess, type Transition } from './decision.ts';
import { finished, isWhole, MAX_NODES, MAX_PROBLEMS, transitionOf } from './transitions.ts';

const shape = (path: string, message: string): Problem => problem('MARKOV_SHAPE', path, message);

/**
 * `{"states": N, "initial": i, "targets": [i, …], "transitions": [[from, to, p], …]}`, states from
 * 0 on; for a decision process each transition is `[from, choice, to, p]`. What else stands in the
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
  if (problems.length > 0) return bad(...problems);
  return finished(processOf(states, initial as number, targets as number[], read), 'transitions');
}

/** All of a list are of one width. */
function isOfWidth(each: unknown, width: number): each is readonly unknown[] {
  return Array.isArray(each) && each.length === width && (width === 3 || width === 4);
}
