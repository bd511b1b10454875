import { isFinished, RUN_STATES } from '../store/index.ts';
import { ledgerState } from '../service/anchor.ts';
import { witnessState } from '../service/cosign.ts';
import type { Service } from '../service/service.ts';

/**
 * One dependency as `/readyz` shows it. Only what a verdict needs makes the service unready: ledger
 * and witnesses may be away.
 */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
}

export async function readiness(service: Service): Promise<Readiness> {
  const { store, queues, notary } = service;
  const [database, queue, log, ledger, witnesses] = await Promise.allSettled([
    store.ping(),
    queues.depth(),
    notary.log.size(),
    ledgerState(service),
    witnessState(service),
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

/** Counts of this process; the rest is read from the store when asked. */
export class Counters {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  entries(): IterableIterator<[string, number]> {
    return this.counts.entries();
  }
}

/** Prometheus text, version 0.0.4. */
export async function metricsText(
  { store, queues, notary }: Service,
  counters: Counters,
): Promise<string> {
  const [runs, verdicts, depth, size, waiting, cosigned] = await Promise.all([
    store.runs.counts(),
    store.verdicts.count(),
    queues.depth(),
    notary.log.size(),
    store.anchors.pending(),
    store.cosigned.newest(true),
  ]);
  const lines: string[] = [];
  const metric = (
    name: string,
    type: 'gauge' | 'counter',
    help: string,
    values: readonly (readonly [string, number])[],
  ): void => {
    lines.push(
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...values.map(([labels, value]) => `${name}${labels} ${value}`),
    );
  };
  metric(
    'probity_runs',
    'gauge',
    'Runs by state.',
    RUN_STATES.map((state) => [`{state="${state}"}`, runs.get(state) ?? 0]),
  );
  metric('probity_runs_open', 'gauge', 'Runs that have not ended.', [
    [
      '',
      RUN_STATES.filter((state) => !isFinished(state)).reduce(
        (sum, state) => sum + (runs.get(state) ?? 0),
        0,
      ),
    ],
  ]);
  metric('probity_verdicts', 'gauge', 'Sealed verdicts.', [['', verdicts]]);
  metric('probity_queue_jobs', 'gauge', 'Jobs that wait.', [
    ['{queue="check"}', depth.check],
    ['{queue="anchor"}', depth.anchor],
  ]);
  metric('probity_log_size', 'gauge', 'Leaves of the transparency log.', [['', size]]);
  if (notary.witnesses)
    metric(
      'probity_log_cosigned_size',
      'gauge',
      'Leaves of the log under a checkpoint that a quorum of witnesses cosigned.',
      [['', cosigned?.size ?? 0]],
    );
  metric('probity_anchors_waiting', 'gauge', 'Checkpoints that wait for the ledger.', [
    ['', waiting],
  ]);
  metric(
    'probity_http_requests_total',
    'counter',
    'Answers by status, of this process.',
    [...counters.entries()].map(([status, count]) => [`{status="${status}"}`, count]),
  );
  metric('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.', [
    ['', process.memoryUsage.rss()],
  ]);
  metric('process_uptime_seconds', 'gauge', 'Seconds since this process started.', [
    ['', Math.round(process.uptime())],
  ]);
  return `${lines.join('\n')}\n`;
}
