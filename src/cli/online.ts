import { problem } from '../errors/index.ts';
import { ask, Refused, serverFrom } from './client.ts';
import type { Io } from './io.ts';
import { talking } from './remote.ts';

/**
 * The `status.json` of now for a receipt whose checkpoint has the size `since`, or the exit code of
 * a server that does not answer or does not know the verdict.
 */
export async function askStatus(
  from: { readonly server?: string | undefined; readonly key?: string | undefined },
  about: { readonly id: string; readonly since: number },
  io: Io,
  json: boolean,
): Promise<string | number> {
  let proof: string | undefined;
  const exit = await talking(io, json, async () => {
    const server = serverFrom({
      ...(from.server === undefined ? {} : { server: from.server }),
      ...(from.key === undefined ? {} : { key: from.key }),
    });
    const { verdict } = await ask<{ verdict: { status: { proof: string } | null } | null }>(
      server,
      'query ($id: ID!, $since: Int) { verdict(id: $id) { status(since: $since) { proof } } }',
      about,
    );
    proof = verdict?.status?.proof;
    if (proof === undefined)
      throw new Refused([
        problem('NOT_FOUND', about.id, 'the server does not know this verdict, or has erased it'),
      ]);
    return 0;
  });
  return proof ?? exit;
}
