import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/outcome.ts';
import type { Service } from '../../src/service/service.ts';
import { KEPT_METRICS, shownTallies, tallyRun } from '../../src/service/tally.ts';
import type { Tally } from '../../src/store/index.ts';

const engine = (name: string, outcome: string, durationMs: number, reason?: string) => ({
  name,
  version: '1',
  outcome,
  durationMs,
  ...(reason === undefined ? {} : { reason }),
});
const report = {
  properties: [
    {
      name: 'a',
      outcome: 'holds',
      engines: [engine('explore', 'holds', 40), engine('tlc', 'unknown', 900, 'timeout')],
    },
    { name: 'b', outcome: 'violated', engines: [engine('explore', 'violated', 40)] },
  ],
} as unknown as Report;

/** What is kept after these reports, of runs that were asked for so many seconds ago. */
async function keptOf(...reports: readonly (readonly [Report, number])[]): Promise<Tally[]> {
  const sums = new Map<string, Tally>();
  const add = async (tallies: readonly Tally[]): Promise<void> => {
    expect(new Set(tallies.map((t) => JSON.stringify([t.metric, t.labels]))).size).toBe(
      tallies.length,
    );
    for (const tally of tallies) {
      const key = JSON.stringify([tally.metric, tally.labels]);
      sums.set(key, { ...tally, value: tally.value + (sums.get(key)?.value ?? 0) });
    }
  };
  const service = { store: { tallies: { add } } } as unknown as Service;
  for (const [each, agoS] of reports) {
    const createdAt = new Date(Date.now() - agoS * 1_000);
    await tallyRun(service, { createdAt }, Date.now() - (agoS * 1_000) / 2, each);
  }
  return [...sums.values()];
}

const shown = (name: string, kept: readonly Tally[]): [string, string, number][] =>
  KEPT_METRICS.filter((metric) => metric.name === name).flatMap((metric) =>
    shownTallies(metric, kept).map(
      ({ metric: line, labels, value }) =>
        [line, Object.values(labels).join(' '), value] as [string, string, number],
    ),
  );

describe('what runs leave in the metrics', () => {
  it('counts answers by engine, outcome and reason, and properties by outcome', async () => {
    const kept = await keptOf([report, 1], [report, 1]);
    expect(shown('probity_engine_answers_total', kept)).toEqual([
      ['probity_engine_answers_total', 'explore holds', 2],
      ['probity_engine_answers_total', 'tlc unknown timeout', 2],
      ['probity_engine_answers_total', 'explore violated', 2],
    ]);
    expect(shown('probity_properties_total', kept).map(([, labels, n]) => [labels, n])).toEqual([
      ['holds', 2],
      ['violated', 2],
    ]);
  });

  it('observes an engine once a run, however many properties it answered', async () => {
    const lines = shown('probity_engine_duration_seconds', await keptOf([report, 1]));
    const explore = lines.filter(([, labels]) => labels.startsWith('explore'));
    expect(explore.slice(0, 2)).toEqual([
      ['probity_engine_duration_seconds_bucket', 'explore 0.05', 1],
      ['probity_engine_duration_seconds_bucket', 'explore 0.1', 1],
    ]);
    expect(explore.slice(-2)).toEqual([
      ['probity_engine_duration_seconds_sum', 'explore', 0.04],
      ['probity_engine_duration_seconds_count', 'explore', 1],
    ]);
    const tlc = lines.filter(
      ([line, labels]) => line.endsWith('bucket') && labels.startsWith('tlc'),
    );
    expect(tlc.map(([, , n]) => n)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('counts in each bucket what is below it, and what is above them all in the last', async () => {
    const kept = await keptOf([report, 0.07], [report, 20], [report, 4_000]);
    const lines = shown('probity_run_duration_seconds', kept);
    const counts = Object.fromEntries(
      lines.filter(([line]) => line.endsWith('bucket')).map(([, le, n]) => [le, n]),
    );
    expect([counts['0.05'], counts['10'], counts['30'], counts['1800'], counts['+Inf']]).toEqual([
      0, 1, 2, 2, 3,
    ]);
    expect(lines.at(-1)?.[2]).toBe(3);
    expect(lines.at(-2)?.[2]).toBeGreaterThan(4_020);
    expect(shown('probity_run_wait_seconds', kept).at(-2)?.[2]).toBeCloseTo(2_010, 0);
  });

  it('fails no run where the database does not take it', async () => {
    const warned: string[] = [];
    const service = {
      store: { tallies: { add: () => Promise.reject(new Error('away')) } },
      logger: { warn: (event: string) => warned.push(event) },
    } as unknown as Service;
    await tallyRun(service, { createdAt: new Date() }, Date.now(), report);
    expect(warned).toEqual(['run.not_tallied']);
  });
});
