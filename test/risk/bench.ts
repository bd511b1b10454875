import { Question } from '../../src/risk/question.ts';
import { Random } from '../../src/risk/random.ts';
import { solve, SOUND } from '../../src/risk/solve.ts';
import { solveByLu, suitsLu } from '../../src/risk/sparseLu.ts';
import type { Topology } from '../../src/risk/topology.ts';

// What solving costs: `npx tsx test/risk/bench.ts`. Two chains of each size, a goal and a miss at the end of both.

/** `connected`: three random successors each, so one component of nearly all nodes; else blocks of ten that only lead forward. */
function chain(nodes: number, connected: boolean): { readonly topology: Topology; readonly weights: Float64Array } {
  const random = new Random(1);
  const [goal, miss] = [nodes - 1, nodes - 2];
  const rows = Int32Array.from({ length: nodes + 1 }, (_, i) => Math.min(i, nodes - 2) * 4);
  const targets = new Int32Array((nodes - 2) * 4);
  const weights = new Float64Array((nodes - 2) * 4);
  for (let i = 0; i < nodes - 2; i += 1) {
    for (let b = 0; b < 3; b += 1) {
      const step = connected ? Math.floor(random.uniform() * (nodes - 2)) : i - (i % 10) + Math.floor(random.uniform() * 20);
      targets[i * 4 + b] = Math.min(step, nodes - 3);
      weights[i * 4 + b] = 0.3;
    }
    targets[i * 4 + 3] = i % 3 === 0 ? goal : miss;
    weights[i * 4 + 3] = 0.1;
  }
  return { topology: { nodes, start: 0, rows, targets, goal: Uint8Array.from({ length: nodes }, (_, i) => (i === goal ? 1 : 0)) }, weights };
}

await solveByLu(new Question(chain(1_000, false).topology), chain(1_000, false).weights);
for (const nodes of [1_000, 10_000, 100_000, 1_000_000]) {
  for (const connected of [false, true]) {
    const { topology, weights } = chain(nodes, connected);
    const began = performance.now();
    const question = new Question(topology);
    const prepared = performance.now();
    const { lower, upper } = solve(question, weights, SOUND);
    const solved = performance.now();
    let lu = '';
    if (suitsLu(question)) {
      const value = await solveByLu(question, weights);
      lu = `, sparse LU ${Math.round(performance.now() - solved)} ms (${value})`;
    }
    console.log(`${nodes} nodes, ${connected ? 'one component' : 'many components'}: graph ${Math.round(prepared - began)} ms, sound interval ${Math.round(solved - prepared)} ms [${lower[0]}, ${upper[0]}]${lu}`);
  }
}
