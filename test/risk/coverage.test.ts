import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { align } from '../../src/risk/align.ts';
import { quantile } from '../../src/risk/assess.ts';
import type { StateChain } from '../../src/risk/chain.ts';
import { readEventLog } from '../../src/risk/eventLog.ts';
import {
  branchWeights,
  generateLog,
  trueProbability,
  type Weights,
} from '../../src/risk/generate.ts';
import { Posterior, type Prior } from '../../src/risk/posterior.ts';
import { Question } from '../../src/risk/question.ts';
import { Random } from '../../src/risk/random.ts';
import { FAST, solve } from '../../src/risk/solve.ts';
import { chainFor, parcel, repository, value } from './fixture.ts';

const TRIALS = 100;

/** Losses of one case in sixteen, and of one in two hundred (`specs/demo/parcel-weights.json`). */
const COMMON = {
  weights: {
    load: 0.9,
    cancel: 0.1,
    handOver: 0.5,
    missed: 0.5,
    leaveOnPorch: 0.6,
    toNeighbour: 0.2,
    steal: 0.3,
    collect: 0.7,
    keep: 0.1,
  },
  stop: 0,
};
const RARE = JSON.parse(
  readFileSync(repository('specs/demo/parcel-weights.json'), 'utf8'),
) as Weights;

interface Truth {
  readonly chain: StateChain;
  readonly weights: Float64Array;
  readonly probability: number;
}

async function truthOf(given: Weights): Promise<Truth> {
  const { semantics } = await parcel();
  const chain = await chainFor(semantics, 'notStolen');
  const weights = value(branchWeights(chain, given));
  return { chain, weights, probability: trueProbability(chain, weights) };
}

/** The 95 % interval learned from a log of `cases` cases that this truth made. */
function interval(
  { chain, weights }: Truth,
  cases: number,
  seed: number,
  prior?: Prior,
): readonly [number, number] {
  const log = value(readEventLog(generateLog(chain, weights, cases, seed)));
  const [earlier, later] = align(chain, log).counts;
  const posterior = new Posterior(
    chain.topology,
    earlier.map((n, b) => n + (later[b] as number)),
    prior,
  );
  const question = new Question(chain.topology);
  const nodes = question.unsettled;
  const random = new Random(seed);
  const draw = new Float64Array(chain.topology.targets.length);
  const losses = Array.from({ length: 400 }, () => {
    posterior.draw(random, nodes, draw);
    return solve(question, draw, FAST).lower[chain.root] as number;
  });
  return [quantile(losses, 0.025), quantile(losses, 0.975)];
}

function trials(
  name: string,
  truth: Truth,
  cases: number,
  prior?: Prior,
): { covered: number; width: number } {
  const intervals = Array.from({ length: TRIALS }, (_, i) =>
    interval(truth, cases, 1000 + i, prior),
  );
  const covered = intervals.filter(
    ([low, high]) => low <= truth.probability && truth.probability <= high,
  ).length;
  const width = intervals.reduce((sum, [low, high]) => sum + high - low, 0) / TRIALS;
  console.log(
    `${name}, truth ${truth.probability.toPrecision(4)}, ${cases} cases, ${prior ? 'weight 1' : 'weight 1/k'}: ${covered} of ${TRIALS} covered, mean width ${width.toPrecision(3)}`,
  );
  return { covered, width };
}

/**
 * Logs with a known truth, many times over: does the 95 % interval hold it about as often as it
 * says?
 */
describe('coverage of the 95 % interval', () => {
  it('holds the truth in about the nominal share, and narrows with more cases', async () => {
    const truth = await truthOf(COMMON);
    const [few, many] = [trials('common', truth, 100), trials('common', truth, 1_000)];
    expect(few.covered).toBeGreaterThanOrEqual(85);
    expect(many.covered).toBeGreaterThanOrEqual(90);
    expect(many.width).toBeLessThan(few.width / 2);
  });

  it('of rare losses, where a weight of 1 for each branch is a claim that the truth pays for', async () => {
    const truth = await truthOf(RARE);
    expect(trials('rare', truth, 1_000).covered).toBeGreaterThanOrEqual(85);
    const [perks, uniform] = [trials('rare', truth, 40), trials('rare', truth, 40, () => 1)];
    expect(perks.covered).toBeGreaterThan(uniform.covered + 10);
  });

  it('rates that are not those of the log are not covered: the test can fail', async () => {
    const truth = await truthOf(COMMON);
    const wrong = trueProbability(
      truth.chain,
      value(branchWeights(truth.chain, { weights: { steal: 3, collect: 0.1, keep: 3 }, stop: 0 })),
    );
    const [low, high] = interval(truth, 1_000, 1);
    expect(wrong < low || wrong > high).toBe(true);
  });
});
