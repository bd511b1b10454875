import { callText } from './callText.ts';
import { stateText, type StateChain } from './chain.ts';
import { betaQuantile } from './distributions.ts';
import type { Learned } from './learned.ts';
import { LEVEL } from './request.ts';
import { STOP } from './topology.ts';

/** One branch of the chain: what was seen, what was believed before, what is believed now. */
export interface BranchRow {
  readonly state: string;
  readonly branch: string;
  readonly leadsTo: string;
  /** Times it was seen to be taken; fractions where several paths explain a case. */
  readonly count: number;
  readonly prior: number;
  /** Prior and count: what the Dirichlet distribution of the state has for this branch. */
  readonly alpha: number;
  /** Mean and equal-tailed interval of its probability. */
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  /** Some cases were not followed to their end here: mean by cause-specific hazards. */
  readonly censored: boolean;
}

export interface BranchTable {
  readonly rows: readonly BranchRow[];
  /** Further branches that are not listed: those of the states that cases came to least. */
  readonly left: number;
}

/** A card is read by people: the states that cases came to most are enough of it. */
const MAX_ROWS = 400;

/** The branches of the states on which the answer depends, the most visited states first. */
export function branchTable({ chain, posterior, question }: Learned): BranchTable {
  const { rows } = chain.topology;
  const branching = question.unsettled
    .filter((node) => posterior.branches(node) > 1)
    .sort((a, b) => posterior.visits(b) - posterior.visits(a) || a - b);
  const weights = posterior.mean();
  const table: BranchRow[] = [];
  let all = 0;
  for (const node of branching) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    all += to - from;
    if (table.length + to - from > MAX_ROWS) continue;
    const sum = weights.subarray(from, to).reduce((a, b) => a + b, 0);
    for (let b = from; b < to; b += 1) table.push(rowOf(node, b, sum));
  }
  return { rows: table, left: all - table.length };

  function rowOf(node: number, b: number, sum: number): BranchRow {
    const count = posterior.evidence.counts[b] as number;
    const prior = posterior.prior[b] as number;
    const mean = (weights[b] as number) / sum;
    const total = posterior.visits(node) + priorOf(node);
    const [alpha, rest] = [mean * total, (1 - mean) * total];
    const tail = (1 - LEVEL) / 2;
    const sure = alpha <= 0 || rest <= 0;
    return {
      state: stateText(chain, node),
      branch: branchText(chain, b),
      leadsTo: targetText(chain, b),
      count,
      prior,
      alpha: count + prior,
      mean,
      lower: sure ? mean : betaQuantile(tail, alpha, rest),
      upper: sure ? mean : betaQuantile(1 - tail, alpha, rest),
      censored: posterior.evidence.cascades.has(node),
    };
  }

  function priorOf(node: number): number {
    return posterior.prior.subarray(rows[node], rows[node + 1]).reduce((a, b) => a + b, 0);
  }
}

export function branchText({ instances, graph, topology }: StateChain, b: number): string {
  const instance = instances[b];
  if (!instance) return topology.targets[b] === STOP ? 'stop' : 'start';
  return callText(graph.semantics, instance);
}

export function targetText(chain: StateChain, b: number): string {
  const target = chain.topology.targets[b] as number;
  return target === STOP ? 'the end of the case' : stateText(chain, target);
}
