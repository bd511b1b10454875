import { invariant } from '../errors/index.ts';

const MASK_64 = (1n << 64n) - 1n;

/**
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): spreads a small seed over the 128 bits of state, as
 * the authors of xoshiro advise.
 */
function* splitMix64(seed: bigint): Generator<bigint> {
  for (let state = seed & MASK_64; ;) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    yield z ^ (z >> 31n);
  }
}

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
 * 47(4), 2021). Our own, so that a seed in a model card gives the same draws on every version of
 * every machine.
 */
export class Random {
  readonly #state: Uint32Array;

  /** `seed` is a safe integer that is not negative. */
  constructor(seed: number) {
    invariant(Number.isSafeInteger(seed) && seed >= 0, 'a seed is a whole number from 0 on');
    const words = splitMix64(BigInt(seed));
    const [a, b] = [words.next().value as bigint, words.next().value as bigint];
    this.#state = Uint32Array.of(
      Number(a & 0xffffffffn),
      Number(a >> 32n),
      Number(b & 0xffffffffn),
      Number(b >> 32n),
    );
  }

  /** A generator in a given state, for the published outputs. */
  static fromState(words: readonly [number, number, number, number]): Random {
    const random = new Random(0);
    random.#state.set(words);
    return random;
  }

  /** 32 random bits, as a whole number from 0 on. */
  bits32(): number {
    const s = this.#state;
    const s1 = s[1] as number;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s[2] = (s[2] as number) ^ (s[0] as number);
    s[3] = (s[3] as number) ^ s1;
    s[1] = s1 ^ (s[2] as number);
    s[0] = (s[0] as number) ^ (s[3] as number);
    s[2] = (s[2] as number) ^ shifted;
    s[3] = rotateLeft(s[3] as number, 11);
    return result;
  }

  /** Uniform on the open interval (0, 1), with 53 bits: never 0, so its logarithm is finite. */
  uniform(): number {
    const high = this.bits32() >>> 5;
    const low = this.bits32() >>> 6;
    return (high * 67_108_864 + low + 0.5) / 9_007_199_254_740_992;
  }

  /**
   * Standard normal, by Marsaglia's polar method (SIAM Review 6(3), 1964); the second value is not
   * kept, so that a call has no memory.
   */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /**
   * The logarithm of a Gamma(shape, 1) value, by Marsaglia and Tsang ("A simple method for
   * generating gamma variables", ACM TOMS 26(3), 2000). Below shape 1 their boost G(a) = G(a + 1) ·
   * U^(1/a); in logarithms, because at shape 1/k the power underflows.
   */
  logGamma(shape: number): number {
    invariant(shape > 0, 'a gamma variable has a positive shape');
    if (shape < 1) return this.logGamma(shape + 1) + Math.log(this.uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v))
        return Math.log(d) + Math.log(v);
    }
  }
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
