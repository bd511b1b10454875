import type { EngineReport, Report } from '../model/outcome.ts';
import type { RunRecord, Tally } from '../store/index.ts';
import { describeError } from './observe.ts';
import type { Service } from './service.ts';

/** Seconds: from a model that a person waits for to one that runs into its limit. */
const BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const LARGER = '+Inf';

/** A metric that all processes keep together (Prometheus exposition formats, 0.0.4). */
export interface KeptMetric {
  readonly name: string;
  readonly type: 'counter' | 'histogram';
  readonly help: string;
}

export const KEPT_METRICS = [
  {
    name: 'probity_engine_answers_total',
    type: 'counter',
    help: 'Answers to properties, by engine, outcome and, of what is unknown, why.',
  },
  {
    name: 'probity_engine_duration_seconds',
    type: 'histogram',
    help: 'How long an engine ran for one run.',
  },
  {
    name: 'probity_properties_total',
    type: 'counter',
    help: 'Properties that were answered, by outcome.',
  },
  {
    name: 'probity_run_wait_seconds',
    type: 'histogram',
    help: 'How long runs waited for a worker.',
  },
  {
    name: 'probity_run_duration_seconds',
    type: 'histogram',
    help: 'From the request to the last answer.',
  },
] as const satisfies readonly KeptMetric[];
type KeptName = (typeof KEPT_METRICS)[number]['name'];

/** Counts an answered run, its worker claimed it at `claimedAt`. Counting fails no run. */
export async function tallyRun(
  { store, logger }: Service,
  run: Pick<RunRecord, 'createdAt'>,
  claimedAt: number,
  report: Report,
): Promise<void> {
  const asked = run.createdAt.getTime();
  const waited = Math.max(0, claimedAt - asked) / 1_000;
  const tallies = [
    ...talliesOf(report),
    ...observed('probity_run_wait_seconds', {}, waited),
    ...observed('probity_run_duration_seconds', {}, Math.max(0, Date.now() - asked) / 1_000),
  ];
  await store.tallies
    .add(summed(tallies))
    .catch((error: unknown) => logger.warn('run.not_tallied', describeError(error)));
}

/** What engines said in one report, and how long each took. */
function talliesOf({ properties, script }: Report): Tally[] {
  const answers = properties.flatMap(({ engines }) => engines);
  // An engine answers several properties in one go, and says of each how long the whole took.
  const longest = new Map<string, number>();
  for (const { name, durationMs } of [...answers, ...(script?.engines ?? [])])
    longest.set(name, Math.max(longest.get(name) ?? 0, durationMs));
  return [
    ...answers.map((answer) => one('probity_engine_answers_total', answerLabels(answer))),
    ...properties.map(({ outcome }) => one('probity_properties_total', { outcome })),
    ...[...longest].flatMap(([engine, ms]) =>
      observed('probity_engine_duration_seconds', { engine }, ms / 1_000),
    ),
  ];
}

const answerLabels = ({ name, outcome, reason }: EngineReport): Tally['labels'] => ({
  engine: name,
  outcome,
  ...(reason === undefined ? {} : { reason }),
});

const one = (metric: KeptName, labels: Tally['labels']): Tally => ({ metric, labels, value: 1 });

/** One observation: only in the first bucket that holds it, and in the sum. */
function observed(metric: KeptName, labels: Tally['labels'], seconds: number): Tally[] {
  const bound = BUCKETS_S.find((most) => seconds <= most);
  const le = bound === undefined ? LARGER : String(bound);
  return [
    { metric: `${metric}_bucket`, labels: { ...labels, le }, value: 1 },
    { metric: `${metric}_sum`, labels, value: seconds },
  ];
}

/** Each name once. */
function summed(tallies: readonly Tally[]): Tally[] {
  const sums = new Map<string, Tally>();
  for (const tally of tallies) {
    const key = JSON.stringify([tally.metric, tally.labels]);
    sums.set(key, { ...tally, value: tally.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}

/** What a metric shows: as kept, and of a histogram each bucket with what is below it. */
export function shownTallies({ name, type }: KeptMetric, kept: readonly Tally[]): Tally[] {
  if (type === 'counter') return kept.filter(({ metric }) => metric === name);
  return kept
    .filter(({ metric }) => metric === `${name}_sum`)
    .flatMap((sum) => {
      const own = JSON.stringify(sum.labels);
      const inBuckets = new Map(
        kept
          .filter(({ metric }) => metric === `${name}_bucket`)
          .filter(({ labels: { le: _le, ...labels } }) => JSON.stringify(labels) === own)
          .map(({ labels, value }) => [labels.le ?? LARGER, value]),
      );
      let below = 0;
      const buckets = [...BUCKETS_S.map(String), LARGER].map((le): Tally => {
        below += inBuckets.get(le) ?? 0;
        return { metric: `${name}_bucket`, labels: { ...sum.labels, le }, value: below };
      });
      return [...buckets, sum, { metric: `${name}_count`, labels: sum.labels, value: below }];
    });
}
