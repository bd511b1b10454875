import { isFinished, RUN_STATES, type Tally } from '../store/index.ts';
import { ledgerState } from './anchor.ts';
import { witnessState } from './cosign.ts';
import type { Installation } from './service.ts';

/**
 * One dependency as `/readyz` shows it. Only what a verdict needs makes the service unready: ledger
 * and witnesses may be away.
 */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

export async function readiness(installation: Installation): Promise<Readiness> {
  const { store, queues, notary } = installation;
  const [database, queue, log, ledger, witnesses] = await Promise.allSettled([
    store.ping(),
    queues.depth(),
    notary.log.size(),
    ledgerState(installation),
    witnessState(installation),
  ]);
  const checks = {
    database: outcome(database),
    queue: outcome(queue),
    log: outcome(log),
    ledger: ledger.status === 'fulfilled' ? ledger.value : outcome(ledger),
    witnesses: witnesses.status === 'fulfilled' ? witnesses.value : outcome(witnesses),
  };
  return { ready: checks.database.ok && checks.queue.ok && checks.log.ok, checks };
}

function outcome(result: PromiseSettledResult<unknown>): { ok: boolean; detail?: string } {
  if (result.status === 'fulfilled') return { ok: true };
  return { ok: false, detail: result.reason instanceof Error ? result.reason.message : 'failed' };
}

/** What is counted over all processes. */
export interface Figures {
  /** All states, also those in which no run is. */
  readonly runs: readonly (readonly [string, number])[];
  readonly openRuns: number;
  /** Seconds; 0 where nothing waits. */
  readonly oldestQueuedS: number;
  readonly verdicts: number;
  readonly jobs: { readonly check: number; readonly anchor: number };
  readonly logSize: number;
  /** The size under the last checkpoint with a quorum; absent where nobody is asked to cosign. */
  readonly cosignedSize?: number;
  readonly waitingAnchors: number;
  /** Deliveries of webhooks that wait, and how long the one that is overdue longest. */
  readonly deliveries: { readonly count: number; readonly overdueS: number };
  /** What all processes count together, as it is kept. */
  readonly tallies: readonly Tally[];
}

export async function figures({ store, queues, notary }: Installation): Promise<Figures> {
  const [
    oldestQueuedS,
    counts,
    verdicts,
    jobs,
    logSize,
    waitingAnchors,
    cosigned,
    deliveries,
    tallies,
  ] = await Promise.all([
    store.all.runs.oldestQueuedS(),
    store.all.runs.counts(),
    store.all.verdicts.count(),
    queues.depth(),
    notary.log.size(),
    store.anchors.pending(),
    store.cosigned.newest(true),
    store.all.deliveries.waiting(),
    store.tallies.all(),
  ]);
  const runs = RUN_STATES.map((state) => [state, counts.get(state) ?? 0] as const);
  return {
    oldestQueuedS,
    runs,
    openRuns: runs.reduce((sum, [state, count]) => sum + (isFinished(state) ? 0 : count), 0),
    verdicts,
    jobs,
    logSize,
    ...(notary.witnesses && { cosignedSize: cosigned?.size ?? 0 }),
    waitingAnchors,
    deliveries,
    tallies,
  };
}
