import type { KeyRole } from '../evidence/signing/keys.ts';
import { ask, serverFrom, type ServerValues } from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';

interface Rotated {
  readonly retired: string;
  readonly successor: string;
  readonly index: number;
  readonly policy: string;
}

/** What else is to be done after a key of this role was replaced. */
const AFTER: Readonly<Record<KeyRole, string>> = {
  verdict: '',
  log: ' And to your witnesses: until they know the key they cosign nothing.',
  ledger:
    ' Send coins to its address; what is left at the old one, `ledger.<hash>.key` among the keys still moves.',
};

/**
 * `probity keys rotate`. Only the service can do it: the change goes into its log, and every
 * process of it must stop using the old key.
 */
export async function rotate(
  asked: ServerValues & { readonly role: KeyRole; readonly reason: string },
  io: CommandIo,
): Promise<Ended> {
  const { role, reason } = asked;
  const { rotateKey } = await ask<{ rotateKey: Rotated }>(
    serverFrom(asked),
    'mutation ($role: KeyRole!, $reason: String!) { rotateKey(role: $role, reason: $reason) { retired successor index policy } }',
    { role, reason },
  );
  const { retired, successor, index, policy } = rotateKey;
  if (!io.json)
    io.stderr(
      `${successor} signs from now on; what ${retired} signed counts ${role === 'verdict' ? 'before' : 'up to'} leaf ${index}. Hand the policy above to whoever verifies.${AFTER[role]}\n`,
    );
  return { exit: EXIT.ok, json: rotateKey, text: () => policy };
}
