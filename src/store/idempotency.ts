import { isDuplicate, type TenantRows } from './client.ts';

export interface RememberedAnswer {
  readonly inputDigest: string;
  readonly resultId: string;
}

/**
 * Answers remembered under a key of the caller's, so that a repeated request does not do its work
 * twice.
 */
export class IdempotencyKeys {
  private readonly tenant: TenantRows;

  constructor(tenant: TenantRows) {
    this.tenant = tenant;
  }

  async find(owner: string, operation: string, key: string): Promise<RememberedAnswer | undefined> {
    const { organisationId } = this.tenant;
    const where = {
      organisationId_owner_operation_key: { organisationId, owner, operation, key },
    };
    const select = { inputDigest: true, resultId: true } as const;
    return (
      (await this.tenant.in((rows) => rows.idempotency.findUnique({ where, select }))) ?? undefined
    );
  }

  /** The first answer under a key stays; the one that stays is returned. */
  async remember(
    owner: string,
    operation: string,
    key: string,
    answer: RememberedAnswer,
  ): Promise<RememberedAnswer> {
    try {
      const { organisationId } = this.tenant;
      const data = { organisationId, owner, operation, key, ...answer };
      await this.tenant.in((rows) => rows.idempotency.create({ data }));
      return answer;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return (await this.find(owner, operation, key)) ?? answer;
    }
  }
}
