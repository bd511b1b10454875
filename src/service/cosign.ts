import { readFile } from 'node:fs/promises';
import { Fault } from '../errors/index.ts';
import { WitnessClient, type Cosigned } from '../evidence/witness/client.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { parseWitnessPolicy, type WitnessPolicy } from '../evidence/witness/policy.ts';
import type { CosignedRecord, SealedVerdict } from '../store/index.ts';
import { describeError } from './observe.ts';
import type { SharedService } from './service.ts';

/** The witnesses of a policy file. Throws WITNESS_POLICY with everything that is wrong with it. */
export async function openWitnesses(path: string, timeoutMs: number): Promise<WitnessClient> {
  return new WitnessClient(await readWitnesses(path), { timeoutMs });
}

export async function readWitnesses(path: string): Promise<WitnessPolicy> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('WITNESS_POLICY', `${path} cannot be read`, { cause });
  });
  const policy = await parseWitnessPolicy(text);
  if (policy.ok) return policy.value;
  const wrong = policy.problems.map(({ line, message }) =>
    line === undefined ? message : `line ${line}: ${message}`,
  );
  throw new Fault('WITNESS_POLICY', `${path}: ${wrong.join('; ')}`);
}

/**
 * Has the latest checkpoint cosigned, by one process at a time. A verdict is acknowledged before:
 * its checkpoint is signed by the log and durable, and witnesses that are away must hold up nobody.
 * Until a quorum has cosigned a checkpoint that covers it, the verdict says so, and a verifier
 * whose policy asks for the quorum refuses it.
 */
export async function cosignDue(service: SharedService): Promise<void> {
  const { store, notary } = service;
  if (!notary.witnesses) return;
  await store.locks.tryHold('cosign', async () => {
    // What was sealed meanwhile is covered by the next round.
    for (let before = -1; ;) {
      const checkpoint = await notary.log.checkpoint();
      const size = await notary.log.size();
      if (
        checkpoint === undefined ||
        size === before ||
        (await store.cosigned.newest(true))?.size === size
      )
        return;
      before = size;
      if (!(await cosign(service, checkpoint))) return;
    }
  });
}

/** One round; false when no quorum was had. */
async function cosign(service: SharedService, checkpoint: string): Promise<boolean> {
  const { store, notary, logger } = service;
  if (!notary.witnesses) return false;
  const cosigned = await notary.witnesses.cosign(checkpoint, (from, to) =>
    notary.log.consistencyProof(from, to),
  );
  const { size, note, by, quorum } = cosigned;
  if (by.length > 0) await store.cosigned.keep({ size, note, witnesses: by, quorum });
  for (const { name, fault } of await telling(service, cosigned)) {
    // A witness that remembers another log, or more of it, is the alarm that it is there for.
    logger[fault.code.startsWith('LOG_') ? 'error' : 'warn']('witness.failed', {
      witness: name,
      size,
      ...describeError(fault),
    });
  }
  notary.witnessAlarms.clear();
  for (const { name, fault } of cosigned.failures)
    if (fault.code.startsWith('LOG_')) notary.witnessAlarms.set(name, fault.code);
  if (quorum) logger.info('witness.quorum', { size, by });
  return quorum;
}

/** Failures that say something. That another process of ours was faster says nothing. */
async function telling(
  { notary }: SharedService,
  { failures, size }: Cosigned,
): Promise<Cosigned['failures']> {
  if (
    !failures.some(({ fault }) => fault.code === 'LOG_ROLLED_BACK') ||
    (await notary.log.size()) <= size
  )
    return failures;
  return failures.filter(({ fault }) => fault.code !== 'LOG_ROLLED_BACK');
}

/** How it stands with a verdict: the checkpoint that a quorum cosigned, or nothing yet. */
export async function cosignedCheckpoint(
  { store, notary }: SharedService,
  verdict: SealedVerdict,
): Promise<CosignedRecord | undefined> {
  return notary.witnesses ? store.cosigned.covering(verdict.logIndex) : undefined;
}

/** The receipt that a bundle shows: under a checkpoint with a quorum, once there is one. */
export async function bestReceipt(service: SharedService, verdict: SealedVerdict): Promise<string> {
  const cosigned = await cosignedCheckpoint(service, verdict);
  return (
    (cosigned && (await service.notary.log.receiptUnder(verdict.logIndex, cosigned.note))) ??
    verdict.receipt
  );
}

/** Whether witnesses keep up, for `/readyz`. */
export async function witnessState({
  store,
  notary,
}: SharedService): Promise<{ readonly ok: boolean; readonly detail: string }> {
  if (!notary.witnesses) return { ok: true, detail: 'no witnesses are asked' };
  const { witnesses } = notary.witnesses.policy;
  const [newest, size] = [await store.cosigned.newest(true), await notary.log.size()];
  const behind = size - (newest?.size ?? 0);
  const alarms = [...notary.witnessAlarms].map(([name, code]) => `${name}: ${code}`);
  const detail = `${witnesses.length} witnesses, ${behind === 0 ? 'all leaves cosigned' : `${behind} leaves wait for a quorum`}`;
  return { ok: behind === 0 && alarms.length === 0, detail: [detail, ...alarms].join(', ') };
}

/** The latest checkpoint as the public sees it: with its cosignatures, once there are some. */
export async function publicCheckpoint({
  store,
  notary,
}: SharedService): Promise<string | undefined> {
  const note = await notary.log.checkpoint();
  if (note === undefined || !notary.witnesses) return note;
  const cosigned = (await store.cosigned.newest())?.note;
  // What witnesses sign is the text. After the log's key was replaced its own line, the first, is
  // another one.
  const lines =
    cosigned !== undefined && parseNote(cosigned)?.text === parseNote(note)?.text
      ? cosigned
          .slice(note.indexOf('\n\n') + 2)
          .split('\n')
          .slice(1)
      : [''];
  return `${note}${lines.join('\n')}`;
}
