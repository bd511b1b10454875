import { describe, expect, it } from 'vitest';
import { cascadeOf, remaining, type Leaving, type Waiting } from '../../src/risk/hazards.ts';
import { Random } from '../../src/risk/random.ts';

/** Aalen and Johansen, written down once more: one time after the other. */
function incidence(leaving: readonly Leaving[], waiting: readonly Waiting[]): Map<number, number> {
  const times = [...new Set(leaving.map(({ afterMs }) => afterMs))].toSorted((a, b) => a - b);
  const found = new Map<number, number>();
  let survivors = 1;
  for (const time of times) {
    const atRisk =
      leaving.filter(({ afterMs }) => afterMs >= time).length +
      waiting.filter(({ forMs }) => forMs >= time).length;
    const now = leaving.filter(({ afterMs }) => afterMs === time);
    for (const { branch } of now) found.set(branch, (found.get(branch) ?? 0) + survivors / atRisk);
    survivors *= 1 - now.length / atRisk;
  }
  return found;
}

function ofStages({ stages }: ReturnType<typeof cascadeOf>): Map<number, number> {
  const found = new Map<number, number>();
  let there = 1;
  for (const { left, stayed } of stages) {
    const all = [...left.values()].reduce((a, b) => a + b, 0) + stayed;
    for (const [branch, n] of left) found.set(branch, (found.get(branch) ?? 0) + (there * n) / all);
    there *= stayed / all;
  }
  return found;
}

describe('cause-specific hazards', () => {
  it('pay; deliver after 1 day, lose after 60: cut at day 90', () => {
    const leaving = [
      ...Array.from({ length: 949 }, () => ({ branch: 0, weight: 1, afterMs: 1 })),
      ...Array.from({ length: 17 }, () => ({ branch: 1, weight: 1, afterMs: 60 })),
    ];
    const waiting = Array.from({ length: 34 }, (_, i) => ({ weight: 1, forMs: 2 + i }));
    const cascade = cascadeOf(leaving, waiting);
    expect(cascade.stages).toHaveLength(2);
    expect(cascade.beyond).toBe(0);
    expect(ofStages(cascade).get(1)).toBeCloseTo(0.051, 12);
  });

  it('is Aalen and Johansen’s estimate, on random times', () => {
    const random = new Random(5);
    for (let trial = 0; trial < 60; trial += 1) {
      const n = 3 + (trial % 40);
      const leaving: Leaving[] = [];
      const waiting: Waiting[] = [];
      for (let i = 0; i < n; i += 1) {
        const time = Math.floor(random.uniform() * 20);
        if (random.uniform() < 0.6)
          leaving.push({ branch: Math.floor(random.uniform() * 3), weight: 1, afterMs: time });
        else waiting.push({ weight: 1, forMs: time });
      }
      if (leaving.length === 0) continue;
      const [ours, theirs] = [ofStages(cascadeOf(leaving, waiting)), incidence(leaving, waiting)];
      for (const [branch, share] of theirs) expect(ours.get(branch)).toBeCloseTo(share, 10);
    }
  });

  it('counts who waited longer than anybody who left', () => {
    const { beyond, stages } = cascadeOf(
      [{ branch: 0, weight: 1, afterMs: 5 }],
      [
        { weight: 1, forMs: 3 },
        { weight: 2, forMs: 9 },
      ],
    );
    expect(beyond).toBe(2);
    // One of three who were watched until then left: two thirds of all that come are still there.
    expect(remaining({ stages, beyond })).toBeCloseTo(2 / 3, 12);
    expect(stages.at(-1)?.stayed).toBe(2);
  });
});
