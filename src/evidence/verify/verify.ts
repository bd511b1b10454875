import type { VerifierCrypto } from '../formats/crypto.ts';
import { STATUS_FILE, TIMESTAMP_FILE } from '../statements/revocation.ts';
import { verifyAnchor } from './anchor.ts';
import { judgeCheckpoint } from './checkpoint.ts';
import type { TrustPolicy } from '../formats/policy.ts';
import { verifyTimestamp } from './timestamp.ts';
import { verifyStatus } from './status.ts';
import { statusOf, type VerifyReport } from './report.ts';
import { type BundleFiles, onceGiven, step, type LayerStep } from './step.ts';
import { checkEvidence, checkManifest, checkSubject, REQUIRED_FILES } from './files.ts';
import { checkEnvelope } from './envelope.ts';
import { checkStatement } from './statement.ts';
import { checkInclusion, checkLeaf, type OpenCheckpoint } from './inclusion.ts';

/**
 * The offline verifier. It reaches no key, store, network or clock; trust comes only from `policy`,
 * which must not come from the bundle. Imports nothing that signs or writes, so that a reader need
 * not trust that it does not.
 */

export interface VerifyOptions {
  readonly crypto: VerifierCrypto;
  /** Ask for an anchor on a real network, sent by a ledger key of the policy. */
  readonly compliance?: boolean;
  /**
   * The reader's clock, for what ends: without it `validUntil` and `max-age` are not judged, and
   * the layer says so.
   */
  readonly now?: Date;
}

/**
 * Verifies a bundle, layer by layer, going on as far as the layers below allow, so that a reader
 * sees all that is wrong. Replaying traces and proving obligations again is done by a floor above,
 * with the statement that this returns.
 */
export async function verifyBundle(
  files: BundleFiles,
  policy: TrustPolicy,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const { crypto } = options;
  const missing = REQUIRED_FILES.filter((path) => !files.has(path));
  if (missing.length > 0) {
    return {
      status: 'malformed',
      layers: [step('bundle', 'failed', 'BUNDLE_SHAPE', missing.join(', ')).layer],
    };
  }
  const bundle = checkManifest(files);
  const file = (path: string): Uint8Array => files.get(path) ?? new Uint8Array(0);

  const inclusion = await checkInclusion(file('receipt.tlog-proof'), file('leaf.bin'), crypto);
  const placed = inclusion.value;
  const envelope = await checkEnvelope(file('envelope.json'), placed?.index, policy, crypto);
  const opened = envelope.value;
  const statement = await onceGiven('statement', opened, checkStatement);
  const stated = statement.value;
  const both = stated && opened && { statement: stated, envelope: opened.envelope };
  const all = both && placed && { ...both, receipt: placed.checkpoint };
  const stamped = await verifyTimestamp(
    files.get(TIMESTAMP_FILE),
    file('envelope.json'),
    policy,
    crypto,
  );

  const layers = [
    bundle,
    envelope,
    statement,
    await onceGiven('subject', stated, (found) => checkSubject(found, files, crypto)),
    await onceGiven('evidence', stated, (found) => checkEvidence(found, files, crypto)),
    await onceGiven('leaf', both, (found) =>
      checkLeaf({ leaf: file('leaf.bin'), salt: file('salt.bin') }, found, crypto),
    ),
    inclusion,
    await onceGiven('checkpoint', placed, (found) =>
      checkCheckpoint(found, policy, crypto, options.now),
    ),
    await onceGiven('anchor', placed, async ({ checkpoint }) => ({
      layer: await verifyAnchor(files.get('anchor.json'), checkpoint, policy, options),
    })),
    await onceGiven('status', all, async ({ statement: of, envelope: { payload }, receipt }) => ({
      layer: await verifyStatus(
        files.get(STATUS_FILE),
        { statement: of, payload, leaf: file('leaf.bin'), receipt },
        policy,
        options,
      ),
    })),
  ].map((each) => each.layer);
  if (stamped !== undefined) layers.push(stamped);
  const status = statusOf(layers);
  return { status, layers, ...(status === 'verified' && stated ? { statement: stated } : {}) };
}

async function checkCheckpoint(
  { note, checkpoint }: OpenCheckpoint,
  policy: TrustPolicy,
  crypto: VerifierCrypto,
  now: Date | undefined,
): Promise<LayerStep<true>> {
  const { status, code, detail } = await judgeCheckpoint(note, checkpoint, policy, crypto, now);
  return step('checkpoint', status, code, detail, true);
}
