import { soundBounds } from '../certify.ts';
import { DirectSolver } from '../direct.ts';
import { ReachQuestion, type NodeBounds } from '../question.ts';
import { solve } from '../solve.ts';
import type { Topology } from '../topology.ts';
import { isChain, type DecisionProcess } from './decision.ts';
import { boundExpected, type ExpectedBounds } from './expected.ts';
import { boundRobust, type IntervalChain } from './intervalChain.ts';
import { boundReachability, type Aim, type ReachBounds } from './reach.ts';
import { reachWithin, type StepBounds } from './withinSteps.ts';

/** What is said of a goal by one way to make the choices. */
interface AimBounds extends ReachBounds {
  /** Where steps were given: that a goal is reached within so many. */
  readonly within?: StepBounds;
  /** Where it was asked for: the total cost until absorption, in steps where no costs are given. */
  readonly expected?: ExpectedBounds;
}

/** Public shape of `probity markov`. */
export type MarkovBounds =
  | (AimBounds & { readonly v: 1; readonly kind: 'chain'; readonly states: number })
  | {
      readonly v: 1;
      /** Choices; or a chain whose probabilities are known to lie in intervals. */
      readonly kind: 'mdp' | 'intervalChain';
      readonly states: number;
      readonly max: AimBounds;
      readonly min: AimBounds;
    };

export interface BoundsOptions {
  /** In parts of the upper bound. */
  readonly width: number;
  readonly within?: number | undefined;
  /** Branches before the first that is a step: those to the starts of a model. */
  readonly before?: number | undefined;
  readonly expected?: boolean | undefined;
}

/**
 * Sweeps before a chain that mixes slowly is eliminated instead, and before choices are given up.
 */
const [FIRST_SWEEPS, MOST_SWEEPS] = [3_000, 200_000];

/**
 * Sound bounds of the probability that a goal is reached: one for a chain, two for choices and for
 * intervals. `costs`: of each choice (`boundExpected`); without them a step costs 1.
 */
export function markovBounds(
  process: DecisionProcess,
  { width, within, before = 0, expected }: BoundsOptions,
  costs?: Float64Array,
): MarkovBounds {
  const states = process.nodes;
  const options = { width, maxSweeps: MOST_SWEEPS };
  const more = (aim: Aim): Pick<AimBounds, 'within' | 'expected'> => ({
    ...(within !== undefined && {
      within: { ...reachWithin(process, aim, within + before), steps: within },
    }),
    ...(expected === true && { expected: boundExpected(process, aim, options, costs) }),
  });
  if (isChain(process))
    return { v: 1, kind: 'chain', states, ...chainBounds(process, width), ...more('max') };
  return {
    v: 1,
    kind: 'mdp',
    states,
    max: { ...boundReachability(process, 'max', options), ...more('max') },
    min: { ...boundReachability(process, 'min', options), ...more('min') },
  };
}

/** Of the probability that a goal is reached, over all chains within the intervals. */
export function intervalBounds(chain: IntervalChain, { width }: BoundsOptions): MarkovBounds {
  const options = { width, maxSweeps: MOST_SWEEPS };
  return {
    v: 1,
    kind: 'intervalChain',
    states: chain.topology.nodes,
    max: boundRobust(chain, 'max', options),
    min: boundRobust(chain, 'min', options),
  };
}

/** Whether all bounds came as near to each other as was asked for. */
export function allMet(bounds: MarkovBounds): boolean {
  const each = bounds.kind === 'chain' ? [bounds] : [bounds.max, bounds.min];
  return each.every(({ met, expected }) => met && (expected?.met ?? true));
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
