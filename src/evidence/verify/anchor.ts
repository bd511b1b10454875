import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import type { VerifierCrypto } from '../formats/crypto.ts';
import {
  concat,
  fromBase64,
  fromHex,
  includesBytes,
  toBase58,
  toHex,
  utf8,
} from '../formats/encoding.ts';
import { isNetwork, NETWORK_PRESETS } from '../statements/networks.ts';
import { verifyConsistency } from '../formats/merkle.ts';
import { parseNote } from '../formats/note.ts';
import { isSoundPublicKey } from '../formats/soundKey.ts';
import { isBundledAnchor, type BundledAnchor } from '../statements/validate.ts';
import { parseCanonicalJson } from '../formats/strictJson.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import type { VerifiedLayer, LayerCode, LayerStatus } from './report.ts';

/** IOTA: intent (scope TransactionData, version 0, app IOTA) before what is hashed and signed. */
const TRANSACTION_INTENT = Uint8Array.of(0, 0, 0);
const ED25519_FLAG = 0x00;
/** The prefix under which IOTA derives the ids of the objects that a transaction creates. */
const OBJECT_ID_PREFIX = Uint8Array.of(0xf1);

const answer = (status: LayerStatus, code: LayerCode, detail?: string): VerifiedLayer => ({
  layer: 'anchor',
  status,
  code,
  ...(detail === undefined ? {} : { detail }),
});

/**
 * What can be said offline about an anchor: who signed which transaction, and that it carries a
 * checkpoint of this log that covers the receipt's. That the ledger accepted the transaction cannot
 * be seen from here.
 */
export async function verifyAnchor(
  bytes: Uint8Array | undefined,
  receipt: Checkpoint,
  policy: TrustPolicy,
  options: { readonly crypto: VerifierCrypto; readonly compliance?: boolean },
): Promise<VerifiedLayer> {
  if (bytes === undefined) {
    return options.compliance === true
      ? answer('untrusted', 'ANCHOR_REQUIRED')
      : answer('skipped', 'ANCHOR_ABSENT');
  }
  const json = parseCanonicalJson(bytes);
  if (!json.ok) return answer('failed', 'ANCHOR_NOT_CANONICAL');
  if (!isBundledAnchor(json.value)) return answer('failed', 'ANCHOR_SHAPE');
  const anchor = json.value;

  const wrongCheckpoint = await checkAnchoredCheckpoint(anchor, receipt, policy, options.crypto);
  if (wrongCheckpoint !== undefined) return wrongCheckpoint;
  const transaction = await openTransaction(anchor, options.crypto);
  if (transaction === undefined) return answer('failed', 'ANCHOR_TRANSACTION');
  if (!(await carriesCheckpoint(anchor, transaction, options.crypto)))
    return answer('failed', 'ANCHOR_CONTENT');
  return trustInAnchor(anchor, transaction.sender, policy, options.compliance === true);
}

/**
 * A retired sender speaks for checkpoints up to its end: those are of its time, and what is larger
 * was made after it.
 */
function trustInAnchor(
  anchor: BundledAnchor,
  sender: string,
  policy: TrustPolicy,
  compliance: boolean,
): VerifiedLayer {
  const where = `${anchor.network} ${anchor.transactionDigest}`;
  const preset = isNetwork(anchor.network) ? NETWORK_PRESETS[anchor.network] : undefined;
  if (
    preset === undefined ||
    preset.chainId !== anchor.chainId ||
    preset.packageId !== anchor.packageId
  ) {
    return answer('untrusted', 'ANCHOR_NETWORK', where);
  }
  if (compliance && anchor.network === 'emulated')
    return answer('untrusted', 'ANCHOR_EMULATED', where);
  const listed = policy.ledgers.find(
    ({ network, address }) => network === anchor.network && address === sender,
  );
  const { size } = parseCheckpoint(parseNote(anchor.checkpoint)?.text ?? '') ?? { size: Infinity };
  if (listed?.until !== undefined && size > listed.until)
    return answer('untrusted', 'ANCHOR_RETIRED', `${where} from ${sender} until ${listed.until}`);
  if (listed) return answer('signed', 'ANCHOR_SIGNED', where);
  if (policy.ledgers.length === 0 && !compliance)
    return answer('skipped', 'ANCHOR_SENDER_UNLISTED', where);
  return answer('untrusted', 'ANCHOR_UNTRUSTED', `${where} from ${sender}`);
}

/** The anchored checkpoint is of the same log, no smaller, and an extension of the receipt's. */
async function checkAnchoredCheckpoint(
  anchor: BundledAnchor,
  receipt: Checkpoint,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
): Promise<VerifiedLayer | undefined> {
  const note = parseNote(anchor.checkpoint);
  const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
  const proof = anchor.consistency.map(fromBase64);
  if (note === undefined || checkpoint === undefined || checkpoint.origin !== receipt.origin)
    return answer('failed', 'ANCHOR_CHECKPOINT');
  if (!proof.every((hash): hash is Uint8Array => hash?.length === 32))
    return answer('failed', 'ANCHOR_SHAPE');
  // Witnesses are asked for at the receipt's checkpoint, which the anchored one extends; here only
  // the log counts.
  const signed = await judgeCheckpoint(note, checkpoint, { ...policy, quorum: 'none' }, crypto);
  if (signed.status === 'failed') return answer('failed', 'ANCHOR_CHECKPOINT', signed.detail);
  const sizes = {
    size1: receipt.size,
    size2: checkpoint.size,
    root1: receipt.root,
    root2: checkpoint.root,
  };
  if (!(await verifyConsistency(sizes, proof, crypto.sha256)))
    return answer('failed', 'ANCHOR_CHECKPOINT');
  return signed.status === 'untrusted'
    ? answer('untrusted', signed.code, signed.detail)
    : undefined;
}

interface OpenTransaction {
  readonly bytes: Uint8Array;
  /** `0x` and the BLAKE2b-256 of the Ed25519 key. */
  readonly sender: string;
}

/**
 * The transaction's bytes when its digest, signature and created object are what the record says.
 */
async function openTransaction(
  anchor: BundledAnchor,
  crypto: VerifierCrypto,
): Promise<OpenTransaction | undefined> {
  const bytes = fromBase64(anchor.transaction);
  const signature = fromBase64(anchor.signature);
  if (bytes === undefined || signature?.length !== 97 || signature[0] !== ED25519_FLAG)
    return undefined;
  const digest = await crypto.blake2b256(concat(utf8('TransactionData::'), bytes));
  if (toBase58(digest) !== anchor.transactionDigest) return undefined;
  // The notarization is the only object that the transaction creates, so its creation number is 0.
  const objectId = await crypto.blake2b256(concat(OBJECT_ID_PREFIX, digest, new Uint8Array(8)));
  if (`0x${toHex(objectId)}` !== anchor.objectId) return undefined;
  const publicKey = signature.subarray(65);
  if (!isSoundPublicKey(publicKey)) return undefined;
  const signed = await crypto.blake2b256(concat(TRANSACTION_INTENT, bytes));
  if (!(await crypto.verifyEd25519(publicKey, signed, signature.subarray(1, 65)))) return undefined;
  const address = await crypto.blake2b256(publicKey);
  return includesBytes(bytes, address) ? { bytes, sender: `0x${toHex(address)}` } : undefined;
}

/**
 * The argument `sha256:<hex>` (BCS: its length as ULEB128, then its bytes) and the package that is
 * called.
 */
async function carriesCheckpoint(
  anchor: BundledAnchor,
  { bytes }: OpenTransaction,
  crypto: VerifierCrypto,
): Promise<boolean> {
  const text = parseNote(anchor.checkpoint)?.text ?? '';
  const state = utf8(`sha256:${toHex(await crypto.sha256(utf8(text)))}`);
  const packageId = fromHex(anchor.packageId.slice(2)) ?? new Uint8Array(0);
  return (
    includesBytes(bytes, concat(Uint8Array.of(state.length), state)) &&
    packageId.length === 32 &&
    includesBytes(bytes, packageId)
  );
}
