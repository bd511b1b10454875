import { describe, expect, it } from 'vitest';
import { accelerated } from '../../src/risk/accelerated.ts';
import { componentOf, type Component } from '../../src/risk/component.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { ReachQuestion } from '../../src/risk/question.ts';
import { Random } from '../../src/risk/random.ts';
import { solve } from '../../src/risk/solve.ts';
import type { Topology } from '../../src/risk/topology.ts';

const NODES = 2_500;
const WIDTH = 1e-8;

interface Shape {
  readonly seed: number;
  /** How many nodes lead straight to an end, one in so many; and one in so many of them to a loss. */
  readonly leaves: number;
  readonly lost: number;
  /** Targets near by, as in a walk, or anywhere. */
  readonly step?: number;
}

/** Nodes in a circle with two random branches each; a goal, and an end that is none. */
function chainOfShape({ seed, leaves, lost, step }: Shape): {
  readonly question: ReachQuestion;
  readonly weights: Float64Array;
} {
  const random = new Random(seed);
  const [goal, miss] = [NODES, NODES + 1];
  const [rows, targets, weights]: [number[], number[], number[]] = [[0], [], []];
  for (let i = 0; i < NODES; i += 1) {
    const near = (): number =>
      step === undefined
        ? Math.floor(random.uniform() * NODES)
        : (i + NODES + Math.floor((random.uniform() - 0.5) * 2 * step)) % NODES;
    for (const to of [(i + 1) % NODES, near(), near()]) {
      targets.push(to);
      weights.push(0.1 + random.uniform());
    }
    if (i % leaves === 0) {
      targets.push(i % (leaves * lost) === 0 ? goal : miss);
      weights.push(0.2 * random.uniform());
    }
    rows.push(targets.length);
  }
  const topology: Topology = {
    nodes: NODES + 2,
    start: 0,
    rows: Int32Array.from([...rows, targets.length, targets.length]),
    targets: Int32Array.from(targets),
    goal: Uint8Array.from({ length: NODES + 2 }, (_, i) => (i === goal ? 1 : 0)),
  };
  return { question: new ReachQuestion(topology), weights: Float64Array.from(weights) };
}

function largest(question: ReachQuestion, weights: Float64Array): Component {
  const { nodes, goal } = question.topology;
  const known = Float64Array.from(goal);
  const [component] = question.components.filter(({ length }) => length > 2_000);
  if (!component) throw new Error('no large component');
  return componentOf(
    question,
    weights,
    component,
    { lower: known, upper: known },
    new Int32Array(nodes),
  );
}

/** Plain sweeps, until nothing changes any more. */
function swept({ nodes, rows, targets, shares, outLower }: Component): Float64Array {
  const values = new Float64Array(nodes.length);
  for (let sweep = 0; sweep < 5_000; sweep += 1)
    for (let i = 0; i < nodes.length; i += 1) {
      let sum = outLower[i] as number;
      for (let b = rows[i] as number; b < (rows[i + 1] as number); b += 1)
        sum += (shares[b] as number) * (values[targets[b] as number] as number);
      values[i] = sum;
    }
  return values;
}

describe('bounds of a large component by way of an approximate solution', () => {
  it.each<Shape>([
    { seed: 1, leaves: 1, lost: 3 },
    { seed: 2, leaves: 4, lost: 2 },
    { seed: 3, leaves: 3, lost: 100 },
    { seed: 4, leaves: 25, lost: 2 },
    { seed: 5, leaves: 25, lost: 5 },
  ])('hold the solution, and are as near as was asked: %j', (shape) => {
    const { question, weights } = chainOfShape(shape);
    const component = largest(question, weights);
    const bounds = accelerated(component, WIDTH);
    if (!bounds) throw new Error('given up');
    const exact = swept(component);
    component.nodes.forEach((_, i) => {
      const [low, value, high] = [bounds.lower[i], exact[i], bounds.upper[i]] as [
        number,
        number,
        number,
      ];
      expect(low).toBeLessThanOrEqual(value * (1 + 1e-12));
      expect(high).toBeGreaterThanOrEqual(value * (1 - 1e-12));
      expect(high - low).toBeLessThanOrEqual(WIDTH * high);
      expect(low).toBeLessThan(high);
    });
  });

  it('are as wide as those of what the component leads to, and no wider', () => {
    const { question, weights } = chainOfShape({ seed: 6, leaves: 2, lost: 2 });
    const component = largest(question, weights);
    const wider = {
      ...component,
      outUpper: component.outUpper.map((value) => value * 1.001),
      inherited: 0.001 / 1.001,
    };
    const [near, wide] = [accelerated(component, WIDTH), accelerated(wider, WIDTH)];
    if (!near || !wide) throw new Error('given up');
    wide.upper.forEach((high, i) => {
      // All that comes in is a thousandth more: so is every value.
      expect(high).toBeGreaterThanOrEqual((near.lower[i] as number) * 1.001);
      expect(wide.lower[i]).toBeLessThanOrEqual(near.upper[i] as number);
      expect(high - (wide.lower[i] as number)).toBeLessThanOrEqual(0.001 * high);
    });
  });

  it('are given up where cases hardly mix, and what is found then is as sound', () => {
    const { question, weights } = chainOfShape({ seed: 7, leaves: 1_250, lost: 2, step: 3 });
    expect(accelerated(largest(question, weights), WIDTH)).toBeUndefined();
    const exact = new Float64Array(question.topology.nodes);
    expect(new DirectSolver(question).solve(weights, exact)).toBe(true);
    const { lower, upper } = solve(question, weights, { relativeWidth: WIDTH, maxSweeps: 3_000 });
    expect(lower[0]).toBeLessThanOrEqual(exact[0] as number);
    expect(upper[0]).toBeGreaterThanOrEqual(exact[0] as number);
  });

  it('are those that the solver gives', () => {
    const { question, weights } = chainOfShape({ seed: 2, leaves: 4, lost: 2 });
    const bounds = accelerated(largest(question, weights), WIDTH);
    const { lower, upper } = solve(question, weights, { relativeWidth: WIDTH, maxSweeps: 3_000 });
    const at = question.components.find(({ length }) => length > 2_000)?.indexOf(0) ?? -1;
    expect([lower[0], upper[0]]).toEqual([bounds?.lower[at], bounds?.upper[at]]);
  });
});
