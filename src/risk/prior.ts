import { backwardEdges, DEPENDS, SURELY, type ReachQuestion } from './question.ts';
import { STOP } from './topology.ts';

/**
 * At each step an imaginary case gives up with one chance in ten, so that it takes short ways: in a
 * maze of loops the prior would otherwise weigh as much as the loops are long.
 */
const GOES_ON = 0.9;
/** What each of the two halves of the imaginary case weighs. */
const HALF_A_CASE = 0.5;

const CLOSE_ENOUGH = 1e-12;
const MAX_SWEEPS = 5_000;

/**
 * The prior weight of every branch: what one imaginary case would count for, half of it lost and
 * half of it not (`docs/adr/017-half-a-lost-case.md`).
 *
 * The case moves by a reference chain in which each group of a state's branches is equally likely,
 * and each branch within its group (`groups`: an action's name, whatever its bindings and
 * successors); one half is conditioned on ending lost, the other on ending not lost (Doob's
 * h-transform), and a branch weighs the expected number of times it is taken: g(s) · r · h(t) ÷
 * h(start), with g the visits and h the probability of the end. Weights so made are flows: they
 * are divided among the copies of a state instead of being counted once for each, and where every
 * case of a log has ended, the probability at the mean rates is (k + ½) ÷ (n + 1) on any graph.
 */
export function halfALostCase(question: ReachQuestion, groups: Int32Array): Float64Array {
  const { topology } = question;
  const prior = new Float64Array(topology.targets.length);
  if (question.settled !== undefined) return prior;
  const reference = referenceChain(question, groups);
  const visits = visitsOf(question, reference);
  for (const lost of [true, false]) {
    const ends = endings(question, reference, lost);
    const share = HALF_A_CASE / (ends[topology.start] as number);
    if (!Number.isFinite(share)) continue;
    for (const node of question.unsettled) {
      for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
        const after = endingAt(question, ends, topology.targets[b] as number, lost);
        prior[b] =
          (prior[b] as number) +
          share * (visits[node] as number) * (reference[b] as number) * after;
      }
    }
  }
  return prior;
}

/** The probability of each branch in the reference chain, times that of going on. */
function referenceChain({ topology }: ReachQuestion, groups: Int32Array): Float64Array {
  const { nodes, rows, targets } = topology;
  const reference = new Float64Array(targets.length);
  const sizes = new Map<number, number>();
  for (let node = 0; node < nodes; node += 1) {
    const [from, to] = [rows[node] as number, rows[node + 1] as number];
    sizes.clear();
    for (let b = from; b < to; b += 1) {
      if (targets[b] === node) continue;
      const group = groups[b] as number;
      sizes.set(group, (sizes.get(group) ?? 0) + 1);
    }
    for (let b = from; b < to; b += 1) {
      if (targets[b] === node) continue;
      reference[b] = GOES_ON / sizes.size / (sizes.get(groups[b] as number) as number);
    }
  }
  return reference;
}

/** For each unsettled node the probability that the reference chain ends there as asked. */
function endings(question: ReachQuestion, reference: Float64Array, lost: boolean): Float64Array {
  const { rows, targets, nodes } = question.topology;
  const ends = new Float64Array(nodes);
  for (const component of question.components)
    settleDown(component, (node) => {
      let sum = 0;
      for (let b = rows[node] as number; b < (rows[node + 1] as number); b += 1)
        sum += (reference[b] as number) * endingAt(question, ends, targets[b] as number, lost);
      return replaced(ends, node, sum);
    });
  return ends;
}

function endingAt(
  { verdicts }: ReachQuestion,
  ends: Float64Array,
  target: number,
  lost: boolean,
): number {
  if (target === STOP) return lost ? 0 : 1;
  if (verdicts[target] === DEPENDS) return ends[target] as number;
  return (verdicts[target] === SURELY) === lost ? 1 : 0;
}

/** How often the reference chain comes to each unsettled node, from the start on. */
function visitsOf(question: ReachQuestion, reference: Float64Array): Float64Array {
  const { topology, components, verdicts } = question;
  const visits = new Float64Array(topology.nodes);
  const back = backwardEdges(topology);
  for (const component of components.toReversed())
    settleDown(component.toReversed(), (node) => {
      let sum = node === topology.start ? 1 : 0;
      for (let i = back.rows[node] as number; i < (back.rows[node + 1] as number); i += 1) {
        const source = back.sources[i] as number;
        if (verdicts[source] !== DEPENDS) continue;
        sum += (visits[source] as number) * (reference[back.branches[i] as number] as number);
      }
      return replaced(visits, node, sum);
    });
  return visits;
}

/** Gauss and Seidel's sweeps, forth and back, until no value moves by more than a trace of it. */
function settleDown(component: Int32Array, improve: (node: number) => number): void {
  if (component.length === 1) {
    improve(component[0] as number);
    return;
  }
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep += 1) {
    let moved = 0;
    for (const node of component) moved = Math.max(moved, improve(node));
    for (let i = component.length - 1; i >= 0; i -= 1)
      moved = Math.max(moved, improve(component[i] as number));
    if (moved < CLOSE_ENOUGH) return;
  }
}

/** Puts the value in its place, and tells by what part of it that changed. */
function replaced(values: Float64Array, node: number, value: number): number {
  const before = values[node] as number;
  values[node] = value;
  return value === 0 ? 0 : Math.abs(value - before) / value;
}
