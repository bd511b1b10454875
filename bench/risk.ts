import { DirectSolver } from '../src/risk/direct.ts';
import { ReachQuestion } from '../src/risk/question.ts';
import { Random } from '../src/risk/random.ts';
import { solve } from '../src/risk/solve.ts';
import { chainOf, type Topology } from '../src/risk/topology.ts';
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

/** The width that is asked for, in parts of the upper bound. */
const WIDTH = { relativeWidth: 1e-6, maxSweeps: 200_000 };

/**
 * DESIGN section 8: Markov chains of up to 1,000,000 states, a sound interval; one component without
 * any structure is what is hard for sweeps. And a walk that mixes slowly, for 400 draws.
 */
export async function riskRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [nodes, connected] of [
    [1_000_000, false],
    [100_000, true],
    [1_000_000, true],
  ] as const) {
    const { topology, weights } = chain(nodes, connected);
    const prepared = await timed(async () => new ReachQuestion(topology));
    const solved = await timed(async () => solve(prepared.value, weights, WIDTH));
    const { lower, upper } = solved.value;
    rows.push({
      what: `Markov chain of ${nodes.toLocaleString('en')} states, ${connected ? 'one component' : 'many small components'}`,
      here: `graph ${prepared.seconds.toFixed(1)} s, sound interval ${solved.seconds.toFixed(2)} s`,
      other: `width ${((upper[0] as number) - (lower[0] as number)).toExponential(0)}`,
      ratio: '',
    });
  }
  const walk = await timed(async () => ruin(1_000, 400));
  rows.push({
    what: "gambler's ruin, 1,000 states, 400 sets of numbers",
    here: `${walk.seconds.toFixed(2)} s`,
    other: `error ${walk.value.toExponential(0)}`,
    ratio: '',
  });
  return rows;
}

/** Solves a fair walk from the middle so many times; the error of the last one. */
function ruin(top: number, times: number): number {
  const steps = Array.from({ length: top - 1 }, (_, i) => i + 1);
  const { topology, probabilities } = chainOf(
    top + 1,
    top / 2,
    [top],
    steps.flatMap((i) => [[i, i + 1, 0.5] as const, [i, i - 1, 0.5] as const]),
  );
  const solver = new DirectSolver(new ReachQuestion(topology));
  const values = new Float64Array(top + 1);
  for (let i = 0; i < times; i += 1) solver.solve(probabilities, values);
  return Math.abs((values[top / 2] as number) - 0.5);
}
