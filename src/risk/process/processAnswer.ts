import type { Learned } from '../learned.ts';
import { choiceCosts, type DecisionProcess } from '../markov/decision.ts';
import { boundExpected } from '../markov/expected.ts';
import { reachWithin } from '../markov/withinSteps.ts';
import { Random } from '../random.ts';
import { STOP } from '../topology.ts';
import type { Watch } from '../watch.ts';
import { processOfChain } from './chainProcess.ts';
import { drawStays, meanStays, type MeanStays } from './duration.ts';
import { robustBounds, type RobustBounds } from './robust.ts';
import { spreadOf, type Spread } from './spread.ts';

/** Public shape (`risk.schema.json`): what more is known of the process behind a risk. */
export interface ProcessAnswer {
  /** That a case is lost in at most so many of its steps. */
  readonly within?: Spread & { readonly steps: number };
  /** Of a case until it stops, or nothing is left to do; null where it may go on for ever. */
  readonly expected?: {
    readonly steps: Spread;
    readonly cost?: Spread;
    /** Absent where the log has no times, or none for some state that a case may come to. */
    readonly days?: Spread;
  };
  readonly robust?: RobustBounds;
}

export interface ProcessQuestions {
  readonly within?: number | undefined;
  readonly expected?: boolean | undefined;
  /** What each branch of the chain costs. */
  readonly costs?: Float64Array | undefined;
  readonly robust?: boolean | undefined;
}

const DRAWS = 400;
const OPTIONS = { width: 1e-6, maxSweeps: 20_000 };

/**
 * What the learned chain says beyond reaching a loss: at the mean rates, and for draws of them. Of
 * the times, what is drawn is the mean of each state's.
 */
export async function processAnswer(
  learned: Learned,
  { within, expected, costs, robust }: ProcessQuestions,
  seed: number,
  watch: Watch,
): Promise<ProcessAnswer> {
  const asked = new Asked(learned, { within, expected, costs });
  const atMean = asked.at(learned.posterior.mean(), asked.stays?.days);
  const draws: Numbers[] = [];
  const random = new Random(seed);
  if (within !== undefined || expected === true)
    for (let draw = 0; draw < DRAWS; draw += 1) {
      draws.push(asked.draw(random));
      await watch.turn(`${draw + 1} of ${DRAWS} draws of the process`);
    }
  const spread = (of: (numbers: Numbers) => number | null): Spread =>
    spreadOf(of(atMean), draws.map(of));
  return {
    ...(within !== undefined && { within: { steps: within, ...spread((n) => n.within) } }),
    ...(expected === true && {
      expected: {
        steps: spread((n) => n.steps),
        ...(costs && { cost: spread((n) => n.cost) }),
        ...(asked.stays && { days: spread((n) => n.days) }),
      },
    }),
    ...(robust === true && { robust: robustBounds(learned) }),
  };
}

interface Numbers {
  readonly within: number | null;
  readonly steps: number | null;
  readonly cost: number | null;
  readonly days: number | null;
}

class Asked {
  readonly #learned: Learned;
  readonly #questions: ProcessQuestions;
  readonly #nodes: readonly number[];
  readonly stays: MeanStays | undefined;

  constructor(learned: Learned, questions: ProcessQuestions) {
    this.#learned = learned;
    this.#questions = questions;
    const { topology } = learned.chain;
    this.#nodes = Array.from({ length: topology.nodes }, (_, node) => node);
    const stays = questions.expected === true ? meanStays(learned.alignment.stays) : undefined;
    this.stays = stays && this.#allSeen() ? stays : undefined;
  }

  draw(random: Random): Numbers {
    const { posterior, chain } = this.#learned;
    const weights = new Float64Array(chain.topology.targets.length);
    posterior.draw(random, this.#nodes, weights);
    return this.at(weights, this.stays && drawStays(random, this.stays));
  }

  at(weights: Float64Array, days: Float64Array | undefined): Numbers {
    const { within, expected, costs } = this.#questions;
    const { topology, root } = this.#learned.chain;
    const process = processOfChain(topology, weights);
    const untilItStops: DecisionProcess = { ...process, goal: new Uint8Array(process.nodes) };
    const total = (ofBranch: (branch: number, node: number) => number): number | null => {
      const each = Float64Array.from({ length: process.nodes }, (_, node) =>
        node < root ? meanOfRow(topology, weights, node, (b) => ofBranch(b, node)) : 0,
      );
      const costs = choiceCosts(process, each);
      const { lower, upper } = boundExpected(untilItStops, 'max', OPTIONS, costs);
      return lower === null || upper === null ? null : (lower + upper) / 2;
    };
    const isStep = (b: number): number => (topology.targets[b] === STOP ? 0 : 1);
    const found = within === undefined ? undefined : reachWithin(process, 'max', within + 1);
    return {
      // The start is a branch of its own, and no step.
      within: found ? (found.lower + found.upper) / 2 : null,
      steps: expected === true ? total(isStep) : null,
      cost: expected === true && costs ? total((b) => costs[b] as number) : null,
      days: days ? total((b, node) => isStep(b) * (days[node] as number)) : null,
    };
  }

  /** Whether the log has the times of all steps that it has. */
  #allSeen(): boolean {
    const { topology, root } = this.#learned.chain;
    const { evidence, stays } = this.#learned.alignment;
    let some = false;
    for (let node = 0; node < root; node += 1) {
      const [from, to] = [topology.rows[node] as number, topology.rows[node + 1] as number];
      for (let b = from; b < to; b += 1) {
        if (topology.targets[b] === STOP || (evidence.counts[b] as number) === 0) continue;
        if (stays.ended[node] === 0) return false;
        some = true;
      }
    }
    return some;
  }
}

function meanOfRow(
  { rows }: Learned['chain']['topology'],
  weights: Float64Array,
  node: number,
  valueOf: (branch: number) => number,
): number {
  let [sum, all] = [0, 0];
  for (let b = rows[node] as number; b < (rows[node + 1] as number); b += 1) {
    all += weights[b] as number;
    if ((weights[b] as number) > 0) sum += (weights[b] as number) * valueOf(b);
  }
  return all === 0 ? 0 : sum / all;
}
