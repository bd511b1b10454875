import { Components } from '../../graph/components.ts';
import type { DecisionProcess } from './decision.ts';

/**
 * For each node the number of its maximal end component, or -1: sets of nodes in which choices can
 * keep the process for ever, goals left out (Baier and Katoen, *Principles of Model Checking*,
 * 2008, algorithm 47). Strongly connected components are cut by the choices that may leave them,
 * until no choice does.
 */
export function endComponents(process: DecisionProcess): Int32Array {
  const { nodes, choices, rows, targets, goal } = process;
  const kept = new Uint8Array(rows.length - 1).fill(1);
  let inside = [...goal.keys()].filter((node) => goal[node] === 0);
  let number = new Int32Array(nodes).fill(-1);
  for (let changed = true; changed;) {
    changed = false;
    number = new Int32Array(nodes).fill(-1);
    sccs(process, kept, inside).forEach((component, i) => {
      for (const node of component) number[node] = i;
    });
    inside = inside.filter((node) => {
      let left = 0;
      for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1) {
        if (kept[c] === 0) continue;
        let stays = true;
        for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1)
          stays &&= number[targets[b] as number] === number[node];
        if (stays) left += 1;
        else {
          kept[c] = 0;
          changed = true;
        }
      }
      if (left > 0) return true;
      number[node] = -1;
      changed = true;
      return false;
    });
  }
  return number;
}

function sccs(
  process: DecisionProcess,
  kept: Uint8Array,
  inside: readonly number[],
): readonly (readonly number[])[] {
  const { nodes, choices, rows, targets } = process;
  const admitted = new Uint8Array(nodes);
  for (const node of inside) admitted[node] = 1;
  const starts = new Int32Array(nodes + 1);
  const edges: number[] = [];
  for (let node = 0; node < nodes; node += 1) {
    if (admitted[node] === 1)
      for (let c = choices[node] as number; c < (choices[node + 1] as number); c += 1)
        if (kept[c] === 1)
          for (let b = rows[c] as number; b < (rows[c + 1] as number); b += 1)
            if (admitted[targets[b] as number] === 1) edges.push(targets[b] as number);
    starts[node + 1] = edges.length;
  }
  return new Components(
    { rows: starts, targets: Int32Array.from(edges) },
    nodes,
    () => undefined,
  ).among(inside);
}

/**
 * The process in which each end component is one node, with the choices that may leave it. For the
 * largest probability that changes nothing: inside, the process can be brought anywhere, and to
 * stay gains nothing (Haddad and Monmege 2018, section 4).
 */
export function collapse(process: DecisionProcess, component: Int32Array): DecisionProcess {
  const { nodes, start, choices, rows, targets, shares, goal } = process;
  const first = new Map<number, number>();
  const into = Int32Array.from({ length: nodes }, (_, node) => {
    const number = component[node] as number;
    if (number < 0) return node;
    if (!first.has(number)) first.set(number, node);
    return first.get(number) as number;
  });
  const members = new Map<number, number[]>();
  into.forEach((to, node) => members.set(to, [...(members.get(to) ?? []), node]));
  const made = {
    choices: new Int32Array(nodes + 1),
    rows: [0],
    targets: [] as number[],
    shares: [] as number[],
  };
  for (let node = 0; node < nodes; node += 1) {
    for (const member of members.get(node) ?? [])
      for (let c = choices[member] as number; c < (choices[member + 1] as number); c += 1) {
        const ends = Array.from(
          { length: (rows[c + 1] as number) - (rows[c] as number) },
          (_, i) => into[targets[(rows[c] as number) + i] as number] as number,
        );
        if ((component[member] as number) >= 0 && ends.every((to) => to === node)) continue;
        ends.forEach((to, i) => {
          made.targets.push(to);
          made.shares.push(shares[(rows[c] as number) + i] as number);
        });
        made.rows.push(made.targets.length);
      }
    made.choices[node + 1] = made.rows.length - 1;
  }
  return {
    nodes,
    start: into[start] as number,
    choices: made.choices,
    rows: Int32Array.from(made.rows),
    targets: Int32Array.from(made.targets),
    shares: Float64Array.from(made.shares),
    goal,
  };
}
