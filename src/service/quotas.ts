import { problem, type Problem } from '../errors/index.ts';
import type { TenantStore } from '../store/index.ts';
import type { Service } from './service.ts';

/** What one organisation may have, so that it leaves room for others. */

type Asked = Pick<Service, 'config' | 'store'>;

export async function openRunsProblem({ config, store }: Asked): Promise<Problem | undefined> {
  const most = config.limits.openRuns;
  const open = await store.runs.open(most);
  if (open < most) return undefined;
  return problem(
    'QUOTA_EXCEEDED',
    'input',
    `the organisation has ${most} runs that have not ended; cancel some, or wait for them`,
  );
}

/** How long a sum over all models counts as fresh. */
const FRESH_MS = 10_000;
const known = new WeakMap<TenantStore, { readonly bytes: number; readonly until: number }>();

/** As of some seconds: a little more may come in meanwhile. */
export async function storageProblem({ config, store }: Asked): Promise<Problem | undefined> {
  const most = config.limits.storedMb * 1024 * 1024;
  const now = Date.now();
  let sum = known.get(store);
  if (!sum || sum.until < now) {
    sum = { bytes: await store.models.storedBytes(), until: now + FRESH_MS };
    known.set(store, sum);
  }
  if (sum.bytes < most) return undefined;
  return problem(
    'QUOTA_EXCEEDED',
    'input.source',
    `the models of the organisation have ${config.limits.storedMb} MiB, and may not have more; erase verdicts of models that nobody needs`,
  );
}
