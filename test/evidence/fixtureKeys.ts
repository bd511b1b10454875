import { seedSigner, type InstallationKeys } from '../../src/evidence/signing/keys.ts';

/**
 * The keys of a made-up installation, the same in every run; `who` tells one installation from
 * another.
 */
export async function testKeys(who: string): Promise<InstallationKeys> {
  const byte = (role: number): Uint8Array =>
    new Uint8Array(32).fill(role).map((value, at) => value ^ (who.charCodeAt(at) || 0));
  const [verdict, log, ledger] = await Promise.all(
    ['verdict', 'log', 'ledger'].map((role, at) =>
      seedSigner(`${who}.example/${role}`, byte(at + 1)),
    ),
  );
  if (!verdict || !log || !ledger) throw new Error('three keys');
  return { verdict: verdict.signer, log: log.signer, ledger: ledger.signer };
}
