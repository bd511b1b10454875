import { randomBytes } from 'node:crypto';
import { canonicalJson, sha256 } from '../../canonical/index.ts';
import { formatEnvelope, PAYLOAD_TYPE, preAuthEncoding } from '../formats/dsse.ts';
import { toBase64, utf8 } from '../formats/encoding.ts';
import type { Signer } from './signer.ts';
import {
  leafDigest,
  SALT_BYTES,
  type Leaf,
  type LeafKind,
  type SignedStatement,
} from '../statements/leaf.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';

/** Signs the canonical text of a statement with each signer, in this order. */
export async function signEnvelope(
  statement: unknown,
  signers: readonly Signer[],
): Promise<{ envelope: string; payload: Uint8Array }> {
  const payload = utf8(canonicalJson(statement));
  const message = preAuthEncoding(PAYLOAD_TYPE, payload);
  const signatures = [];
  for (const signer of signers)
    signatures.push({ keyid: signer.keyId, sig: await signer.sign(message) });
  return { envelope: formatEnvelope({ payloadType: PAYLOAD_TYPE, payload, signatures }), payload };
}

/** Signs a statement and prepares its leaf under a fresh salt. Touches no log and no disk. */
export async function signForLog(
  statement: unknown,
  signers: readonly Signer[],
  leaf: { readonly kind: LeafKind; readonly id: string; readonly prev?: string },
): Promise<SignedStatement> {
  const { envelope, payload } = await signEnvelope(statement, signers);
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const { kind, id, prev } = leaf;
  const text: Leaf = {
    v: 1,
    kind,
    id,
    digest: await leafDigest(salt, payload, nodeCrypto.sha256),
    ...(prev === undefined ? {} : { prev }),
  };
  return {
    statementDigest: sha256(payload),
    envelope,
    salt: toBase64(salt),
    leaf: canonicalJson(text),
  };
}
