import fc from 'fast-check';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { markovCommand } from '../cli/run.ts';
import { DirectSolver } from '../../src/risk/direct.ts';
import { probabilityAt } from '../../src/risk/learned.ts';
import {
  processOf,
  type DecisionProcess,
  type Transition,
} from '../../src/risk/markov/decision.ts';
import { markovBounds, type MarkovBounds } from '../../src/risk/markov/bounds.ts';
import { boundReachability } from '../../src/risk/markov/reach.ts';
import { ReachQuestion } from '../../src/risk/question.ts';
import { chainOf } from '../../src/risk/topology.ts';
import { describeShared, sharedPath } from '../shared.ts';

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exit = await markovCommand(args, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  return { exit, out, err };
}

const made = (
  nodes: number,
  goals: readonly number[],
  transitions: readonly Transition[],
): DecisionProcess => {
  const process = processOf(nodes, 0, goals, transitions);
  if (!('nodes' in process)) throw new Error(JSON.stringify(process));
  return process;
};

/** The largest and smallest value over all ways to fix one choice in each node. */
function byEveryScheduler(
  nodes: number,
  goals: readonly number[],
  transitions: readonly Transition[],
): { readonly max: number; readonly min: number } {
  const choices = Array.from({ length: nodes }, (_, node) => [
    ...new Set(transitions.filter(({ from }) => from === node).map(({ choice }) => choice)),
  ]);
  let [max, min] = [0, 1];
  const chosen: number[] = [];
  const visit = (node: number): void => {
    if (node === nodes) {
      const { topology, probabilities } = chainOf(
        nodes,
        0,
        goals,
        transitions
          .filter(({ from, choice }) => choice === chosen[from])
          .map(({ from, to, probability }) => [from, to, probability] as const),
      );
      const question = new ReachQuestion(topology);
      const value = probabilityAt(question, new DirectSolver(question), probabilities) as number;
      [max, min] = [Math.max(max, value), Math.min(min, value)];
      return;
    }
    for (const choice of choices[node]!.length > 0 ? choices[node]! : [0]) {
      chosen[node] = choice;
      visit(node + 1);
    }
  };
  visit(0);
  return { max, min };
}

describe('a Markov decision process', () => {
  it('is what the best and the worst of all schedulers make of it, on 300 random ones', () => {
    const branch = fc.tuple(fc.nat(5), fc.nat(1), fc.nat(5), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(branch, { minLength: 1, maxLength: 24 }), fc.nat(5), (raw, goal) => {
        const sums = new Map<string, number>();
        for (const [from, choice, , weight] of raw)
          sums.set(`${from} ${choice}`, (sums.get(`${from} ${choice}`) ?? 0) + weight);
        const transitions = raw.map(([from, choice, to, weight]): Transition => ({
          from,
          choice,
          to,
          probability: weight / (sums.get(`${from} ${choice}`) as number),
        }));
        const { max, min } = byEveryScheduler(6, [goal], transitions);
        const process = made(6, [goal], transitions);
        for (const [aim, expected] of [
          ['max', max],
          ['min', min],
        ] as const) {
          const { lower, upper, met } = boundReachability(process, aim, {
            width: 1e-9,
            maxSweeps: 100_000,
          });
          expect(met).toBe(true);
          expect(lower).toBeLessThanOrEqual(expected + 1e-12);
          expect(upper).toBeGreaterThanOrEqual(expected - 1e-12);
          expect(upper - lower).toBeLessThan(1e-8);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('a circle of choices does not hold its own value up', () => {
    // 0 and 1 may lead to each other for ever, or 1 leaves with an even chance of the goal.
    const process = made(
      4,
      [2],
      [
        { from: 0, choice: 0, to: 1, probability: 1 },
        { from: 1, choice: 0, to: 0, probability: 1 },
        { from: 1, choice: 1, to: 2, probability: 0.5 },
        { from: 1, choice: 1, to: 3, probability: 0.5 },
      ],
    );
    const bounds = markovBounds(process, { width: 1e-9 }) as MarkovBounds & { kind: 'mdp' };
    expect(bounds.kind).toBe('mdp');
    expect(bounds.max.lower).toBeCloseTo(0.5, 9);
    expect(bounds.max.upper).toBeCloseTo(0.5, 9);
    expect(bounds.min).toEqual({ lower: 0, upper: 0, met: true });
  });
});

describe('probity markov', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-markov-'));
  });
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  it('reads PRISM’s files: a chain, and a decision process', async () => {
    // Knuth and Yao's die: a six with probability 1/6.
    const rows = [
      [0, 1, 2],
      [1, 3, 4],
      [2, 5, 6],
      [3, 1, 7],
      [4, 8, 9],
      [5, 10, 11],
      [6, 2, 12],
    ];
    const tra = `13 20\n${rows.map(([s, a, b]) => `${s} ${a} 0.5\n${s} ${b} 0.5\n`).join('')}${[7, 8, 9, 10, 11, 12].map((s) => `${s} ${s} 1\n`).join('')}`;
    const die = await file('die.tra', tra);
    await file('die.lab', '0="init" 1="deadlock" 2="six"\n0: 0\n12: 2\n');
    const { exit, out } = await run(die, '--target', 'six');
    expect(exit).toBe(0);
    const answer = JSON.parse(out) as { lower: number; upper: number };
    expect(answer).toMatchObject({ v: 1, kind: 'chain', states: 13 });
    expect(answer.lower).toBeLessThanOrEqual(1 / 6);
    expect(answer.upper).toBeGreaterThanOrEqual(1 / 6);
    expect(answer.upper - answer.lower).toBeLessThan(1e-6);
    const mdp = await file('two.tra', '3 2 3\n0 0 1 0.25 slow\n0 0 2 0.75 slow\n0 1 1 1 fast\n');
    const lab = await file('labels.txt', '0="init" 1="target"\n0: 0\n1: 1\n');
    const both = JSON.parse((await run(mdp, '--lab', lab)).out) as {
      max: { lower: number; upper: number };
      min: { lower: number; upper: number };
    };
    expect(both).toMatchObject({ kind: 'mdp', max: { upper: 1 } });
    expect(both.min.lower).toBeCloseTo(0.25, 6);
  });

  it.each([
    ['no.json', '{', 'MARKOV_SHAPE'],
    ['list.json', '[]', 'MARKOV_SHAPE'],
    ['start.json', '{"states":2,"initial":2,"targets":[1],"transitions":[]}', 'MARKOV_SHAPE'],
    [
      'big.json',
      '{"states":2,"initial":0,"targets":[1],"transitions":[[0,1,1.5]]}',
      'MARKOV_SHAPE',
    ],
    [
      'sum.json',
      '{"states":2,"initial":0,"targets":[1],"transitions":[[0,1,0.9]]}',
      'MARKOV_SHAPE',
    ],
    ['alone.tra', '2 1\n0 1 1\n', 'MARKOV_SHAPE'],
  ])('%s is bad input', async (name, text, code) => {
    const { exit, out, err } = await run(await file(name, text));
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toMatch(new RegExp(`^${code} `));
  });

  it('bad options and labels are bad input', async () => {
    const die = join(folder, 'die.tra');
    for (const args of [[], ['a', 'b'], [die, '--width', '2'], [die, '--colour']])
      expect((await run(...args)).err).toMatch(/^OPTION_INVALID /);
    expect((await run(die, '--target', 'seven')).err).toMatch(/there is no label `seven`/);
    expect((await run('missing.json')).err).toMatch(/^INPUT_UNREADABLE /);
    expect((await run('--help')).out).toMatch(/PRISM/);
  });
});

describeShared('cases/markov', () => {
  const files = readdirSync(sharedPath('cases', 'markov')).filter((name) => name.endsWith('.json'));

  it.each(files)('%s', async (name) => {
    const path = sharedPath('cases', 'markov', name);
    const { published, stormpy } = JSON.parse(readFileSync(path, 'utf8')) as {
      published: string;
      stormpy: number;
    };
    const { exit, out } = await run(path);
    const { lower, upper } = JSON.parse(out) as { lower: number; upper: number };
    expect(exit).toBe(0);
    expect(upper - lower).toBeLessThanOrEqual(1e-6);
    for (const expected of [Number(published), stormpy]) {
      expect(lower).toBeLessThanOrEqual(expected + 1e-6);
      expect(upper).toBeGreaterThanOrEqual(expected - 1e-6);
    }
    expect(Math.abs(lower - stormpy)).toBeLessThan(1e-6 * stormpy);
  });
});
