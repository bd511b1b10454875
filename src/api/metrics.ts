import { figures } from '../service/state.ts';
import type { Installation } from '../service/service.ts';

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
export async function metricsText(installation: Installation, counters: Counters): Promise<string> {
  const { runs, openRuns, verdicts, jobs, logSize, cosignedSize, waitingAnchors } =
    await figures(installation);
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
    runs.map(([state, count]) => [`{state="${state}"}`, count]),
  );
  metric('probity_runs_open', 'gauge', 'Runs that have not ended.', [['', openRuns]]);
  metric('probity_verdicts', 'gauge', 'Sealed verdicts.', [['', verdicts]]);
  metric('probity_queue_jobs', 'gauge', 'Jobs that wait.', [
    ['{queue="check"}', jobs.check],
    ['{queue="anchor"}', jobs.anchor],
  ]);
  metric('probity_log_size', 'gauge', 'Leaves of the transparency log.', [['', logSize]]);
  if (cosignedSize !== undefined)
    metric(
      'probity_log_cosigned_size',
      'gauge',
      'Leaves of the log under a checkpoint that a quorum of witnesses cosigned.',
      [['', cosignedSize]],
    );
  metric('probity_anchors_waiting', 'gauge', 'Checkpoints that wait for the ledger.', [
    ['', waitingAnchors],
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
