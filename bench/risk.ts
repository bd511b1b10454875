import { Question } from '../src/risk/question.ts';
import { Random } from '../src/risk/random.ts';
import { solve, SOUND } from '../src/risk/solve.ts';
import type { Topology } from '../src/risk/topology.ts';
import { timed, type Row } from './rows.ts';

/**
 * A chain with a goal and a miss at its end. `connected`: three random successors each, so one
 * component of nearly all nodes; else blocks of ten that only lead forward.
 */
function chain(
  nodes: number,
  connected: boolean,
): { readonly topology: Topology; readonly weights: Float64Array } {
  const random = new Random(1);
  const [goal, miss] = [nodes - 1, nodes - 2];
  const rows = Int32Array.from({ length: nodes + 1 }, (_, i) => Math.min(i, nodes - 2) * 4);
  const targets = new Int32Array((nodes - 2) * 4);
  const weights = new Float64Array((nodes - 2) * 4);
  for (let i = 0; i < nodes - 2; i += 1) {
    for (let b = 0; b < 3; b += 1) {
      const step = connected
        ? Math.floor(random.uniform() * (nodes - 2))
        : i - (i % 10) + Math.floor(random.uniform() * 20);
      targets[i * 4 + b] = Math.min(step, nodes - 3);
      weights[i * 4 + b] = 0.3;
    }
    targets[i * 4 + 3] = i % 3 === 0 ? goal : miss;
    weights[i * 4 + 3] = 0.1;
  }
  return {
    topology: {
      nodes,
      start: 0,
      rows,
      targets,
      goal: Uint8Array.from({ length: nodes }, (_, i) => (i === goal ? 1 : 0)),
    },
    weights,
  };
}

/**
 * DESIGN section 8: a Markov chain of 1,000,000 states, a sound interval. Beside it one component
 * without any structure, a tenth as large: what is hard for sweeps.
 */
export async function riskRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [nodes, connected] of [
    [1_000_000, false],
    [100_000, true],
  ] as const) {
    const { topology, weights } = chain(nodes, connected);
    const prepared = await timed(async () => new Question(topology));
    const solved = await timed(async () => solve(prepared.value, weights, SOUND));
    const { lower, upper } = solved.value;
    rows.push({
      what: `Markov chain of ${nodes.toLocaleString('en')} states, ${connected ? 'one component' : 'many small components'}`,
      here: `graph ${prepared.seconds.toFixed(1)} s, sound interval ${solved.seconds.toFixed(1)} s`,
      other: `width ${((upper[0] as number) - (lower[0] as number)).toExponential(0)}`,
      ratio: '',
    });
  }
  return rows;
}
