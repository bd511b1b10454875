import { Fault, invariant } from '../../errors/index.ts';
import { HashLevels } from './levels.ts';
import type { LogStore } from './store.ts';

/** A log that ends with its process: for tests, and for checking without a data folder. */
export function memoryLogStore(): LogStore {
  const leaves: Uint8Array[] = [];
  const nodes = new HashLevels();
  let current: string | undefined;
  return {
    async checkpoint() {
      return current;
    },
    async leaves(first, count) {
      return leaves.slice(first, first + count);
    },
    async nodes(ids) {
      return ids.map((id) => {
        const hash = nodes.get(id);
        if (hash === undefined)
          throw new Fault('LOG_CORRUPT', `node ${id.level}/${id.index} is missing`);
        return hash;
      });
    },
    async find(leafHash) {
      return nodes.find(leafHash);
    },
    async commit(change) {
      if (change.expected !== current) return false;
      invariant(
        change.firstIndex === leaves.length,
        'a commit that expects the checkpoint knows the size',
      );
      leaves.push(...change.leaves);
      for (const node of change.nodes) invariant(nodes.append(node), 'nodes come in order');
      current = change.checkpoint;
      return true;
    },
  };
}
