/**
 * The two-sided 95 % interval of Clopper and Pearson (1934) for a share, from `successes` among
 * `trials`: exact, so that it never claims more than a sample says. The bounds are quantiles of beta
 * distributions; here the binomial tail is bisected instead, which needs no special function.
 */
export function clopperPearson(successes: number, trials: number): readonly [number, number] {
  if (trials === 0) return [0, 1];
  const tail = 0.025;
  const low =
    successes === 0 ? 0 : bisect((p) => 1 - binomialAtMost(successes - 1, trials, p) < tail);
  const high =
    successes === trials ? 1 : bisect((p) => binomialAtMost(successes, trials, p) > tail);
  return [low, high];
}

/** The place in 0..1 where what holds on the left ceases to hold. */
function bisect(holds: (p: number) => boolean): number {
  let [left, right] = [0, 1];
  for (let round = 0; round < 60; round += 1) {
    const middle = (left + right) / 2;
    if (holds(middle)) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

/** P(X ≤ k) for a binomial X, summed in logarithms: the coefficients overflow otherwise. */
function binomialAtMost(k: number, n: number, p: number): number {
  let coefficient = 0;
  let sum = 0;
  for (let i = 0; i <= k; i += 1) {
    if (i > 0) coefficient += Math.log((n - i + 1) / i);
    sum += Math.exp(coefficient + i * Math.log(p) + (n - i) * Math.log1p(-p));
  }
  return sum;
}
