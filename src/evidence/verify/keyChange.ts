import type { VerifierCrypto } from '../formats/crypto.ts';
import { parseEnvelope, preAuthEncoding } from '../formats/dsse.ts';
import type { KeyChange, LoggedStatement } from '../statements/revocation.ts';
import { ED25519, keyIdOf, parseVkey, type VerificationKey } from '../formats/note.ts';
import { isKeyChange } from '../statements/validate.ts';
import { toHex, utf8 } from '../formats/encoding.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { openLogged } from './logged.ts';
import type { TrustPolicy } from '../formats/policy.ts';

export type CheckedKeyChange =
  | { readonly ok: true; readonly change: KeyChange['predicate']; readonly index: number }
  | {
      readonly ok: false;
      readonly reason: 'shape' | 'signature' | 'leaf' | 'inclusion' | 'untrusted';
    };

/**
 * Whether a key that the policy trusts was replaced by the one that is named: signed by both, and
 * in the log. What comes of it is the reader's to decide; a policy does not change by itself.
 */
export async function verifyKeyChange(
  entry: LoggedStatement,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<CheckedKeyChange> {
  const parsed = parseEnvelope(utf8(entry.envelope));
  const json = parsed.ok ? parseCanonicalJson(parsed.envelope.payload) : undefined;
  if (!parsed.ok || !json?.ok || !isKeyChange(json.value)) return { ok: false, reason: 'shape' };
  const { subject, predicate } = json.value;
  const [retired, successor] = [
    await parseVkey(predicate.retired, crypto.sha256),
    await parseVkey(predicate.successor, crypto.sha256),
  ];
  const signers = parsed.envelope.signatures.map(({ keyid }) => keyid);
  const named =
    retired !== undefined &&
    successor !== undefined &&
    signers.length === 2 &&
    signers[0] === keyIdOf(retired) &&
    signers[1] === keyIdOf(successor) &&
    predicate.issuer.key === keyIdOf(retired) &&
    subject[0].name === keyIdOf(successor) &&
    keyIdOf(retired) !== keyIdOf(successor) &&
    // A log keeps its name, which is its origin.
    retired.type === ED25519 &&
    successor.type === ED25519 &&
    (predicate.role !== 'log' || retired.name === successor.name);
  if (!named) return { ok: false, reason: 'shape' };
  const message = preAuthEncoding(parsed.envelope.payloadType, parsed.envelope.payload);
  const bySuccessor = await crypto.verifyEd25519(
    successor.publicKey,
    message,
    parsed.envelope.signatures[1]?.sig ?? new Uint8Array(0),
  );
  if (!bySuccessor) return { ok: false, reason: 'signature' };
  // Where the old key's trust ends is what this statement says: the end that a policy may already
  // name does not count here.
  if (!(await isTrusted(predicate.role, retired, policy, crypto)))
    return { ok: false, reason: 'untrusted' };
  const opened = await openLogged(entry, [retired], policy, crypto);
  if (!opened.ok) return opened;
  if (opened.leaf.kind !== 'key' || opened.leaf.id !== predicate.id)
    return { ok: false, reason: 'leaf' };
  return { ok: true, change: predicate, index: opened.index };
}

/** A ledger key stands in a policy by its address. */
async function isTrusted(
  role: KeyChange['predicate']['role'],
  key: VerificationKey,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<boolean> {
  if (role !== 'ledger')
    return (role === 'verdict' ? policy.verdicts : policy.logs).some(
      ({ vkey }) => vkey === key.vkey,
    );
  const address = `0x${toHex(await crypto.blake2b256(key.publicKey))}`;
  return policy.ledgers.some((sender) => sender.address === address);
}
