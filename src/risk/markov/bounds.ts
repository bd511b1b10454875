import { soundBounds } from '../certify.ts';
import { DirectSolver } from '../direct.ts';
import { ReachQuestion, type NodeBounds } from '../question.ts';
import { solve } from '../solve.ts';
import type { Topology } from '../topology.ts';
import { isChain, type DecisionProcess } from './decision.ts';
import { boundReachability, type ReachBounds } from './reach.ts';

/** Public shape of `probity markov`. */
export type MarkovBounds =
  | (ReachBounds & { readonly v: 1; readonly kind: 'chain'; readonly states: number })
  | {
      readonly v: 1;
      readonly kind: 'mdp';
      readonly states: number;
      readonly max: ReachBounds;
      readonly min: ReachBounds;
    };

export interface BoundsOptions {
  /** In parts of the upper bound. */
  readonly width: number;
}

/**
 * Sweeps before a chain that mixes slowly is eliminated instead, and before choices are given up.
 */
const [FIRST_SWEEPS, MOST_SWEEPS] = [3_000, 200_000];

/** Sound bounds of the probability that a goal is reached: one for a chain, two for choices. */
export function markovBounds(process: DecisionProcess, { width }: BoundsOptions): MarkovBounds {
  const states = process.nodes;
  if (isChain(process)) return { v: 1, kind: 'chain', states, ...chainBounds(process, width) };
  const options = { width, maxSweeps: MOST_SWEEPS };
  return {
    v: 1,
    kind: 'mdp',
    states,
    max: boundReachability(process, 'max', options),
    min: boundReachability(process, 'min', options),
  };
}

function chainBounds(process: DecisionProcess, width: number): ReachBounds {
  const question = new ReachQuestion(topologyOf(process));
  const { settled } = question;
  if (settled !== undefined) return { lower: settled, upper: settled, met: true };
  const { start } = question.topology;
  const iterated = solve(question, process.shares, {
    relativeWidth: width,
    maxSweeps: FIRST_SWEEPS,
  });
  const first = at(iterated, start, width);
  return first.met
    ? first
    : at(soundBounds(question, new DirectSolver(question), process.shares), start, width);
}

function at({ lower, upper }: NodeBounds, start: number, width: number): ReachBounds {
  const [low, high] = [lower[start] as number, upper[start] as number];
  return { lower: low, upper: high, met: high - low <= width * high };
}

/** A chain as the solvers of learned risk take it: a node without branches stops. */
function topologyOf({ nodes, start, choices, rows, targets, goal }: DecisionProcess): Topology {
  return {
    nodes,
    start,
    goal,
    targets,
    rows: Int32Array.from(choices, (choice) => rows[choice] as number),
  };
}
