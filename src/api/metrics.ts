import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Installation } from '../service/service.ts';
import { figures, type Figures } from '../service/state.ts';
import { KEPT_METRICS, shownTallies, type KeptMetric } from '../service/tally.ts';
import type { Tally } from '../store/index.ts';

/** Seconds: from what answers at once to what nobody waits for. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * `/metrics` (Prometheus text, 0.0.4): what this process counts, and what is read from the store
 * when somebody asks.
 */
export class Metrics {
  private readonly own = new Registry();
  private readonly answers: Counter<'status'>;
  private readonly durations: Histogram<'route'>;

  constructor() {
    const registers = [this.own];
    this.answers = new Counter({
      name: 'probity_http_requests_total',
      help: 'Answers by status, of this process.',
      labelNames: ['status'],
      registers,
    });
    this.durations = new Histogram({
      name: 'probity_http_request_duration_seconds',
      help: 'How long answers took, of this process.',
      labelNames: ['route'],
      buckets: BUCKETS_S,
      registers,
    });
    const uptime: Gauge = new Gauge({
      name: 'process_uptime_seconds',
      help: 'Seconds since this process started.',
      registers,
      collect: () => uptime.set(Math.round(process.uptime())),
    });
    collectDefaultMetrics({ register: this.own });
  }

  get contentType(): string {
    return this.own.contentType;
  }

  answered(status: number): void {
    this.answers.inc({ status: String(status) });
  }

  took(route: string, seconds: number): void {
    this.durations.observe({ route }, seconds);
  }

  async text(installation: Installation): Promise<string> {
    const found = await figures(installation);
    const stored = new Registry();
    for (const row of rowsOf(found)) gauge(stored, row);
    for (const metric of KEPT_METRICS)
      stored.registerMetric(new Kept(metric, shownTallies(metric, found.tallies)));
    return Registry.merge([stored, this.own]).metrics();
  }
}

/** One that is kept with its values: the library's own only count what is observed here. */
class Kept extends Gauge {
  private readonly metric: KeptMetric;
  private readonly tallies: readonly Tally[];

  constructor(metric: KeptMetric, tallies: readonly Tally[]) {
    super({ name: metric.name, help: metric.help, registers: [] });
    this.metric = metric;
    this.tallies = tallies;
  }

  override get(): ReturnType<Gauge['get']> {
    const { name, help, type } = this.metric;
    const values = this.tallies.map(({ metric, labels, value }) => ({
      metricName: metric,
      labels,
      value,
    }));
    return Promise.resolve({ name, help, type, aggregator: 'sum', values } as never);
  }
}

interface GaugeRow {
  readonly name: string;
  readonly help: string;
  readonly values: readonly (readonly [Readonly<Record<string, string>>, number])[];
}

function gauge(registry: Registry, { name, help, values }: GaugeRow): void {
  const labelNames = Object.keys(values[0]?.[0] ?? {});
  const made = new Gauge({ name, help, labelNames, registers: [registry] });
  for (const [labels, value] of values) made.set(labels, value);
}

function rowsOf(found: Figures): GaugeRow[] {
  const { oldestQueuedS, runs, openRuns, verdicts, jobs, logSize, cosignedSize } = found;
  const { waitingAnchors, deliveries } = found;
  const row = (name: string, help: string, value: number): GaugeRow => ({
    name,
    help,
    values: [[{}, value]],
  });
  return [
    {
      name: 'probity_runs',
      help: 'Runs by state.',
      values: runs.map(([state, count]) => [{ state }, count]),
    },
    row('probity_runs_open', 'Runs that have not ended.', openRuns),
    row('probity_queue_age_seconds', 'How long the run waits that waits longest.', oldestQueuedS),
    row('probity_verdicts', 'Sealed verdicts.', verdicts),
    {
      name: 'probity_queue_jobs',
      help: 'Jobs that wait.',
      values: Object.entries(jobs).map(([queue, count]) => [{ queue }, count]),
    },
    row('probity_log_size', 'Leaves of the transparency log.', logSize),
    ...(cosignedSize === undefined
      ? []
      : [row('probity_log_cosigned_size', COSIGNED, cosignedSize)]),
    row('probity_anchors_waiting', 'Checkpoints that wait for the ledger.', waitingAnchors),
    row(
      'probity_webhook_deliveries_waiting',
      'Deliveries of webhooks that wait.',
      deliveries.count,
    ),
    row(
      'probity_webhook_overdue_seconds',
      'How long the delivery is overdue that is overdue longest.',
      deliveries.overdueS,
    ),
  ];
}

const COSIGNED = 'Leaves of the log under a checkpoint that a quorum of witnesses cosigned.';
