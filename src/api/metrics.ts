import { figures, type Figures } from '../service/state.ts';
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

/** Seconds: from what answers at once to what nobody waits for. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long answers took, of this process, by what was asked. */
export class Durations {
  private readonly kinds = new Map<string, { counts: number[]; sum: number; count: number }>();

  add(kind: string, seconds: number): void {
    const known = this.kinds.get(kind) ?? { counts: BUCKETS_S.map(() => 0), sum: 0, count: 0 };
    this.kinds.set(kind, known);
    known.counts = known.counts.map((count, i) =>
      seconds <= (BUCKETS_S[i] ?? 0) ? count + 1 : count,
    );
    known.sum += seconds;
    known.count += 1;
  }

  /** As Prometheus has histograms: each bucket counts what is below it, too. */
  lines(): string[] {
    const name = 'probity_http_request_duration_seconds';
    const rows = [...this.kinds].flatMap(([kind, { counts, sum, count }]) => [
      ...counts.map((below, i) => `${name}_bucket{route="${kind}",le="${BUCKETS_S[i]}"} ${below}`),
      `${name}_bucket{route="${kind}",le="+Inf"} ${count}`,
      `${name}_sum{route="${kind}"} ${sum}`,
      `${name}_count{route="${kind}"} ${count}`,
    ]);
    return [
      `# HELP ${name} How long answers took, of this process.`,
      `# TYPE ${name} histogram`,
      ...rows,
    ];
  }
}

/** Prometheus text, version 0.0.4. */
export async function metricsText(
  installation: Installation,
  counters: Counters,
  durations = new Durations(),
): Promise<string> {
  const found = await figures(installation);
  const { oldestQueuedS, runs, openRuns, verdicts, jobs, logSize, cosignedSize } = found;
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
  metric('probity_queue_age_seconds', 'gauge', 'How long the run waits that waits longest.', [
    ['', oldestQueuedS],
  ]);
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
  metric('probity_anchors_waiting', 'gauge', ANCHORS, [['', found.waitingAnchors]]);
  webhookMetrics(metric, found.deliveries);
  metric(
    'probity_http_requests_total',
    'counter',
    'Answers by status, of this process.',
    [...counters.entries()].map(([status, count]) => [`{status="${status}"}`, count]),
  );
  lines.push(...durations.lines());
  metric('process_resident_memory_bytes', 'gauge', 'Resident memory of this process.', [
    ['', process.memoryUsage.rss()],
  ]);
  metric('process_uptime_seconds', 'gauge', 'Seconds since this process started.', [
    ['', Math.round(process.uptime())],
  ]);
  return textOf(lines);
}

function webhookMetrics(
  metric: (...row: [string, 'gauge', string, readonly (readonly [string, number])[]]) => void,
  { count, overdueS }: Figures['deliveries'],
): void {
  const waiting = 'Deliveries of webhooks that wait.';
  const overdue = 'How long the delivery is overdue that is overdue longest.';
  metric('probity_webhook_deliveries_waiting', 'gauge', waiting, [['', count]]);
  metric('probity_webhook_overdue_seconds', 'gauge', overdue, [['', overdueS]]);
}

const ANCHORS = 'Checkpoints that wait for the ledger.';
const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
