import type { Json } from '../canonical/index.ts';
import { invariant } from '../errors/index.ts';
import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import { parseEnvelope } from '../evidence/formats/dsse.ts';
import { utf8 } from '../evidence/formats/encoding.ts';
import type { LoggedLeaf } from '../evidence/log/head.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { parseReceipt } from '../evidence/formats/receipt.ts';
import { stage } from '../evidence/signing/stage.ts';
import type { Sealable } from '../evidence/bundle/contents.ts';
import {
  type ModelRecord,
  type RunRecord,
  verdictIdOf,
  type VerdictRecord,
} from '../store/index.ts';
import { requestAnchor } from './anchor.ts';
import { keptRisk } from './risk.ts';
import type { Service } from './service.ts';

/**
 * Held together by all who sign and append, alone by who replaces a key: nothing that the old key
 * signed comes after its end.
 */
export const KEYS_LOCK = 'keys';

/**
 * `checked` → `sealed`, in the order that survives a kill at any line:
 *
 *   1. sign the statement and keep it with salt and leaf: one row per run, the first stays
 *   2. append the leaf to the log, unless the log has it: a durable, signed checkpoint covers it
 *   3. note index and receipt; run and verdict are sealed in one transaction
 *   4. ask for the checkpoint to be anchored
 *
 * Killed after 1: the next worker finds the row and goes on with the same leaf. After 2: it finds
 * the leaf in the log. After 3: the sweep, or the next verdict, asks for the anchor. The lock keeps
 * two workers from appending at once.
 */
export async function sealRun(service: Service, runId: string): Promise<void> {
  const { store, logger } = service;
  await store.locks.hold(
    `seal ${runId}`,
    async () => {
      await service.notary.refresh();
      const run = await store.runs.get(runId);
      if (run?.state !== 'checked' || run.provisional) return;
      const kept = (await store.verdicts.ofRun(runId)) ?? (await sign(service, run));
      const found = await findInLog(service, kept);
      const verdict =
        found || signerOf(kept.envelope) === service.notary.keys.verdict.keyId
          ? kept
          : await sign(service, run, 'again');
      const logged = found ?? (await service.notary.log.append(utf8(verdict.leaf)));
      await store.verdicts.seal(verdict.id, logged);
      logger.info('run.sealed', { run: runId, verdict: verdict.id, index: logged.index });
      await requestAnchor(service, checkpointIn(logged.receipt));
    },
    KEYS_LOCK,
  );
}

/**
 * `again`: what was kept is signed by a key that was retired before the leaf got into the log,
 * where it would count for nothing.
 */
async function sign(
  { store, notary, config }: Service,
  run: RunRecord,
  again?: 'again',
): Promise<VerdictRecord> {
  const model = await store.models.get(run.modelId);
  invariant(model, 'a run has its model');
  const parts = sealable(run, model, await store.runs.artifacts(run.id));
  const staged = await stage(parts, {
    signer: notary.keys.verdict,
    issuer: notary.issuer,
    software: notary.software,
    logVkey: notary.log.vkey,
    ledgers: notary.ledgerSender ? [notary.ledgerSender] : [],
    retired: notary.retired,
    witnesses: notary.witnesses?.policy.lines ?? [],
    ...(config.validDays === undefined ? {} : { validDays: config.validDays }),
  });
  const { statementDigest, issuedAt, envelope, salt, leaf, information } = staged;
  const verdict = {
    id: staged.id,
    runId: run.id,
    owner: run.owner,
    statementDigest,
    issuedAt,
    envelope,
    salt,
    leaf,
    information,
  };
  return again ? store.verdicts.replaceUnsealed(verdict) : store.verdicts.keep(verdict);
}

/** What is signed, out of what is stored. Called again for the bundle, it must give the same. */
export function sealable(
  run: RunRecord,
  model: ModelRecord,
  artifacts: Sealable['artifacts'],
): Sealable {
  invariant(run.report, 'a run that is sealed has its report');
  const risk = keptRisk(run.risk);
  return {
    id: verdictIdOf(run.id),
    source: { text: model.source, format: model.format },
    report: run.report,
    document: model.document,
    artifacts: [
      ...artifacts.map(({ name, mediaType, text }) => ({ name, mediaType, text })),
      ...sideFile(model),
    ],
    options: run.options as Readonly<Record<string, Json>>,
    ...(risk?.kind === 'assessed' ? { risk: { scores: risk.scores, card: risk.card } } : {}),
  };
}

/** What was said of a diagram beside it is signed with it. */
function sideFile({ annotations }: ModelRecord): Sealable['artifacts'] {
  return annotations === ''
    ? []
    : [{ name: 'annotations.yaml', mediaType: 'application/yaml', text: annotations }];
}

/** The key under which an envelope of ours is signed first. */
export function signerOf(envelope: string): string | undefined {
  const parsed = parseEnvelope(utf8(envelope));
  return parsed.ok ? parsed.envelope.signatures[0]?.keyid : undefined;
}

export async function findInLog(
  { notary }: Pick<Service, 'notary'>,
  verdict: { readonly leaf: string },
): Promise<LoggedLeaf | undefined> {
  const index = await notary.log.find(utf8(verdict.leaf));
  if (index === undefined) return undefined;
  const receipt = await notary.log.receipt(index);
  invariant(receipt, 'a leaf of the log has a receipt');
  return { index, receipt };
}

/** The checkpoint that a receipt ends with, and the size of its tree. */
export function checkpointIn(receiptText: string): {
  readonly size: number;
  readonly note: string;
} {
  const note = parseReceipt(receiptText)?.checkpoint ?? '';
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  invariant(checkpoint, 'our own receipt has a checkpoint');
  return { size: checkpoint.size, note };
}
