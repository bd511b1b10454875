import { callText } from '../callText.ts';
import type { StateChain } from '../chain.ts';
import { STOP } from '../topology.ts';
import type { StepWeights } from './attackedProcess.ts';

/** Which node of a chain a state is, by its words. */
export function nodesByState({ graph, states }: StateChain): ReadonlyMap<string, number> {
  return new Map(Array.from(states, (state, node) => [graph.store.get(state).join(' '), node]));
}

/**
 * The weights of a chain, in the states that it has: what an attacker changed back, or only looked
 * at, goes on as it always did. In states that nobody was ever in, and where some step that the
 * chain counts on cannot be taken (its actor is away), they are not known.
 */
export function weightsOfChain(chain: StateChain, weights: Float64Array): StepWeights {
  const nodes = nodesByState(chain);
  const { topology, graph, instances, states } = chain;
  return (base, steps, mayStop) => {
    const node = nodes.get(base.join(' '));
    if (node === undefined) return undefined;
    const known = new Map<string, number>();
    let stop = 0;
    for (let b = topology.rows[node] as number; b < (topology.rows[node + 1] as number); b += 1) {
      const [target, instance] = [topology.targets[b] as number, instances[b]];
      if (target === STOP) stop = weights[b] as number;
      else if (instance)
        known.set(
          `${callText(graph.semantics, instance)} ${graph.store.get(states[target] as number).join(' ')}`,
          weights[b] as number,
        );
    }
    if (stop > 0 && !mayStop) return undefined;
    const keys = steps.map(({ call, base: to }) => `${call} ${to?.join(' ')}`);
    if (keys.some((key) => !known.has(key)) || new Set(keys).size < known.size) return undefined;
    const alike = (key: string): number => keys.filter((other) => other === key).length;
    return [...keys.map((key) => (known.get(key) as number) / alike(key)), stop];
  };
}

/** The same weights wherever an action is possible, whoever attacks. */
export function weightsByAction(
  weightOf: (call: string, action: string) => number,
  stop: number,
): StepWeights {
  return (_base, steps, mayStop) => {
    const found = [...steps.map(({ call, action }) => weightOf(call, action)), mayStop ? stop : 0];
    if (found.some((weight) => weight > 0)) return found;
    // Nothing draws there: the case stops if it may, as it does without an attack.
    return mayStop ? [...steps.map(() => 0), 1] : undefined;
  };
}
