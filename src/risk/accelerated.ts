import { sweepComponent, type Component } from './component.ts';

/** Smaller components are swept as fast as they are looked at twice. */
const LEAST_NODES = 2_000;
/** Sweeps after which a component is said to mix too slowly for this. */
const MOST_SWEEPS = 120;
/** So often are the bounds put further apart, or the solution made better. */
const TRIES = 4;

/** A lower and an upper value for each node of a component. */
export interface ComponentBounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Bounds of a large component by way of an approximate solution x: x − εw and x + εw, where w is
 * any vector with w − Qw above 0 everywhere. They are proofs, whatever x is: the lower one as soon
 * as one sweep, rounded down, takes no value down, the upper one as soon as one sweep, rounded up,
 * takes none up (as in `iterate`). `undefined` where the component mixes too slowly, or the bounds
 * did not come as near to each other as was asked for.
 */
export function accelerated(
  component: Component,
  relativeWidth: number,
): ComponentBounds | undefined {
  const { nodes, outLower, outUpper, inherited } = component;
  if (nodes.length < LEAST_NODES) return undefined;
  const kept = keptShares(component);
  const margin = marginOf(component, kept);
  if (!margin) return undefined;
  const below = new Float64Array(nodes.length);
  for (let tries = 0, wanted = relativeWidth / 20; tries < TRIES; tries += 1, wanted /= 100) {
    const near = Math.max(wanted, 4 * Number.EPSILON);
    if (!approach(component, outLower, below, kept, near)) return undefined;
    const above = inherited === 0 ? below : below.slice();
    if (inherited > 0 && !approach(component, outUpper, above, kept, near)) return undefined;
    const lower = boundBeside(component, outLower, below, margin, -1);
    const upper = boundBeside(component, outUpper, above, margin, 1);
    if (lower && upper && widest(lower, upper) <= relativeWidth + inherited)
      return { lower, upper };
  }
  return undefined;
}

/** Column sums of I − Q: of what is at a node, the part that a step in the component loses. */
function keptShares({ nodes, targets, shares }: Component): Float64Array {
  const lost = new Float64Array(nodes.length).fill(1);
  for (let b = 0; b < targets.length; b += 1)
    lost[targets[b] as number] = (lost[targets[b] as number] as number) - (shares[b] as number);
  return lost;
}

/**
 * Sweeps until no value changes by more than a part of it. After each sweep all values are scaled
 * by one factor, so that what flows in and out of the component as a whole is in balance
 * (aggregation into one number: Koury, McAllister and Stewart, SIAM J. Alg. Disc. Meth. 5(2),
 * 1984): of a component without structure that is what sweeps alone are slow to find.
 */
function approach(
  component: Component,
  out: Float64Array,
  values: Float64Array,
  kept: Float64Array,
  wanted: number,
): boolean {
  const inflow = out.reduce((sum, value) => sum + value, 0);
  for (let sweeps = 0; sweeps < MOST_SWEEPS; sweeps += 1) {
    const { change } = sweepComponent(component, out, values, 1, false);
    if (change <= wanted && sweeps > 0) return true;
    let balance = 0;
    for (let i = 0; i < values.length; i += 1)
      balance += (values[i] as number) * (kept[i] as number);
    const factor = inflow / balance;
    if (!(factor > 0.1 && factor < 1e6)) continue;
    for (let i = 0; i < values.length; i += 1) values[i] = (values[i] as number) * factor;
  }
  return false;
}

/** A vector w, and w − Qw at its smallest. */
interface Margin {
  readonly w: Float64Array;
  readonly rest: Float64Array;
}

/** What is paid for a step of w, so small that no sum of it comes to 1, where values are cut. */
const FARE = 1e-9;

/** Where every node leaves the component by a good part, ones; else about the steps taken in it. */
function marginOf(component: Component, kept: Float64Array): Margin | undefined {
  const ones = new Float64Array(component.nodes.length).fill(1);
  const leaving = restOf(component, ones);
  if (leaving.every((value) => value >= 1e-3)) return { w: ones, rest: leaving };
  const fares = ones.map(() => FARE);
  const w = fares.slice();
  for (const wanted of [0.2, 0.02, 0.002]) {
    if (!approach(component, fares, w, kept, wanted)) return undefined;
    const rest = restOf(component, w);
    if (rest.every((value) => value >= 0.2 * FARE)) return { w, rest };
  }
  return undefined;
}

/** w − Qw. */
function restOf({ rows, targets, shares }: Component, w: Float64Array): Float64Array {
  return w.map((value, i) => {
    let sum = 0;
    for (let b = rows[i] as number; b < (rows[i + 1] as number); b += 1)
      sum += (shares[b] as number) * (w[targets[b] as number] as number);
    return value - sum;
  });
}

/** Above the solution (`side` 1) or below it (−1); nothing where one sweep does not prove it. */
function boundBeside(
  component: Component,
  out: Float64Array,
  values: Float64Array,
  { w, rest }: Margin,
  side: 1 | -1,
): Float64Array | undefined {
  const { slack } = component;
  let by = 0;
  restOf(component, values).forEach((left, i) => {
    const noise = 4 * slack * (values[i] as number);
    by = Math.max(by, (side * ((out[i] as number) - left) + noise) / (rest[i] as number));
  });
  const bound = values.map((value, i) =>
    Math.min(1, Math.max(0, value + side * 1.01 * by * (w[i] as number))),
  );
  const { rose, fell } = sweepComponent(component, out, bound, 1 + side * slack, false);
  return (side > 0 ? rose : fell) ? undefined : bound;
}

function widest(lower: Float64Array, upper: Float64Array): number {
  return upper.reduce(
    (most, high, i) => (high > 0 ? Math.max(most, (high - (lower[i] as number)) / high) : most),
    0,
  );
}
