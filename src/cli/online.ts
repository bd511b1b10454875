import { problem } from '../errors/index.ts';
import { ask, serverFrom, type ServerValues } from './client.ts';
import { RefusedByServer } from './refused.ts';

/**
 * The `status.json` of now for a receipt whose checkpoint has the size `since`. Throws
 * `RefusedByServer` where the server does not know the verdict, and as `ask` does.
 */
export async function askStatus(
  from: ServerValues,
  about: { readonly id: string; readonly since: number },
): Promise<string> {
  const { verdict } = await ask<{ verdict: { status: { proof: string } | null } | null }>(
    serverFrom(from),
    'query ($id: ID!, $since: Int) { verdict(id: $id) { status(since: $since) { proof } } }',
    about,
  );
  if (verdict?.status) return verdict.status.proof;
  throw new RefusedByServer([
    problem('NOT_FOUND', about.id, 'the server does not know this verdict, or has erased it'),
  ]);
}
