import type { TenantRows } from './client.ts';
import { newId } from './ids.ts';

/** What became of an attempt: who, at what, when, and how it came out. */
export interface AttemptRecord {
  readonly id: string;
  /** A pseudonym of the portal's. */
  readonly learner: string;
  /** Empty where none was named. */
  readonly className: string;
  readonly exercise: string;
  readonly verdict: string;
  readonly score: number;
  /** The stage of the hint that was asked for. */
  readonly hint: number;
  readonly answerDigest: string;
  readonly createdAt: Date;
}

export interface AttemptFilter {
  readonly learner?: string;
  readonly className?: string;
  readonly exercise?: string;
}

/** Attempts at exercises in an organisation. Nothing of what was handed in but its digest. */
export class Attempts {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async add(attempt: Omit<AttemptRecord, 'id' | 'createdAt'>): Promise<void> {
    const { organisationId } = this.tenant;
    const data = { ...attempt, id: newId('att'), organisationId };
    await this.tenant.in((rows) => rows.attempt.create({ data }));
  }

  /** The latest ones that fit, oldest first. */
  async list(where: AttemptFilter, most: number): Promise<AttemptRecord[]> {
    const found = await this.tenant.in((rows) =>
      rows.attempt.findMany({
        where,
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: most,
      }),
    );
    return found.reverse().map(({ organisationId: _organisation, ...row }) => row);
  }

  /** Deletes all of a learner, and says how many there were. */
  async erase(learner: string): Promise<number> {
    const { count } = await this.tenant.in((rows) =>
      rows.attempt.deleteMany({ where: { learner } }),
    );
    return count;
  }
}
