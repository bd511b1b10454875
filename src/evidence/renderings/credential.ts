import { canonicalJson, type Json } from '../../canonical/index.ts';
import { concat, toBase58, utf8 } from '../formats/encoding.ts';
import type { Signer } from '../signing/signer.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import type { Statement } from '../statements/statement.ts';

/**
 * W3C Verifiable Credentials 2.0: with a Data Integrity proof (eddsa-jcs-2022), or enveloped as a
 * JWT (vc+jwt, EdDSA).
 */

const CONTEXT = [
  'https://www.w3.org/ns/credentials/v2',
  { '@vocab': 'urn:probity:vocab:v1#' },
] as const;
/** Multicodec `ed25519-pub` as a varint, and the multibase letter of base58btc (did:key). */
const ED25519_PUB = Uint8Array.of(0xed, 0x01);

/**
 * `did:key` of an Ed25519 key: the key itself, so that nothing has to be looked up. Whether to
 * trust it is the policy's to say.
 */
export const didOf = ({ publicKey }: { readonly publicKey: Uint8Array }): string =>
  `did:key:z${toBase58(concat(ED25519_PUB, publicKey))}`;
const methodOf = (key: { readonly publicKey: Uint8Array }): string =>
  `${didOf(key)}#${didOf(key).slice('did:key:'.length)}`;

export interface LogPosition {
  readonly statementDigest: string;
  readonly leaf: string;
  readonly logIndex: number;
  readonly receipt: string;
}

/**
 * A verdict as a credential about its model. What proves it beyond the signature is in `evidence`.
 */
export function credentialOf(
  { subject, predicate }: Statement,
  logged: LogPosition,
  signer: Signer,
): Readonly<Record<string, Json>> {
  return {
    '@context': CONTEXT as unknown as Json,
    id: `urn:probity:verdict:${predicate.id}`,
    type: ['VerifiableCredential', 'FormalVerdictCredential'],
    issuer: { id: didOf(signer), name: predicate.issuer.name },
    validFrom: predicate.issuedAt,
    ...(predicate.validUntil === undefined ? {} : { validUntil: predicate.validUntil }),
    credentialSubject: {
      id: `urn:probity:model:sha256:${subject[1].digest.sha256}`,
      modelName: predicate.model.name,
      modelFormat: predicate.model.format,
      sourceDigest: `sha256:${subject[0].digest.sha256}`,
      semantics: predicate.semantics,
      assumptions: predicate.assumptions as unknown as Json,
      properties: predicate.properties.map(
        ({ name, kind, outcome, bound, assurance, threats }) => ({
          name,
          kind,
          outcome,
          ...(bound === undefined ? {} : { bound }),
          assurance: [...assurance],
          threats: [...threats],
        }),
      ),
      ...(predicate.script === undefined ? {} : { answers: [...predicate.script.answers] }),
    },
    evidence: [
      {
        type: ['TransparencyLogEvidence'],
        statementDigest: logged.statementDigest,
        leaf: logged.leaf,
        logIndex: logged.logIndex,
        receipt: logged.receipt,
      },
    ],
  };
}

/**
 * The credential with its proof: vc-di-eddsa, section 3.3; hash of the proof's configuration, then
 * hash of the document.
 */
export async function signCredential(
  credential: Readonly<Record<string, Json>>,
  signer: Signer,
  now: () => Date = () => new Date(),
): Promise<string> {
  const proof = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    created: `${now().toISOString().slice(0, 19)}Z`,
    verificationMethod: methodOf(signer),
    proofPurpose: 'assertionMethod',
    '@context': credential['@context'],
  };
  const hash = (value: unknown) => nodeCrypto.sha256(utf8(canonicalJson(value)));
  const signature = await signer.sign(concat(await hash(proof), await hash(credential)));
  return canonicalJson({
    ...credential,
    proof: { ...proof, proofValue: `z${toBase58(signature)}` },
  });
}

/** The credential as a JWS in compact form (VC-JOSE-COSE, `vc+jwt`). */
export async function signCredentialJwt(
  credential: Readonly<Record<string, Json>>,
  signer: Signer,
): Promise<string> {
  const part = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');
  const header = canonicalJson({
    alg: 'EdDSA',
    typ: 'vc+jwt',
    cty: 'vc',
    kid: methodOf(signer),
    iss: didOf(signer),
  });
  const input = `${part(header)}.${part(canonicalJson(credential))}`;
  return `${input}.${part(await signer.sign(utf8(input)))}`;
}
