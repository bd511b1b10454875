import { canonicalJson } from '../../canonical/index.ts';
import { invariant } from '../../errors/index.ts';
import { parseCheckpoint } from '../formats/checkpoint.ts';
import { toBase64, toHex } from '../formats/encoding.ts';
import type { Signer } from './signer.ts';
import {
  KEY_TYPE,
  REVOCATION_TYPE,
  STATUS_TYPE,
  type KeyChange,
  type LoggedStatement,
  type Revocation,
  type Status,
  type StatusFile,
  type VerdictState,
  type WithdrawnState,
} from '../statements/revocation.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { parseNote } from '../formats/note.ts';
import { signEnvelope, signForLog } from './sign.ts';
import type { SignedStatement } from '../statements/leaf.ts';
import { isKeyChange, isRevocation, isStatus, isStatusFile } from '../statements/validate.ts';
import { STATEMENT_TYPE } from '../statements/statement.ts';

/**
 * Makes and signs what is said after a verdict (`statements/revocation.ts`). Nothing is signed that
 * verifiers would refuse.
 */

/** The verdict that something is said about. */
export interface About {
  readonly verdict: string;
  /** `sha256:<hex>` of its statement. */
  readonly statementDigest: string;
}

interface Issuer {
  readonly signer: Signer;
  readonly issuer: string;
  readonly now?: () => Date;
}

const subjectOf = ({ verdict, statementDigest }: About) =>
  [{ name: verdict, digest: { sha256: statementDigest.slice('sha256:'.length) } }] as const;
const issuedBy = ({ signer, issuer, now = () => new Date() }: Issuer) => ({
  issuer: { name: issuer, key: signer.keyId },
  issuedAt: now().toISOString(),
});

export interface Withdrawal extends About {
  readonly id: string;
  readonly state: WithdrawnState;
  readonly reason: string;
  readonly by?: string;
  /** The `digest` of the verdict's leaf: anybody who reads the log finds the revocation by it. */
  readonly leafDigest: string;
}

export async function signRevocation(
  withdrawal: Withdrawal,
  issuer: Issuer,
): Promise<SignedStatement> {
  const { id, verdict, state, reason, by, leafDigest } = withdrawal;
  const statement: Revocation = {
    _type: STATEMENT_TYPE,
    subject: subjectOf(withdrawal),
    predicateType: REVOCATION_TYPE,
    predicate: {
      id,
      verdict,
      state,
      reason,
      ...(by === undefined ? {} : { by }),
      ...issuedBy(issuer),
    },
  };
  invariant(isRevocation(statement), 'a revocation of the published shape');
  return signForLog(statement, [issuer.signer], { kind: 'revocation', id, prev: leafDigest });
}

/**
 * `status.json`: the state of a verdict under a checkpoint, in the issuer's word, with the proof of
 * what is against it.
 */
export async function signStatus(
  about: About & {
    readonly id: string;
    readonly state: VerdictState;
    readonly revocation?: LoggedStatement & { readonly id: string };
  },
  log: { readonly checkpoint: string; readonly consistency: readonly Uint8Array[] },
  issuer: Issuer,
): Promise<string> {
  const checkpoint = parseCheckpoint(parseNote(log.checkpoint)?.text ?? '');
  invariant(checkpoint, 'the log gives a checkpoint');
  const asOf = {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
  };
  const statement: Status = {
    _type: STATEMENT_TYPE,
    subject: subjectOf(about),
    predicateType: STATUS_TYPE,
    predicate: {
      id: about.id,
      verdict: about.verdict,
      state: about.state,
      asOf,
      ...(about.revocation === undefined ? {} : { revocation: about.revocation.id }),
      ...issuedBy(issuer),
    },
  };
  invariant(isStatus(statement), 'a status of the published shape');
  const { envelope } = await signEnvelope(statement, [issuer.signer]);
  const { revocation } = about;
  const logged = revocation && {
    envelope: revocation.envelope,
    leaf: revocation.leaf,
    salt: revocation.salt,
    receipt: revocation.receipt,
  };
  const file: StatusFile = {
    v: 1,
    envelope,
    checkpoint: log.checkpoint,
    consistency: log.consistency.map(toBase64),
    ...(logged === undefined ? {} : { revocation: logged }),
  };
  invariant(isStatusFile(file), 'a status file of the published shape');
  return canonicalJson(file);
}

/**
 * That one key follows another: signed by both, so that nobody takes over the new key's name, and
 * nobody but who has the old one names a successor.
 */
export async function signKeyChange(
  change: {
    readonly id: string;
    readonly role: KeyChange['predicate']['role'];
    readonly retired: Signer;
    readonly successor: Signer;
    readonly reason: string;
  },
  issuer: string,
  now: () => Date = () => new Date(),
): Promise<SignedStatement> {
  const { id, role, retired, successor, reason } = change;
  const statement: KeyChange = {
    _type: STATEMENT_TYPE,
    subject: [
      {
        name: successor.keyId,
        digest: { sha256: toHex(await nodeCrypto.sha256(successor.publicKey)) },
      },
    ],
    predicateType: KEY_TYPE,
    predicate: {
      id,
      role,
      retired: retired.vkey,
      successor: successor.vkey,
      reason,
      issuer: { name: issuer, key: retired.keyId },
      issuedAt: now().toISOString(),
    },
  };
  invariant(isKeyChange(statement), 'a change of keys of the published shape');
  return signForLog(statement, [retired, successor], { kind: 'key', id });
}
