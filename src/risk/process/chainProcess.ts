import type { DecisionProcess } from '../markov/decision.ts';
import { STOP, type Topology } from '../topology.ts';
import { ProcessBuilder } from './processBuilder.ts';

/** A chain with its numbers as a process without choices; where a case stops is its last node. */
export function processOfChain(topology: Topology, weights: Float64Array): DecisionProcess {
  const { nodes, rows, targets, goal, start } = topology;
  const builder = new ProcessBuilder();
  for (let node = 0; node < nodes; node += 1) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    builder.node([
      Array.from(targets.subarray(from, to), (target, i) => ({
        to: target === STOP ? undefined : target,
        weight: weights[from + i] as number,
      })),
    ]);
  }
  return builder.process(
    start,
    [...goal.keys()].filter((node) => goal[node] === 1),
  );
}
