import { isDuplicate, type Client } from './client.ts';

export interface RememberedAnswer {
  readonly inputDigest: string;
  readonly resultId: string;
}

/**
 * Answers remembered under a key of the caller's, so that a repeated request does not do its work
 * twice.
 */
export class IdempotencyKeys {
  private readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  async find(owner: string, operation: string, key: string): Promise<RememberedAnswer | undefined> {
    const where = { owner_operation_key: { owner, operation, key } };
    return (
      (await this.client.prisma.idempotency.findUnique({
        where,
        select: { inputDigest: true, resultId: true },
      })) ?? undefined
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
      await this.client.prisma.idempotency.create({ data: { owner, operation, key, ...answer } });
      return answer;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return (await this.find(owner, operation, key)) ?? answer;
    }
  }
}
