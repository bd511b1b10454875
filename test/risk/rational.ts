/** Exact fractions, to hold rounded numbers against. */
export interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}

export const ZERO: Rational = { over: 0n, under: 1n };
export const ONE: Rational = { over: 1n, under: 1n };

/** The exact value of a number in 0..1, which is a fraction of a power of two. */
export function exactly(value: number): Rational {
  let [over, under] = [value, 1n];
  while (!Number.isInteger(over)) {
    over *= 2;
    under *= 2n;
  }
  return { over: BigInt(over), under };
}

/** In lowest terms: else each operation doubles the digits. */
function reduced(over: bigint, under: bigint): Rational {
  let [a, b] = [over < 0n ? -over : over, under];
  while (b > 0n) [a, b] = [b, a % b];
  return { over: over / a, under: under / a };
}

export const times = (a: Rational, b: Rational): Rational =>
  reduced(a.over * b.over, a.under * b.under);

export const plus = (a: Rational, b: Rational): Rational =>
  reduced(a.over * b.under + b.over * a.under, a.under * b.under);

export const minus = (a: Rational, b: Rational): Rational =>
  plus(a, { over: -b.over, under: b.under });

/** Not by zero; the sign stays above the line. */
export const divided = (a: Rational, { over, under }: Rational): Rational =>
  over < 0n ? times(a, { over: -under, under: -over }) : times(a, { over: under, under: over });

export const isAtMost = (a: Rational, b: Rational): boolean => a.over * b.under <= b.over * a.under;

/** The solution of a square system, row by row `a · x = b`, by elimination without rounding. */
export function solved(a: Rational[][], b: Rational[]): Rational[] {
  const size = b.length;
  for (let column = 0; column < size; column += 1) {
    const pivot = a.findIndex((row, i) => i >= column && row[column]?.over !== 0n);
    [a[column], a[pivot]] = [a[pivot] as Rational[], a[column] as Rational[]];
    [b[column], b[pivot]] = [b[pivot] as Rational, b[column] as Rational];
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = divided(a[row]?.[column] as Rational, a[column]?.[column] as Rational);
      a[row] = (a[row] as Rational[]).map((cell, i) =>
        minus(cell, times(factor, a[column]?.[i] as Rational)),
      );
      b[row] = minus(b[row] as Rational, times(factor, b[column] as Rational));
    }
  }
  return b.map((value, i) => divided(value, a[i]?.[i] as Rational));
}
