import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import { processOf, type DecisionProcess, type Transition } from './decision.ts';
import { finished, isWhole, MAX_NODES, MAX_PROBLEMS, transitionOf } from './transitions.ts';

const shape = (path: string, line: number, message: string): Problem =>
  problem('MARKOV_SHAPE', `${path}:${line}`, message, { line, column: 1 });

/** Which states a label file names: `name → states`. */
export type Labels = ReadonlyMap<string, readonly number[]>;

/**
 * PRISM's explicit label file: `0="init" 1="deadlock" 2="done"`, then `state: label label …` (PRISM
 * manual, "Explicit model files").
 */
export function readLabels(text: string): Result<Labels> {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = new Map<number, string>();
  for (const [, number, name] of head.matchAll(/(\d+)="([^"]*)"/g))
    names.set(Number(number), name as string);
  if (names.size === 0)
    return bad(shape('.lab', 1, 'the first line names the labels: 0="init" 1="goal"'));
  const labels = new Map<string, number[]>([...names.values()].map((name) => [name, []]));
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const match = /^\s*(\d+):((?:\s+\d+)+)\s*$/.exec(line);
    const known = match?.[2]
      ?.trim()
      .split(/\s+/)
      .map((number) => names.get(Number(number)));
    if (!match || !known || known.includes(undefined))
      return bad(shape('.lab', i + 2, 'give `state: label label`, labels by their numbers'));
    for (const name of known) labels.get(name as string)?.push(Number(match[1]));
  }
  return ok(labels);
}

/**
 * PRISM's explicit transitions. A chain: `states transitions`, then `from to probability`. A
 * decision process: `states choices transitions`, then `from choice to probability`. What stands
 * behind it
 * (an action's name) is not read. The start is the one state labelled `init`.
 */
export function readTransitions(
  text: string,
  labels: Labels,
  target: string,
): Result<DecisionProcess> {
  const goals = labels.get(target);
  if (!goals)
    return bad(
      problem(
        'MARKOV_SHAPE',
        '.lab',
        `there is no label \`${target}\`; there are ${[...labels.keys()].join(', ')}`,
      ),
    );
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split('\n');
  const sizes = head.trim().split(/\s+/).map(Number);
  const [states = 0] = sizes;
  if ((sizes.length !== 2 && sizes.length !== 3) || !isWhole(states, MAX_NODES + 1) || states === 0)
    return bad(shape('.tra', 1, 'the first line is `states transitions`, or with choices between'));
  const [start, ...others] = labels.get('init') ?? [0];
  if (start === undefined || others.length > 0)
    return bad(problem('MARKOV_SHAPE', '.lab', 'give one state the label `init`'));
  const outside = [start, ...goals].find((state) => !isWhole(state, states));
  if (outside !== undefined)
    return bad(problem('MARKOV_SHAPE', '.lab', `state ${outside} is not below ${states}`));
  const read: Transition[] = [];
  const problems: Problem[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const numbers = line.trim().split(/\s+/, 4).map(Number);
    const transition = transitionOf(numbers, sizes.length === 3, states);
    if (transition) read.push(transition);
    else if (problems.length < MAX_PROBLEMS)
      problems.push(
        shape(
          '.tra',
          i + 2,
          `give \`from ${sizes.length === 3 ? 'choice ' : ''}to probability\`, of states below ${states}`,
        ),
      );
  }
  if (problems.length > 0) return bad(...problems);
  return finished(processOf(states, start, goals, read), '.tra');
}
