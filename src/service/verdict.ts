import { invariant } from '../errors/index.ts';
import { bundleFiles, type BundleAnchor } from '../evidence/bundle/write.ts';
import { parseEnvelope } from '../evidence/formats/dsse.ts';
import { fromBase64, utf8 } from '../evidence/formats/encoding.ts';
import type { LedgerRecord } from '../evidence/ledger/ledger.ts';
import type { Sealed } from '../evidence/bundle/contents.ts';
import type { Statement } from '../evidence/statements/statement.ts';
import { isStatement } from '../evidence/statements/validate.ts';
import { isId, isSealed, type AnchorRow, type SealedVerdict } from '../store/index.ts';
import { bestReceipt } from './cosign.ts';
import { checkpointIn, sealable } from './seal.ts';
import type { Service } from './service.ts';
import { statusOfVerdict } from './status.ts';
import type { Asker } from './submit.ts';

export async function visibleVerdict(
  { store }: Service,
  asker: Asker,
  id: string,
): Promise<SealedVerdict | undefined> {
  const verdict = isId(id) ? await store.verdicts.get(id) : undefined;
  return verdict && isSealed(verdict) && (asker.seesAll || verdict.owner === asker.owner)
    ? verdict
    : undefined;
}

/**
 * The confirmed anchor that covers a verdict, else the one that is under way; nothing when nothing
 * is anchored.
 */
export async function anchorOf(
  { store }: Service,
  verdict: SealedVerdict,
): Promise<AnchorRow | undefined> {
  return (
    (await store.anchors.covering(verdict.logIndex)) ??
    (await store.anchors.waitingFor(verdict.logIndex))
  );
}

/**
 * The whole bundle, by path: what `probity certificate` writes and `probity verify` checks offline.
 */
export async function verdictFiles(
  service: Service,
  verdict: SealedVerdict,
): Promise<Map<string, Uint8Array>> {
  const { store } = service;
  if (verdict.erasedAt) return new Map();
  const run = await store.runs.get(verdict.runId);
  const model = run && (await store.models.get(run.modelId));
  invariant(run && model, 'a verdict has its run, a run its model');
  const { id, statementDigest, issuedAt, envelope, salt, leaf, information, logIndex } = verdict;
  const receipt = await bestReceipt(service, verdict);
  const sealed: Sealed = {
    id,
    statementDigest,
    issuedAt,
    envelope,
    salt,
    leaf,
    information,
    leafIndex: logIndex,
    receipt,
  };
  const { proof: status } = await statusOfVerdict(service, verdict, checkpointIn(receipt).size);
  const timestamp = verdict.timestamp === null ? undefined : fromBase64(verdict.timestamp);
  return bundleFiles(
    sealable(run, model, await store.runs.artifacts(run.id)),
    sealed,
    await bundleAnchor(service, receipt),
    status,
    timestamp,
  );
}

/**
 * The anchored checkpoint may be younger than the receipt's: the proof that one log grew into the
 * other goes along.
 */
async function bundleAnchor(
  { store, notary }: Service,
  receipt: string,
): Promise<BundleAnchor | undefined> {
  const { size } = checkpointIn(receipt);
  const anchor = await store.anchors.covering(size - 1);
  if (!anchor?.record) return undefined;
  const consistency = await notary.log.consistencyProof(size, anchor.size);
  const record = anchor.record as unknown as LedgerRecord;
  // What nobody signed proves nothing offline.
  if ('blockId' in record) return undefined;
  const cosigned = await store.cosigned.ofSize(anchor.size);
  // The ledger holds the digest of the text, so that it may be shown with cosignatures.
  const checkpoint = cosigned?.note.startsWith(record.checkpoint)
    ? cosigned.note
    : record.checkpoint;
  return consistency && { record: { ...record, checkpoint }, consistency };
}

/** The statement in an envelope of ours. */
export function statementOf(envelope: string): Statement {
  const parsed = parseEnvelope(utf8(envelope));
  invariant(parsed.ok, 'our own envelope can be read');
  const statement: unknown = JSON.parse(Buffer.from(parsed.envelope.payload).toString('utf8'));
  invariant(isStatement(statement), 'our own statement has its shape');
  return statement;
}
