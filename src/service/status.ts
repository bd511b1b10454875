import { parseCheckpoint } from '../evidence/formats/checkpoint.ts';
import { signStatus } from '../evidence/signing/revocation.ts';
import type {
  Revocation,
  VerdictState,
  WithdrawnState,
} from '../evidence/statements/revocation.ts';
import { parseNote } from '../evidence/formats/note.ts';
import { newId, type SealedVerdict } from '../store/index.ts';
import type { Service } from './service.ts';

export interface VerdictStatus {
  readonly state: VerdictState;
  readonly reason: string | null;
  /** The verdict that stands in its place. */
  readonly by: string | null;
  readonly at: string | null;
  /** The size of the log that this is as of. */
  readonly asOf: number;
  /** `status.json`. */
  readonly proof: string;
}

/**
 * Whether a verdict stands, as of the log's latest checkpoint, with the proof that a bundle
 * carries. `since` is the size of the checkpoint that the reader's receipt ends with: the log's
 * growth from there on is proved along.
 */
export async function statusOfVerdict(
  service: Service,
  verdict: SealedVerdict,
  since: number,
): Promise<VerdictStatus> {
  const { store, notary } = service;
  await notary.refresh();
  const [revocation] = await store.statements.withdrawals(verdict.id);
  const checkpoint = (await notary.log.checkpoint()) ?? '';
  const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size ?? 0;
  const consistency = (await notary.log.consistencyProof(since, size)) ?? [];
  const said = revocation && revocationIn(revocation.envelope).predicate;
  const state: VerdictState = (revocation?.state as WithdrawnState | undefined) ?? 'valid';
  const proof = await signStatus(
    {
      id: newId('sta'),
      verdict: verdict.id,
      statementDigest: verdict.statementDigest,
      state,
      ...(revocation === undefined
        ? {}
        : {
            revocation: {
              id: revocation.id,
              envelope: revocation.envelope,
              leaf: revocation.leaf,
              salt: revocation.salt,
              receipt: revocation.receipt ?? '',
            },
          }),
    },
    { checkpoint, consistency },
    { signer: notary.keys.verdict, issuer: notary.issuer },
  );
  return {
    state,
    reason: said?.reason ?? null,
    by: said?.by ?? null,
    at: said?.issuedAt ?? null,
    asOf: size,
    proof,
  };
}

/** Our own revocation, read back. */
export function revocationIn(envelope: string): Revocation {
  const { payload } = JSON.parse(envelope) as { payload: string };
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Revocation;
}
