import { isFinished, type RunHead } from '../store/index.ts';
import { follow } from './follow.ts';
import type { Service } from './service.ts';

/** A run now and after each change, until it has ended. */
export function watchRun({ store }: Service, id: string): AsyncIterableIterator<RunHead> {
  let seen = -1;
  return follow(
    (ring) => store.notices.onRun(id, ring),
    async () => {
      const run = await store.runs.head(id);
      if (!run) return { values: [], then: 'over' };
      const values = run.version > seen ? [run] : [];
      seen = Math.max(seen, run.version);
      return { values, then: isFinished(run.state) ? 'over' : 'wait' };
    },
  );
}
