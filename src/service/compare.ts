import { Fault } from '../errors/index.ts';
import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import type { TransparencyLog } from '../evidence/log/log.ts';
import { parseNote } from '../evidence/formats/note.ts';
import type { WitnessClient } from '../evidence/witness/client.ts';
import type { SharedStore } from '../store/index.ts';

/** Another process may append while witnesses are asked: so often is the question put again. */
const MAX_ATTEMPTS = 5;

/**
 * Before anything is built on a log: it has, and begins with, all that witnesses cosigned of it and
 * that was to be anchored. The rows tell of a log that was put back apart from them; the witnesses
 * themselves of a database that was put back as a whole. One that is away says nothing, and is not
 * waited for longer than its timeout. Throws LOG_ROLLED_BACK or LOG_FORKED.
 */
export async function compareLog(
  store: SharedStore,
  log: TransparencyLog,
  witnesses: WitnessClient | undefined,
): Promise<void> {
  const [cosigned, anchored] = [await store.cosigned.newest(), await store.anchors.newest()];
  if (cosigned) await log.mustExtend(cosigned.note, 'the checkpoint that witnesses cosigned');
  if (anchored) await log.mustExtend(anchored.checkpoint, 'the checkpoint that was to be anchored');
  if (witnesses) await compareWithWitnesses(store, log, witnesses);
}

async function compareWithWitnesses(
  store: SharedStore,
  log: TransparencyLog,
  witnesses: WitnessClient,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    // A log without leaves is compared as well: a database that was lost looks like a new one.
    const checkpoint = await log.checkpointOrEmpty();
    const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size ?? 0;
    const { note, by, quorum, failures } = await witnesses.cosign(checkpoint, (from, to) =>
      log.consistencyProof(from, to),
    );
    if (size > 0 && by.length > 0) await store.cosigned.keep({ size, note, witnesses: by, quorum });
    const alarm = failures.find(
      ({ fault }) => fault.code === 'LOG_ROLLED_BACK' || fault.code === 'LOG_FORKED',
    );
    if (alarm === undefined) return;
    if ((await log.size()) === size) {
      throw new Fault(
        alarm.fault.code,
        `${alarm.fault.message}: put the newest copy of the log back (docs/log.md); if the witness is wrong, take its line out of the policy`,
      );
    }
  }
}
