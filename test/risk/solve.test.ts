import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEPENDS, NEVER_A_GOAL, ReachQuestion, SURELY } from '../../src/risk/question.ts';
import { soundBounds } from '../../src/risk/certify.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { solve, SOUND } from '../../src/risk/solve.ts';
import { solveByLu } from '../../src/risk/sparseLu.ts';
import { chainOf } from '../../src/risk/topology.ts';
import { describeShared, sharedPath } from '../shared.ts';

type Transition = readonly [number, number, number];

async function three(
  nodes: number,
  goals: number[],
  transitions: readonly Transition[],
  start = 0,
): Promise<{ lu: number; direct: number; lower: number; upper: number; certified: number[] }> {
  const { topology, probabilities } = chainOf(nodes, start, goals, transitions);
  const question = new ReachQuestion(topology);
  const sound = solve(question, probabilities, SOUND);
  const solver = new DirectSolver(question);
  const direct = new Float64Array(nodes);
  expect(solver.solve(probabilities, direct)).toBe(true);
  const certified = soundBounds(question, solver, probabilities);
  return {
    lu: await solveByLu(question, probabilities),
    direct: direct[start] as number,
    certified: [certified.lower[start] as number, certified.upper[start] as number],
    lower: sound.lower[start] as number,
    upper: sound.upper[start] as number,
  };
}

/**
 * Gambler's ruin: from `at` of `top`, win with probability p; reaching the top is (1 − r^at) / (1 −
 * r^top) with r = (1 − p) / p.
 */
function gambler(top: number, p: number): Transition[] {
  return Array.from({ length: top - 1 }, (_, i) => i + 1).flatMap((i): Transition[] => [
    [i, i + 1, p],
    [i, i - 1, 1 - p],
  ]);
}

describe('reaching a goal', () => {
  it.each([
    [5, 2, 0.4],
    [140, 70, 0.5],
    [140, 3, 0.49],
    [300, 150, 0.501],
  ])('gambler: top %d from %d with p = %d', async (top, at, p) => {
    const r = (1 - p) / p;
    const exact = p === 0.5 ? at / top : (1 - r ** at) / (1 - r ** top);
    const all = await three(top + 1, [top], gambler(top, p), at);
    const { lu, direct, lower, upper, certified } = all;
    expect(Math.abs(lu - exact) / exact).toBeLessThan(1e-9);
    expect(Math.abs(direct - exact) / exact).toBeLessThan(1e-12);
    expect(certified[0]).toBeLessThanOrEqual(exact * (1 + 1e-13));
    expect(certified[1]).toBeGreaterThanOrEqual(exact * (1 - 1e-13));
    expect((certified[1] as number) - (certified[0] as number)).toBeLessThan(1e-8 * exact);
    expect(lower).toBeLessThanOrEqual(exact);
    expect(upper).toBeGreaterThanOrEqual(exact);
  });

  it('what is too large to be eliminated is iterated, and comes to the same', () => {
    const { topology, probabilities } = chainOf(21, 7, [20], gambler(20, 0.5));
    const question = new ReachQuestion(topology);
    const values = new Float64Array(21);
    expect(new DirectSolver(question, 0).solve(probabilities, values)).toBe(true);
    for (let at = 1; at < 20; at += 1) expect(values[at]).toBeCloseTo(at / 20, 7);
  });

  it('settles by the graph what needs no numbers', () => {
    const { topology } = chainOf(
      6,
      0,
      [3],
      [
        [0, 1, 0.5],
        [0, 2, 0.5],
        [1, 1, 0.9],
        [1, 3, 0.1],
        [2, 2, 0.5],
        [2, 4, 0.5],
        [5, 0, 1],
      ],
    );
    const question = new ReachQuestion(topology);
    expect([...question.verdicts]).toEqual([
      DEPENDS,
      SURELY,
      NEVER_A_GOAL,
      SURELY,
      NEVER_A_GOAL,
      DEPENDS,
    ]);
    expect(question.unsettled).toEqual([0]);
  });

  it('an exit that is a billion times less likely than the loop costs no accuracy', async () => {
    const { direct, lower, upper } = await three(
      4,
      [2],
      [
        [0, 1, 1],
        [1, 0, 1 - 2e-12],
        [1, 2, 0.5e-12],
        [1, 3, 1.5e-12],
      ],
    );
    expect(direct).toBeCloseTo(0.25, 9);
    expect(lower).toBeLessThanOrEqual(0.25);
    expect(upper).toBeGreaterThanOrEqual(0.25);
  });

  it('a walk of 1,000 states is solved for 400 sets of numbers in seconds', () => {
    const { topology, probabilities } = chainOf(1001, 20, [1000], gambler(1000, 0.5));
    const question = new ReachQuestion(topology);
    const solver = new DirectSolver(question);
    const values = new Float64Array(1001);
    const began = performance.now();
    for (let draw = 0; draw < 400; draw += 1)
      expect(solver.solve(probabilities, values)).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(values[20] as number).toBeCloseTo(0.02, 12);
    const { lower, upper } = soundBounds(question, solver, probabilities);
    expect((upper[20] as number) - (lower[20] as number)).toBeLessThan(1e-8);
  });

  it('bounds that were stopped early are wide and true', () => {
    const { topology, probabilities } = chainOf(201, 100, [200], gambler(200, 0.5));
    const { lower, upper } = solve(new ReachQuestion(topology), probabilities, {
      ...SOUND,
      maxSweeps: 20,
    });
    expect(upper[100] as number).toBeGreaterThan(0.9);
    expect(lower[100] as number).toBeLessThan(0.1);
  });

  it('random chains: LU, elimination and certified bounds lie within the sound bounds, over 200 chains', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.integer({ min: 1, max: 50 })), {
          minLength: 1,
          maxLength: 50,
        }),
        fc.nat(11),
        async (nodes, raw, goal) => {
          const rows = new Map<number, [number, number][]>();
          for (const [from, to, weight] of raw)
            rows.set(from % nodes, [...(rows.get(from % nodes) ?? []), [to % nodes, weight]]);
          const transitions = [...rows].flatMap(([from, list]): Transition[] => {
            const total = list.reduce((n, [, w]) => n + w, 0);
            return list.map(([to, w]) => [from, to, w / total]);
          });
          const all = await three(nodes, [goal % nodes], transitions);
          const { lu, direct, lower, upper, certified } = all;
          for (const x of [lu, direct, ...certified]) {
            expect(x).toBeGreaterThanOrEqual(lower * (1 - 1e-9));
            expect(x).toBeLessThanOrEqual(upper * (1 + 1e-9));
          }
          expect(upper - lower).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 200, seed: 42 },
    );
  });
});

interface PublishedChain {
  readonly states: number;
  readonly initial: number;
  readonly targets: number[];
  readonly transitions: Transition[];
  readonly published: string;
}

describeShared('published Markov chains', () => {
  const files = readdirSync(sharedPath('cases', 'markov')).filter((name) => name.endsWith('.json'));

  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(16));

  it.each(files)('%s', async (name) => {
    const { states, initial, targets, transitions, published } = JSON.parse(
      readFileSync(sharedPath('cases', 'markov', name), 'utf8'),
    ) as PublishedChain;
    const { lu, direct, lower, upper, certified } = await three(
      states,
      targets,
      transitions,
      initial,
    );
    const expected = Number(published);
    // The published numbers come from an iteration that stops at a relative change of 1e-6.
    expect(Math.abs(lu - expected) / expected).toBeLessThan(1e-6);
    expect(Math.abs(direct - lu) / lu).toBeLessThan(1e-9);
    expect(((certified[1] as number) - (certified[0] as number)) / direct).toBeLessThan(1e-8);
    expect(lu).toBeGreaterThanOrEqual(lower * (1 - 1e-9));
    expect(lu).toBeLessThanOrEqual(upper * (1 + 1e-9));
    expect((upper - lower) / upper).toBeLessThan(1e-8);
  });
});
