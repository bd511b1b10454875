import {
  derChildren,
  derElements,
  derTime,
  inside,
  INTEGER,
  objectId,
  OCTET_STRING,
  readDer,
  SEQUENCE,
  SET,
  type DerNode,
} from './der.ts';

/**
 * What an RFC 3161 response says, read without any key: a granted status, and a CMS SignedData (RFC
 * 5652) over a TSTInfo.
 */
export interface TimestampToken {
  /** The bytes that were signed over, by way of `signedAttributes`: the DER of TSTInfo. */
  readonly info: Uint8Array;
  /** ISO 8601, UTC, in seconds: the authority's word. */
  readonly time: string;
  /** SHA-256 of what was stamped. */
  readonly imprint: Uint8Array;
  readonly nonce: Uint8Array | undefined;
  /** DER, as many as the authority sends along. */
  readonly certificates: readonly Uint8Array[];
  /** RFC 5652, section 5.4: their DER as a SET, which is what the signature is over. */
  readonly signedAttributes: Uint8Array;
  /** The attribute that must be the digest of `info`. */
  readonly messageDigest: Uint8Array;
  /** How long the SHA-2 of `messageDigest` is; nothing for another hash. */
  readonly digestBits: Sha2 | undefined;
  /** Nothing for an algorithm that is not one of ours. */
  readonly scheme: SignatureScheme | undefined;
  readonly signature: Uint8Array;
}

export type Sha2 = 256 | 384 | 512;

/** RSASSA-PKCS1-v1_5 or ECDSA (signature in DER), with a SHA-2. */
export interface SignatureScheme {
  readonly kind: 'rsa' | 'ecdsa';
  readonly bits: Sha2;
}

/** RFC 5652, section 12.1; RFC 3161, section 2.4.2; RFC 5652, section 11. */
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const DIGESTS: Readonly<Record<string, Sha2>> = {
  [SHA256]: 256,
  '2.16.840.1.101.3.4.2.2': 384,
  '2.16.840.1.101.3.4.2.3': 512,
};
/** RFC 8017, appendix C; RFC 5758, section 3.2. */
const SCHEMES: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.113549.1.1.11': { kind: 'rsa', bits: 256 },
  '1.2.840.113549.1.1.12': { kind: 'rsa', bits: 384 },
  '1.2.840.113549.1.1.13': { kind: 'rsa', bits: 512 },
  '1.2.840.10045.4.3.2': { kind: 'ecdsa', bits: 256 },
  '1.2.840.10045.4.3.3': { kind: 'ecdsa', bits: 384 },
  '1.2.840.10045.4.3.4': { kind: 'ecdsa', bits: 512 },
};
/** rsaEncryption: the hash is the one of the digest. */
const RSA = '1.2.840.113549.1.1.1';

/**
 * Reads a response; nothing when it is not a granted one with exactly one signer. No signature is
 * looked at.
 */
export function parseTimestamp(response: Uint8Array): TimestampToken | undefined {
  const [status, token] = derChildren(response, SEQUENCE);
  const [granted] = inside(status, SEQUENCE);
  if (granted?.tag !== INTEGER || granted.content.length !== 1 || (granted.content[0] ?? 9) > 1)
    return undefined;
  const [type, wrapped] = inside(token, SEQUENCE);
  const signedData = wrapped?.tag === 0xa0 ? derChildren(wrapped.content, SEQUENCE) : [];
  const [version, , content, ...others] = signedData;
  const [contentType, octets] = inside(content, SEQUENCE);
  const [info] = inside(octets, 0xa0);
  if (
    version?.tag !== INTEGER ||
    objectId(type) !== SIGNED_DATA ||
    objectId(contentType) !== TST_INFO ||
    info?.tag !== OCTET_STRING
  )
    return undefined;
  const [signer, ...more] = inside(
    others.find(({ tag }) => tag === SET),
    SET,
  );
  const said = parseInfo(info.content);
  const signed = more.length === 0 ? parseSigner(signer) : undefined;
  if (said === undefined || signed === undefined) return undefined;
  const certificates = derElements(others.find(({ tag }) => tag === 0xa0)?.content).map(
    ({ whole }) => whole,
  );
  return { info: info.content, ...said, certificates, ...signed };
}

/** TSTInfo (RFC 3161, section 2.4.2). */
function parseInfo(
  bytes: Uint8Array,
): Pick<TimestampToken, 'time' | 'imprint' | 'nonce'> | undefined {
  const fields = derChildren(bytes, SEQUENCE);
  const [algorithm, imprint] = inside(fields[2], SEQUENCE);
  const time = derTime(fields[4]);
  if (
    objectId(inside(algorithm, SEQUENCE)[0]) !== SHA256 ||
    imprint?.tag !== OCTET_STRING ||
    imprint.content.length !== 32 ||
    time === undefined
  )
    return undefined;
  const nonce = fields.slice(5).find(({ tag }) => tag === INTEGER)?.content;
  return {
    time: new Date(time).toISOString().replace('.000Z', 'Z'),
    imprint: imprint.content,
    nonce,
  };
}

type Signed = Pick<
  TimestampToken,
  'signedAttributes' | 'messageDigest' | 'digestBits' | 'scheme' | 'signature'
>;

/** SignerInfo (RFC 5652, section 5.3), with the two attributes that section 11 asks for. */
function parseSigner(signer: DerNode | undefined): Signed | undefined {
  const [version, , digestAlgorithm, attributes, signatureAlgorithm, signature] = inside(
    signer,
    SEQUENCE,
  );
  if (version?.tag !== INTEGER || attributes?.tag !== 0xa0 || signature?.tag !== OCTET_STRING)
    return undefined;
  const values = new Map(
    derElements(attributes.content).map((attribute) => {
      const [name, set] = inside(attribute, SEQUENCE);
      return [objectId(name), inside(set, SET)] as const;
    }),
  );
  const [type, digest] = [values.get(CONTENT_TYPE), values.get(MESSAGE_DIGEST)];
  if (
    type?.length !== 1 ||
    objectId(type[0]) !== TST_INFO ||
    digest?.length !== 1 ||
    digest[0]?.tag !== OCTET_STRING
  )
    return undefined;
  const signedAttributes = Uint8Array.from(attributes.whole);
  signedAttributes[0] = SET;
  const digestBits = DIGESTS[objectId(inside(digestAlgorithm, SEQUENCE)[0])];
  const algorithm = objectId(inside(signatureAlgorithm, SEQUENCE)[0]);
  const scheme =
    algorithm === RSA && digestBits !== undefined
      ? ({ kind: 'rsa', bits: digestBits } as const)
      : SCHEMES[algorithm];
  return {
    signedAttributes,
    messageDigest: digest[0].content,
    digestBits,
    scheme,
    signature: signature.content,
  };
}

/** A certificate (RFC 5280, section 4.1), as far as a pinned one has to be read. */
export interface Certificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export function parseCertificate(bytes: Uint8Array): Certificate | undefined {
  const [toBeSigned] = derChildren(bytes, SEQUENCE);
  const fields = inside(toBeSigned, SEQUENCE).filter(({ tag }) => tag !== 0xa0);
  const [notBefore, notAfter] = inside(fields[3], SEQUENCE).map(derTime);
  const publicKey = fields[5];
  if (
    publicKey?.tag !== SEQUENCE ||
    readDer(publicKey.content) === undefined ||
    notBefore === undefined ||
    notAfter === undefined
  )
    return undefined;
  return { publicKey: publicKey.whole, notBefore, notAfter };
}
