import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../src/errors/index.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import { chainOfValuation, type StateChain } from '../../src/risk/chain.ts';
import { exploreLosses, type Loss } from '../../src/risk/explored.ts';
import { RISK_DEFAULTS } from '../../src/risk/index.ts';
import { inspect } from '../../src/checking/inspect.ts';

export const repository = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

export function codes(result: Result<unknown>): string[] {
  return result.ok ? [] : result.problems.map((p) => p.code);
}

export async function semanticsOf(source: string): Promise<Semantics> {
  return value(await inspect({ source, format: 'native', name: 'model.yaml' })).semantics;
}

export async function parcel(): Promise<{
  readonly semantics: Semantics;
  readonly digest: string;
}> {
  return value(
    await inspect({
      source: await readFile(repository('specs/demo/parcel-risk.yaml'), 'utf8'),
      format: 'native',
      name: 'parcel-risk.yaml',
    }),
  );
}

export async function chainFor(
  semantics: Semantics,
  property?: string,
  valuation = 0,
): Promise<StateChain> {
  const found = semantics.model.properties.find((p) => p.name === property);
  const loss: Loss = found ? { kind: 'property', property: found } : { kind: 'none' };
  const { graph, loss: flags } = value(
    await exploreLosses(semantics, loss, RISK_DEFAULTS, new AbortController().signal),
  );
  return chainOfValuation(graph, valuation, flags);
}

/** The counts of each branch by `node action → node`, those that are 0 left out. */
export function named(chain: StateChain, counts: Float64Array): Record<string, number> {
  const found: Record<string, number> = {};
  for (let node = 0; node < chain.topology.nodes; node += 1) {
    for (
      let b = chain.topology.rows[node] as number;
      b < (chain.topology.rows[node + 1] as number);
      b += 1
    ) {
      if (counts[b] === 0) continue;
      const what =
        chain.instances[b]?.action.name ??
        ((chain.topology.targets[b] as number) < 0 ? 'stop' : 'start');
      found[`${node === chain.root ? 'root' : node} ${what} ${chain.topology.targets[b]}`] = counts[
        b
      ] as number;
    }
  }
  return found;
}

/**
 * Two ways to say `go` at the start; only one of them lets `b` follow. `loop` and `stop` tell a
 * case that may stop anywhere.
 */
export const FORK = `
probity: 1
name: Fork
variables:
  at: { type: "enum [s, left, right, end, lost]", init: s }
actors: { a: { trust: trusted } }
sets: { Side: [l, r] }
actions:
  go: { actor: a, for: { side: Side }, label: Leave, when: at = s, then: { at: if side = l then left else right } }
  b: { actor: a, when: at = left, then: { at: end } }
  c: { actor: a, when: "at in (left, right)", then: { at: end } }
  lose: { actor: a, when: at = right, then: { at: lost } }
  back: { actor: a, when: at = end, then: { at: s }, fair: weak }
properties:
  safe: { never: at = lost }
  live: { eventually: at = end }
final: at in (end, lost)
`;
