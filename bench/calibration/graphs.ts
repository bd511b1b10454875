import { invariant } from '../../src/errors/index.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { probabilityAt } from '../../src/risk/learned.ts';
import { ReachQuestion } from '../../src/risk/question.ts';
import { chainOf, type Topology } from '../../src/risk/topology.ts';

type Transition = readonly [from: number, to: number, probability: number];

/** A graph whose probability of a loss grows with `x` in (0, 1). */
interface Family {
  readonly name: string;
  readonly nodes: number;
  readonly start: number;
  readonly goal: number;
  readonly transitions: (x: number) => readonly Transition[];
}

/** A chain with the probability of a loss that it was made for. */
export interface Truth {
  readonly graph: string;
  readonly probability: number;
  readonly topology: Topology;
  readonly probabilities: Float64Array;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Two ends: 0 is not lost, 1 is lost. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'fork',
    nodes: 3,
    start: 2,
    goal: 1,
    transitions: (x) => [
      [2, 0, 1 - x],
      [2, 1, x],
    ],
  },
  {
    name: 'wide: one of 30 branches loses',
    nodes: 33,
    start: 2,
    goal: 1,
    transitions: (x) => [[2, 1, x], ...range(29).map((i): Transition => [2, 3 + i, (1 - x) / 29])],
  },
  {
    name: 'deep: each of 12 stages may lose',
    nodes: 14,
    start: 2,
    goal: 1,
    transitions: (x) =>
      range(12).flatMap((i): Transition[] => [
        [2 + i, i === 11 ? 0 : 3 + i, 1 - x],
        [2 + i, 1, x],
      ]),
  },
  {
    name: 'doors: lost behind 6 of them, each may be left',
    nodes: 8,
    start: 2,
    goal: 1,
    transitions: (x) =>
      range(6).flatMap((i): Transition[] => [
        [2 + i, i === 5 ? 1 : 3 + i, x],
        [2 + i, 0, 1 - x],
      ]),
  },
  {
    name: 'retry: a circle of three',
    nodes: 5,
    start: 2,
    goal: 1,
    transitions: (x) => [
      [2, 3, 1],
      [3, 4, 0.4],
      [3, 0, 0.6],
      [4, 2, 1 - x],
      [4, 1, x],
    ],
  },
  {
    name: 'split: 8 copies by a variable that nobody reads',
    nodes: 11,
    start: 2,
    goal: 1,
    transitions: (x) =>
      range(8).flatMap((i): Transition[] => [
        [2, 3 + i, 1 / 8],
        [3 + i, 0, 1 - x],
        [3 + i, 1, x],
      ]),
  },
  {
    name: 'walk: ruin on 20 states, from 5',
    nodes: 22,
    start: 6,
    goal: 1,
    transitions: (x) =>
      range(20).flatMap((i): Transition[] => [
        [2 + i, i === 19 ? 1 : 3 + i, x],
        [2 + i, i === 0 ? 0 : 1 + i, 1 - x],
      ]),
  },
  {
    name: 'porch: a way that few take, and some lose on',
    nodes: 4,
    start: 2,
    goal: 1,
    transitions: (x) => [
      [2, 0, 1 - Math.sqrt(x)],
      [2, 3, Math.sqrt(x)],
      [3, 1, Math.sqrt(x)],
      [3, 0, 1 - Math.sqrt(x)],
    ],
  },
];

/** The member of the family whose probability of a loss is this, to twelve digits. */
export function truthOf(family: Family, probability: number): Truth {
  const { name, nodes, start, goal, transitions } = family;
  const at = (x: number): Truth => {
    const { topology, probabilities } = chainOf(nodes, start, [goal], transitions(x));
    const question = new ReachQuestion(topology);
    const value = probabilityAt(question, new DirectSolver(question), probabilities);
    invariant(value !== undefined, 'a family can be solved');
    return { graph: name, probability: value, topology, probabilities };
  };
  let [low, high] = [1e-12, 1 - 1e-12];
  for (let i = 0; i < 100; i += 1) {
    const middle = Math.sqrt(low * high);
    if (at(middle).probability < probability) low = middle;
    else high = middle;
  }
  return at(high);
}
