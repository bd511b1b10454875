import type { Client } from './client.ts';
import { databaseFault } from './faults.ts';

/** A number that only grows, by the name of a metric and its labels. */
export interface Tally {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Sums over all processes that there are and were. */
export class Tallies {
  private readonly pool: Client['pool'];

  constructor({ pool }: Client) {
    this.pool = pool;
  }

  /** Adds to what is there, all or nothing. Names are given once each. */
  async add(tallies: readonly Tally[]): Promise<void> {
    // In one order, so that two who add at once wait for each other rather than both for ever.
    const rows = tallies
      .map(({ metric, labels, value }) => ({ metric, labels: keyOf(labels), value }))
      .sort((a, b) => (`${a.metric} ${a.labels}` < `${b.metric} ${b.labels}` ? -1 : 1));
    await this.pool
      .query(
        `INSERT INTO "tallies" ("metric", "labels", "value")
         SELECT * FROM unnest($1::text[], $2::text[], $3::double precision[])
         ON CONFLICT ("metric", "labels")
         DO UPDATE SET "value" = "tallies"."value" + excluded."value"`,
        [rows.map((r) => r.metric), rows.map((r) => r.labels), rows.map((r) => r.value)],
      )
      .catch((error: unknown) => {
        throw databaseFault(error);
      });
  }

  async all(): Promise<Tally[]> {
    const { rows } = await this.pool
      .query<{ metric: string; labels: string; value: number }>(
        'SELECT "metric", "labels", "value" FROM "tallies" ORDER BY "metric", "labels"',
      )
      .catch((error: unknown) => {
        throw databaseFault(error);
      });
    return rows.map((row) => ({ ...row, labels: JSON.parse(row.labels) as Tally['labels'] }));
  }
}

const keyOf = (labels: Tally['labels']): string =>
  JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
