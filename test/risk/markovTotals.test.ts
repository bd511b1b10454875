import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundExpected } from '../../src/risk/markov/expected.ts';
import {
  boundRobust,
  intervalsOf,
  type IntervalChain,
} from '../../src/risk/markov/intervalChain.ts';
import {
  choiceCosts,
  processOf,
  type DecisionProcess,
  type Transition,
} from '../../src/risk/markov/decision.ts';
import { reachWithin } from '../../src/risk/markov/withinSteps.ts';
import { fileOf, probity } from '../cli/run.ts';
import { divided, minus, ONE, plus, solved, times, ZERO, type Rational } from './rational.ts';

const OPTIONS = { width: 1e-9, maxSweeps: 100_000 };

/** A branch with a whole weight: its probability is the weight over the sum of its choice. */
type Weighted = readonly [from: number, choice: number, to: number, weight: number];
type Row = ReadonlyMap<number, Rational>;

const number = ({ over, under }: Rational): number => Number(over) / Number(under);
const whole = (n: number): Rational => ({ over: BigInt(n), under: 1n });

function rowOf(branches: readonly Weighted[], from: number, choice: number): Row | undefined {
  const own = branches.filter((each) => each[0] === from && each[1] === choice);
  const sum = own.reduce((n, [, , , weight]) => n + weight, 0);
  const row = new Map<number, Rational>();
  for (const [, , to, weight] of own)
    row.set(to, plus(row.get(to) ?? ZERO, divided(whole(weight), whole(sum))));
  return own.length === 0 ? undefined : row;
}

function processFrom(nodes: number, goal: number, branches: readonly Weighted[]): DecisionProcess {
  const transitions = branches.map(([from, choice, to, weight]): Transition => {
    const own = branches.filter((each) => each[0] === from && each[1] === choice);
    const sum = own.reduce((n, each) => n + each[3], 0);
    return { from, choice, to, probability: weight / sum };
  });
  const process = processOf(nodes, 0, [goal], transitions);
  if (!('nodes' in process)) throw new Error(JSON.stringify(process));
  return process;
}

/** Each list of picks, one from each list of possibilities. */
function* picks<T>(lists: readonly (readonly T[])[]): Generator<readonly T[]> {
  const [first, ...rest] = lists;
  if (!first) yield [];
  else for (const each of first) for (const others of picks(rest)) yield [each, ...others];
}

/** The rows that a node may have: by choice; absent where there is none. */
const rowsOf = (nodes: number, branches: readonly Weighted[]): (Row | undefined)[][] =>
  Array.from({ length: nodes }, (_, node) => {
    const rows = [0, 1].flatMap((choice) => rowOf(branches, node, choice) ?? []);
    return rows.length > 0 ? rows : [undefined];
  });

/** Which nodes lead to one of these. */
function leadingTo(rows: readonly (Row | undefined)[], ends: ReadonlySet<number>): Set<number> {
  const found = new Set(ends);
  for (let grown = true; grown;) {
    grown = false;
    rows.forEach((row, node) => {
      if (found.has(node) || ![...(row?.keys() ?? [])].some((to) => found.has(to))) return;
      found.add(node);
      grown = true;
    });
  }
  return found;
}

/** The expected total of a chain from node 0, exactly; Infinity where it may go on for ever. */
function totalOf(
  rows: readonly (Row | undefined)[],
  absorbed: ReadonlySet<number>,
  costs: readonly number[],
): number {
  const ends = leadingTo(rows, absorbed);
  const visited = new Set([0]);
  for (const node of visited)
    if (!absorbed.has(node)) for (const to of rows[node]?.keys() ?? []) visited.add(to);
  if ([...visited].some((node) => !ends.has(node))) return Infinity;
  const nodes = [...visited].filter((node) => !absorbed.has(node));
  if (nodes.length === 0) return 0;
  const equations = nodes.map((node) =>
    nodes.map((to) => minus(node === to ? ONE : ZERO, rows[node]?.get(to) ?? ZERO)),
  );
  return number(
    solved(
      equations,
      nodes.map((node) => whole(costs[node] as number)),
    )[0] as Rational,
  );
}

const weighted = (nodes: number): fc.Arbitrary<readonly Weighted[]> =>
  fc.array(
    fc.tuple(fc.nat(nodes - 1), fc.nat(1), fc.nat(nodes - 1), fc.integer({ min: 1, max: 9 })),
    {
      minLength: 1,
      maxLength: 16,
    },
  );

describe('expected cost until absorption', () => {
  it('is what the best and the worst of all schedulers pay, on 300 random processes', () => {
    let [finite, infinite] = [0, 0];
    fc.assert(
      fc.property(
        weighted(5),
        fc.nat(4),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 5, maxLength: 5 }),
        (branches, goal, costs) => {
          const rows = rowsOf(5, branches);
          // Nothing leaves: no choice has another target.
          const absorbed = new Set(
            [0, 1, 2, 3, 4].filter(
              (node) =>
                node === goal ||
                rows[node]!.every((row) => [...(row?.keys() ?? [])].every((to) => to === node)),
            ),
          );
          const totals = [...picks(rows)].map((chosen) => totalOf(chosen, absorbed, costs));
          const process = processFrom(5, goal, branches);
          for (const [aim, expected] of [
            ['max', Math.max(...totals)],
            ['min', Math.min(...totals)],
          ] as const) {
            const paid = boundExpected(process, aim, OPTIONS, choiceCosts(process, costs));
            expect(paid.met).toBe(true);
            if (expected === Infinity) {
              infinite += 1;
              expect(paid).toMatchObject({ lower: null, upper: null });
              continue;
            }
            finite += 1;
            expect(paid.lower).toBeLessThanOrEqual(expected * (1 + 1e-12));
            expect(paid.upper).toBeGreaterThanOrEqual(expected * (1 - 1e-12));
            expect((paid.upper as number) - (paid.lower as number)).toBeLessThanOrEqual(
              1e-8 * expected,
            );
          }
        },
      ),
      { numRuns: 300, seed: 5 },
    );
    expect(finite).toBeGreaterThan(100);
    expect(infinite).toBeGreaterThan(50);
  });

  it('says what it found where there was no time for more', () => {
    // A walk that hardly gets away: far more sweeps than two.
    const process = processFrom(3, 2, [
      [0, 0, 1, 1],
      [1, 0, 0, 999],
      [1, 0, 2, 1],
    ]);
    const paid = boundExpected(process, 'max', { width: 1e-9, maxSweeps: 2 });
    expect(paid).toMatchObject({ upper: null, met: false });
    expect(paid.lower).toBeGreaterThan(0);
    expect(paid.lower).toBeLessThan(2_000);
  });
});

describe('reaching a goal within so many steps', () => {
  it('is what all choices that depend on the step come to, on 100 random processes', () => {
    const [nodes, steps] = [3, 3];
    fc.assert(
      fc.property(weighted(nodes), fc.nat(2), (branches, goal) => {
        const rows = rowsOf(nodes, branches);
        let [max, min] = [0, 1];
        // One choice for each step and node; the mass is carried forwards.
        for (const chosen of picks(Array.from({ length: steps }, () => rows).flat())) {
          let mass: Rational[] = Array.from({ length: nodes }, (_, i) => (i === 0 ? ONE : ZERO));
          for (let step = 0; step < steps; step += 1) {
            const next: Rational[] = mass.map(() => ZERO);
            mass.forEach((m, node) => {
              const row = node === goal ? new Map([[goal, ONE]]) : chosen[step * nodes + node];
              for (const [to, p] of row ?? new Map([[node, ONE]]))
                next[to] = plus(next[to] as Rational, times(m, p));
            });
            mass = next;
          }
          const reached = number(mass[goal] as Rational);
          [max, min] = [Math.max(max, reached), Math.min(min, reached)];
        }
        const process = processFrom(nodes, goal, branches);
        for (const [aim, expected] of [
          ['max', max],
          ['min', min],
        ] as const) {
          const { lower, upper } = reachWithin(process, aim, steps);
          expect(lower).toBeLessThanOrEqual(expected);
          expect(upper).toBeGreaterThanOrEqual(expected);
          expect(upper - lower).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 100, seed: 9 },
    );
  });

  it('is 0 before the first step, or 1 in a goal', () => {
    const process = processFrom(2, 1, [[0, 0, 1, 1]]);
    expect(reachWithin(process, 'max', 0)).toEqual({ steps: 0, lower: 0, upper: 0 });
    expect(reachWithin({ ...process, start: 1 }, 'min', 0)).toMatchObject({ lower: 1, upper: 1 });
  });
});

type Interval = readonly [from: number, to: number, least: number, most: number];

/** The corners of what a row may be, in hundredths: all but one probability at an end. */
function corners(row: readonly Interval[]): (Row | undefined)[] {
  if (row.length === 0) return [undefined];
  const found: Row[] = [];
  row.forEach(([, free, low, high], at) => {
    const others = row.filter((_, i) => i !== at);
    for (const ends of picks(others.map(([, , least, most]) => [least, most]))) {
      const rest = 100 - ends.reduce((a, b) => a + b, 0);
      if (rest < low || rest > high) continue;
      found.push(
        new Map([
          [free, { over: BigInt(rest), under: 100n }],
          ...others.map(([, to], i) => [to, { over: BigInt(ends[i]!), under: 100n }] as const),
        ]),
      );
    }
  });
  return found;
}

/** The probability that a chain reaches the goal from node 0, exactly. */
function reaching(rows: readonly (Row | undefined)[], goal: number): number {
  const can = leadingTo(rows, new Set([goal]));
  if (!can.has(0)) return 0;
  const nodes = [...can].filter((node) => node !== goal).sort((a, b) => a - b);
  if (goal === 0) return 1;
  return number(
    solved(
      nodes.map((node) =>
        nodes.map((to) => minus(node === to ? ONE : ZERO, rows[node]?.get(to) ?? ZERO)),
      ),
      nodes.map((node) => rows[node]?.get(goal) ?? ZERO),
    )[0] as Rational,
  );
}

describe('a chain of intervals', () => {
  it('is as good and as bad as the best and the worst of its corners, on 300 random ones', () => {
    const row = (from: number): fc.Arbitrary<readonly Interval[]> =>
      fc
        .tuple(
          fc.uniqueArray(fc.nat(3), { minLength: 0, maxLength: 3 }),
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
          fc.array(fc.nat(20), { minLength: 6, maxLength: 6 }),
        )
        .map(([targets, weights, spread]) => {
          const sum = targets.reduce((n, _, i) => n + weights[i]!, 0);
          let left = 100;
          return targets.map((to, i): Interval => {
            const last = i === targets.length - 1;
            const middle = last ? left : Math.round((100 * weights[i]!) / sum);
            left -= middle;
            return [
              from,
              to,
              Math.max(1, middle - spread[i]!),
              Math.min(100, middle + spread[i + 3]!),
            ];
          });
        });
    let apart = 0;
    fc.assert(
      fc.property(fc.tuple(row(0), row(1), row(2), row(3)), fc.nat(3), (rows, goal) => {
        const made = intervalsOf(
          4,
          0,
          [goal],
          rows
            .flat()
            .map(([from, to, least, most]) => [from, to, least / 100, most / 100] as const),
        );
        if (!('topology' in made)) throw new Error(JSON.stringify(made));
        const all = [...picks(rows.map(corners))].map((chosen) => reaching(chosen, goal));
        for (const [aim, expected] of [
          ['max', Math.max(...all)],
          ['min', Math.min(...all)],
        ] as const) {
          const { lower, upper, met } = boundRobust(made, aim, OPTIONS);
          expect(met).toBe(true);
          expect(lower).toBeLessThanOrEqual(expected + 1e-12);
          expect(upper).toBeGreaterThanOrEqual(expected - 1e-12);
          expect(upper - lower).toBeLessThan(1e-8);
        }
        if (Math.max(...all) - Math.min(...all) > 0.01) apart += 1;
      }),
      { numRuns: 300, seed: 4 },
    );
    expect(apart).toBeGreaterThan(20);
  });

  it('is refused where nothing fits into it', () => {
    expect(intervalsOf(2, 0, [1], [[0, 1, 0.2, 0.9]]) as readonly number[]).toEqual([0]);
    const fits = intervalsOf(2, 0, [1], [[0, 1, 0.2, 1]]) as IntervalChain;
    expect(boundRobust(fits, 'min', OPTIONS)).toEqual({ lower: 1, upper: 1, met: true });
  });
});

describe('probity markov', () => {
  const ask = async (content: object, ...args: string[]) => {
    const { exit, stdout, stderr } = await probity(
      'markov',
      fileOf('chain.json', JSON.stringify(content)),
      ...args,
    );
    return { exit, stderr, answer: stdout === '' ? undefined : (JSON.parse(stdout) as object) };
  };
  const walk = {
    states: 3,
    initial: 0,
    targets: [2],
    transitions: [
      [0, 1, 1],
      [1, 0, 0.5],
      [1, 2, 0.5],
    ],
  };

  it('says what is expected, and what comes within so many steps', async () => {
    const { exit, answer } = await ask(walk, '--within', '4', '--expected');
    expect(exit).toBe(0);
    expect(answer).toMatchObject({ kind: 'chain', met: true, within: { steps: 4 } });
    const { within, expected } = answer as Record<string, { lower: number; upper: number }>;
    expect(within!.lower).toBeCloseTo(0.75, 12);
    // Two steps, half of the times; then again.
    expect(expected!.upper).toBeCloseTo(4, 5);
    const paid = await ask({ ...walk, costs: [10, 1, 1] }, '--expected');
    expect((paid.answer as { expected: { lower: number } }).expected.lower).toBeCloseTo(22, 4);
  });

  it('reads intervals, and says what is wrong with them', async () => {
    const intervals = [
      [0, 1, 0.1, 0.3],
      [0, 2, 0.7, 0.9],
    ];
    const chain = { states: 3, initial: 0, targets: [1], intervals };
    const { exit, answer } = await ask(chain);
    expect(exit).toBe(0);
    expect(answer).toMatchObject({ v: 1, kind: 'intervalChain', states: 3 });
    const { min, max } = answer as Record<string, { lower: number }>;
    expect([min!.lower, max!.lower].map((p) => Number(p.toFixed(6)))).toEqual([0.1, 0.3]);
    for (const [wrong, message] of [
      [{ ...chain, intervals: [[0, 1, 0, 1]] }, /MARKOV_SHAPE {2}intervals\.0/],
      [{ ...chain, intervals: [[0, 1, 0.1, 0.2]] }, /no probabilities within the intervals/],
      [{ ...chain, intervals: {} }, /intervals is a list/],
      [{ ...chain, costs: [1, 1, 1] }, /has no costs/],
      [{ ...walk, costs: [1, 0, 1] }, /costs is a list with a number above 0/],
    ] as const)
      expect((await ask(wrong)).stderr).toMatch(message);
    expect((await ask(chain, '--expected')).stderr).toMatch(/^OPTION_INVALID/);
  });
});
