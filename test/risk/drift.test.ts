import { describe, expect, it } from 'vitest';
import { compareHalves, driftTest } from '../../src/risk/drift.ts';
import { readEventLog } from '../../src/eventLog/eventLog.ts';
import { markovFit } from '../../src/risk/markovFit.ts';
import { value } from './fixture.ts';

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

describe('drift of the answer', () => {
  it('is Fisher’s exact test', () => {
    // 3 of 10 against 9 of 10: the tail from 9 on, by counting.
    const tail = [9, 10].reduce((sum, k) => sum + choose(10, k) * choose(10, 12 - k), 0);
    const { p, ratio, found } = compareHalves({ cases: 10, lost: 3 }, { cases: 10, lost: 9 });
    expect(p).toBeCloseTo((2 * tail) / choose(20, 12), 12);
    expect(ratio).toBeCloseTo((9 * 7) / (3 * 1), 12);
    expect(found).toBe(true);
  });

  it('equal halves do not differ, and without losses there is nothing to test', () => {
    expect(compareHalves({ cases: 100, lost: 20 }, { cases: 100, lost: 20 })).toMatchObject({
      p: 1,
      ratio: 1,
      found: false,
    });
    const none = compareHalves({ cases: 100, lost: 0 }, { cases: 100, lost: 0 });
    expect(none).toEqual({
      earlier: { cases: 100, lost: 0 },
      later: { cases: 100, lost: 0 },
      found: false,
    });
  });

  it('says which ratio it would find', () => {
    const few = compareHalves({ cases: 500, lost: 3 }, { cases: 500, lost: 3 });
    const many = compareHalves({ cases: 500, lost: 100 }, { cases: 500, lost: 100 });
    expect(few.detectableRatio).toBeGreaterThan(10);
    expect(many.detectableRatio).toBeGreaterThan(1.5);
    expect(many.detectableRatio).toBeLessThan(2.2);
    expect(compareHalves({ cases: 9, lost: 1 }, { cases: 9, lost: 1 }).detectableRatio).toBe(
      undefined,
    );
  });

  it('leaves out cases that began too late for their loss to show', () => {
    const log = value(
      readEventLog(
        'case,activity,timestamp\na,x,2026-01-01\na,y,2026-01-11\nb,x,2026-01-02\nc,x,2026-01-05\n',
      ),
    );
    const { earlier, later } = driftTest(log, ['lost', 'notLost', 'notLost']);
    expect([earlier, later]).toEqual([
      { cases: 1, lost: 1 },
      { cases: 0, lost: 0 },
    ]);
  });
});

describe('drift in a long log', () => {
  it('is tested in one pass over the cases', () => {
    const cases = Array.from({ length: 200_000 }, (_, i) => ({
      id: String(i),
      events: [{ activity: 'a', binding: {}, row: i, timeMs: i }],
    }));
    const ends = cases.map((_, i) => (i % 1_000 === 0 ? ('lost' as const) : ('notLost' as const)));
    const began = process.cpuUsage();
    const log = {
      cases,
      digest: '',
      eventCount: cases.length,
      untilMs: cases.length,
      lifecycleRows: 0,
      repeatedRows: 0,
      unrelatedEvents: 0,
      bindingColumns: [],
    };
    expect(driftTest(log, ends)).toMatchObject({ found: false, later: { lost: 100 } });
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(3_000);
  });
});

describe('fit of the Markov assumption', () => {
  // Node 0 branches to 1 or 2, both lead to 3, which branches to 4 or 5.
  const topology = {
    nodes: 6,
    start: 0,
    rows: Int32Array.of(0, 2, 3, 4, 6, 6, 6),
    targets: Int32Array.of(1, 2, 3, 3, 4, 5),
    goal: new Uint8Array(6),
  };
  const pairs = (counts: readonly [number, number, number][]): Map<number, number> =>
    new Map(counts.map(([before, after, n]) => [before * 6 + after, n]));

  it('finds that a step depends on the way to the state', () => {
    const { p, degreesOfFreedom, statistic } = markovFit(
      topology,
      [3],
      pairs([
        [2, 4, 40],
        [2, 5, 10],
        [3, 4, 10],
        [3, 5, 40],
      ]),
    );
    expect(degreesOfFreedom).toBe(1);
    // 2 Σ O ln(O / E) with E = 25 in every cell.
    expect(statistic).toBeCloseTo(2 * (80 * Math.log(40 / 25) + 20 * Math.log(10 / 25)), 10);
    expect(p).toBeLessThan(1e-6);
  });

  it('says nothing where it does not, or where too little was seen', () => {
    const counts = (n: number): Map<number, number> =>
      pairs([
        [2, 4, n],
        [2, 5, n],
        [3, 4, n],
        [3, 5, n],
      ]);
    expect(markovFit(topology, [3], counts(25))).toMatchObject({ p: 1, degreesOfFreedom: 1 });
    expect(markovFit(topology, [3], counts(2))).toEqual({ statistic: 0, degreesOfFreedom: 0 });
  });
});
