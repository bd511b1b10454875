import { describe, expect, it } from 'vitest';
import { Random } from '../../src/risk/random.ts';

describe('xoshiro128**', () => {
  /**
   * The reference program of Blackman and Vigna in exact integers, kept apart from the one under
   * test.
   */
  function reference(words: bigint[], count: number): number[] {
    const m = 0xffffffffn;
    const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & m;
    const s = words as [bigint, bigint, bigint, bigint];
    return Array.from({ length: count }, () => {
      const result = (rotate((s[1] * 5n) & m, 7n) * 9n) & m;
      const t = (s[1] << 9n) & m;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotate(s[3], 11n);
      return Number(result);
    });
  }

  it('gives the published outputs for the state 1, 2, 3, 4', () => {
    const random = Random.fromState([1, 2, 3, 4]);
    expect([1, 2, 3, 4].map(() => random.bits32())).toEqual([11520, 0, 5927040, 70819200]);
  });

  it('agrees with the reference in exact integers', () => {
    const words = [0xdeadbeef, 0x12345678, 0x80000000, 0xffffffff] as const;
    const random = Random.fromState(words);
    expect(Array.from({ length: 1000 }, () => random.bits32())).toEqual(
      reference(words.map(BigInt), 1000),
    );
  });

  it('a seed fixes the sequence, another seed gives another', () => {
    const draw = (seed: number): number[] => {
      const r = new Random(seed);
      return [r.uniform(), r.normal(), r.logGamma(0.3)];
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(() => new Random(-1)).toThrow('invariant');
  });
});

describe('variables', () => {
  const n = 40_000;
  const moments = (sample: () => number): [number, number] => {
    const values = Array.from({ length: n }, sample);
    const mean = values.reduce((a, b) => a + b, 0) / n;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
  };

  it.each([0.2, 1, 2.5, 40])(
    'gamma of shape %d has mean and variance equal to its shape',
    (shape) => {
      const random = new Random(11);
      const [mean, variance] = moments(() => Math.exp(random.logGamma(shape)));
      expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / n));
      expect(Math.abs(variance - shape) / shape).toBeLessThan(0.15);
    },
  );

  it('a gamma logarithm stays finite where the value itself would be 0', () => {
    const random = new Random(3);
    const values = Array.from({ length: 2_000 }, () => random.logGamma(1e-4));
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.some((v) => Math.exp(v) === 0)).toBe(true);
  });

  it('uniform is never 0 or 1', () => {
    const random = Random.fromState([0, 0, 0, 0]);
    expect(random.uniform()).toBeGreaterThan(0);
  });
});
