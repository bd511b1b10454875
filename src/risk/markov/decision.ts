/**
 * A Markov decision process as typed arrays: the choices of node `i` stand at `choices[i] …
 * choices[i + 1]`, the branches of choice `c` at `rows[c] … rows[c + 1]`. A node without a choice
 * stays where it is. A Markov chain has at most one choice in a node.
 */
export interface DecisionProcess {
  readonly nodes: number;
  readonly start: number;
  readonly choices: Int32Array;
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  /** Of each branch; those of a choice sum to 1. */
  readonly shares: Float64Array;
  readonly goal: Uint8Array;
}

/** One branch as files have it. */
export interface Transition {
  readonly from: number;
  /** Which choice of the node, in any numbering. */
  readonly choice: number;
  readonly to: number;
  readonly probability: number;
}

/** What a row of probabilities may miss 1 by: files are written with six digits. */
export const SUM_SLACK = 1e-5;

/** A choice whose probabilities do not sum to 1. */
export interface WrongSum {
  readonly node: number;
  readonly choice: number;
  readonly sum: number;
}

/**
 * The process of these transitions, or the choices whose probabilities do not sum to 1. Within the
 * slack each choice is scaled to the sum 1. Branches of probability 0 are left out: "possible" must
 * mean possible.
 */
export function processOf(
  nodes: number,
  start: number,
  goals: Iterable<number>,
  transitions: readonly Transition[],
): DecisionProcess | readonly WrongSum[] {
  const sorted = transitions
    .filter(({ probability }) => probability > 0)
    .sort((a, b) => a.from - b.from || a.choice - b.choice);
  const choices = new Int32Array(nodes + 1);
  const rows: number[] = [0];
  const targets = Int32Array.from(sorted, ({ to }) => to);
  const shares = Float64Array.from(sorted, ({ probability }) => probability);
  const wrong: WrongSum[] = [];
  for (let at = 0; at < sorted.length;) {
    const { from, choice } = sorted[at] as Transition;
    let [end, sum] = [at, 0];
    for (; end < sorted.length; end += 1) {
      const next = sorted[end] as Transition;
      if (next.from !== from || next.choice !== choice) break;
      sum += next.probability;
    }
    if (Math.abs(sum - 1) > SUM_SLACK) wrong.push({ node: from, choice, sum });
    for (let b = at; b < end; b += 1) shares[b] = (shares[b] as number) / sum;
    choices[from + 1] = (choices[from + 1] as number) + 1;
    rows.push(end);
    at = end;
  }
  for (let i = 0; i < nodes; i += 1)
    choices[i + 1] = (choices[i + 1] as number) + (choices[i] as number);
  if (wrong.length > 0) return wrong;
  const goal = new Uint8Array(nodes);
  for (const node of goals) goal[node] = 1;
  return { nodes, start, choices, rows: Int32Array.from(rows), targets, shares, goal };
}

/** Whether no node has a choice to make. */
export function isChain({ nodes, choices }: DecisionProcess): boolean {
  for (let i = 0; i < nodes; i += 1)
    if ((choices[i + 1] as number) - (choices[i] as number) > 1) return false;
  return true;
}

/** The branches of all choices of a node together. */
export function branchesOf(
  { choices, rows }: DecisionProcess,
  node: number,
): readonly [from: number, to: number] {
  return [rows[choices[node] as number] as number, rows[choices[node + 1] as number] as number];
}

/** Whether the process ends there: in a goal, or where nothing leaves. */
export function isAbsorbing(process: DecisionProcess, node: number): boolean {
  if (process.goal[node] === 1) return true;
  const [from, to] = branchesOf(process, node);
  return process.targets.subarray(from, to).every((target) => target === node);
}

/** What each choice costs where a step costs as its node says. */
export function choiceCosts(
  { nodes, choices }: DecisionProcess,
  ofNode: ArrayLike<number>,
): Float64Array {
  const costs = new Float64Array(choices[nodes] as number);
  for (let node = 0; node < nodes; node += 1)
    costs.fill(ofNode[node] as number, choices[node], choices[node + 1]);
  return costs;
}
