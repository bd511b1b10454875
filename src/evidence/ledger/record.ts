import { bcs } from '@iota/iota-sdk/bcs';
import { fromHex, toHex } from '../formats/encoding.ts';

/**
 * A record on the ledger: the Move object `notarization::Notarization<String>` in BCS, field by
 * field as notarization-move/sources/notarization.move and timelock.move declare it.
 */
const TIME_LOCK = bcs.enum('TimeLock', { UnlockAt: bcs.u32(), UntilDestroyed: null, None: null });
const LOCKS = bcs.struct('LockMetadata', {
  update: TIME_LOCK,
  delete: TIME_LOCK,
  transfer: TIME_LOCK,
});
const NOTARIZATION = bcs.struct('Notarization', {
  id: bcs.fixedArray(32, bcs.u8()),
  data: bcs.string(),
  stateMetadata: bcs.option(bcs.string()),
  createdAt: bcs.u64(),
  description: bcs.option(bcs.string()),
  locks: bcs.option(LOCKS),
  metadata: bcs.option(bcs.string()),
  changedAt: bcs.u64(),
  changes: bcs.u64(),
  method: bcs.enum('NotarizationMethod', { Dynamic: null, Locked: null }),
});

export interface LedgerObject {
  readonly objectId: string;
  /** What is notarized. */
  readonly state: string;
  readonly createdAtMs: number;
  /** Whether nobody can change it any more. */
  readonly locked: boolean;
  /** Unix seconds until when nobody can destroy it; 0 when anybody who owns it can. */
  readonly unlockAt: number;
}

/** The type of a record under a package. */
export const recordType = (packageId: string): string =>
  `${packageId}::notarization::Notarization<0x1::string::String>`;

/** The object that our transaction makes: locked, with a delete lock. */
export function encodeRecord({
  objectId,
  state,
  createdAtMs,
  unlockAt,
}: Omit<LedgerObject, 'locked'>): Uint8Array {
  return NOTARIZATION.serialize({
    id: [...(fromHex(objectId.slice(2)) ?? [])],
    data: state,
    stateMetadata: null,
    createdAt: createdAtMs,
    description: null,
    locks: {
      update: { UntilDestroyed: true },
      delete: { UnlockAt: unlockAt },
      transfer: { UntilDestroyed: true },
    },
    metadata: null,
    changedAt: createdAtMs,
    changes: 0,
    method: { Locked: true },
  }).toBytes();
}

/** Reads a record; nothing when the bytes are of something else. */
export function decodeRecord(bytes: Uint8Array): LedgerObject | undefined {
  try {
    const read = NOTARIZATION.parse(bytes);
    return {
      objectId: `0x${toHex(Uint8Array.from(read.id))}`,
      state: read.data,
      createdAtMs: Number(read.createdAt),
      locked: read.method.$kind === 'Locked' && read.changes === '0',
      unlockAt: read.locks?.delete.UnlockAt ?? 0,
    };
  } catch {
    return undefined;
  }
}
