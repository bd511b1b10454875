import { JsonRpcError, type IotaClient } from '@iota/iota-sdk/client';
import { Fault } from '../../errors/index.ts';
import { fromBase64 } from '../formats/encoding.ts';
import { iotaClient } from './iota.ts';
import type { AnchorRecord } from '../statements/anchor.ts';
import { isNetwork, NETWORK_PRESETS } from '../statements/networks.ts';
import {
  anchoredState,
  createdObjectId,
  digestText,
  readNotarization,
  transactionDigest,
  type ReadTransaction,
} from './notarization.ts';
import { decodeRecord, recordType } from './record.ts';

export interface OnlineCheck {
  readonly name: 'record' | 'chain' | 'transaction' | 'object';
  readonly ok: boolean;
  readonly detail: string;
}

/**
 * What a node says of an anchor. `confirmed`: it stands. `unknown`: this node does not have it
 * (yet, or any more). `contradicted`: the node shows something else, or the record contradicts
 * itself.
 */
export interface OnlineReport {
  readonly status: 'confirmed' | 'unknown' | 'contradicted';
  readonly checks: readonly OnlineCheck[];
  /** The ledger's own checkpoint and time, where it has the transaction. */
  readonly ledgerCheckpoint?: string;
  readonly timestampMs?: string;
}

/**
 * Looks an anchor up at a node: the chain, the transaction's success, and the record as it stands
 * there now. What only a look online can tell is as good as the node that is asked: ask one that
 * the issuer does not run. Throws LEDGER_UNAVAILABLE.
 */
export async function confirmOnline(
  record: AnchorRecord,
  nodeUrl: string,
  timeoutMs?: number,
): Promise<OnlineReport> {
  const transaction = readRecord(record);
  if (typeof transaction === 'string')
    return { status: 'contradicted', checks: [{ name: 'record', ok: false, detail: transaction }] };
  const checks: OnlineCheck[] = [
    { name: 'record', ok: true, detail: `${record.network} ${record.transactionDigest}` },
  ];
  const client = iotaClient(nodeUrl, timeoutMs);
  const chainId = await ask(nodeUrl, () => client.getChainIdentifier());
  checks.push({
    name: 'chain',
    ok: chainId === record.chainId,
    detail: `the node is of chain ${chainId}`,
  });
  if (chainId !== record.chainId) return { status: 'contradicted', checks };
  const found = await ask(nodeUrl, () => findTransaction(client, record.transactionDigest));
  checks.push(found.check);
  if (found.status !== 'confirmed') return { status: found.status, checks };
  checks.push(await ask(nodeUrl, () => checkObject(client, record, transaction)));
  const status = checks.every(({ ok }) => ok) ? 'confirmed' : 'contradicted';
  return {
    status,
    checks,
    ledgerCheckpoint: found.ledgerCheckpoint,
    timestampMs: found.timestampMs,
  };
}

/** The transaction that the record holds; or why it is not the one that it names. */
function readRecord(record: AnchorRecord): ReadTransaction | string {
  const bytes = fromBase64(record.transaction);
  let transaction: ReadTransaction | undefined;
  try {
    transaction = bytes && readNotarization(bytes);
  } catch {
    transaction = undefined;
  }
  if (bytes === undefined || transaction === undefined)
    return 'it holds no transaction that makes a locked record';
  if (
    digestText(bytes) !== record.transactionDigest ||
    createdObjectId(transactionDigest(bytes), 0) !== record.objectId
  )
    return 'its digest or object is not that of its transaction';
  if (
    transaction.packageId !== record.packageId ||
    transaction.state !== anchoredState(record.checkpoint)
  )
    return 'its transaction says something else';
  const preset = isNetwork(record.network) ? NETWORK_PRESETS[record.network] : undefined;
  if (
    preset === undefined ||
    preset.chainId !== record.chainId ||
    preset.packageId !== record.packageId
  )
    return `it names no known network: ${record.network}`;
  return transaction;
}

type Found =
  | {
      readonly status: 'confirmed';
      readonly check: OnlineCheck;
      readonly ledgerCheckpoint: string;
      readonly timestampMs: string;
    }
  | { readonly status: 'unknown' | 'contradicted'; readonly check: OnlineCheck };

async function findTransaction(client: IotaClient, digest: string): Promise<Found> {
  const check = (ok: boolean, detail: string): OnlineCheck => ({ name: 'transaction', ok, detail });
  try {
    const { effects, checkpoint, timestampMs } = await client.getTransactionBlock({
      digest,
      options: { showEffects: true },
    });
    if (effects?.status.status !== 'success')
      return {
        status: 'contradicted',
        check: check(false, `it failed: ${effects?.status.error ?? 'without a reason'}`),
      };
    if (!checkpoint)
      return { status: 'unknown', check: check(false, 'it is executed, but in no checkpoint yet') };
    const at = timestampMs ? `, ${new Date(Number(timestampMs)).toISOString()}` : '';
    return {
      status: 'confirmed',
      check: check(true, `in checkpoint ${checkpoint}${at}`),
      ledgerCheckpoint: checkpoint,
      timestampMs: timestampMs ?? '',
    };
  } catch (cause) {
    if (cause instanceof JsonRpcError)
      return { status: 'unknown', check: check(false, 'the node does not know it') };
    throw cause;
  }
}

/**
 * The record as it is now. After its lock has ended its owner may have destroyed it; before, nobody
 * can have.
 */
async function checkObject(
  client: IotaClient,
  record: AnchorRecord,
  { unlockAt }: ReadTransaction,
): Promise<OnlineCheck> {
  const check = (ok: boolean, detail: string): OnlineCheck => ({ name: 'object', ok, detail });
  const { data } = await client.getObject({
    id: record.objectId,
    options: { showType: true, showBcs: true },
  });
  const until = new Date(unlockAt * 1000).toISOString();
  if (!data)
    return check(
      unlockAt * 1000 < Date.now(),
      `${record.objectId} is not there; its lock ends ${until}`,
    );
  const bytes = data.bcs?.dataType === 'moveObject' ? fromBase64(data.bcs.bcsBytes) : undefined;
  const object = bytes && decodeRecord(bytes);
  if (!object || normalized(data.type ?? '') !== normalized(recordType(record.packageId)))
    return check(false, `${record.objectId} is of type ${data.type ?? '?'}`);
  const same =
    object.objectId === record.objectId &&
    object.state === anchoredState(record.checkpoint) &&
    object.locked &&
    object.unlockAt === unlockAt;
  return check(
    same,
    same
      ? `locked until ${until}`
      : `${record.objectId} holds ${object.state}, ${object.locked ? 'locked' : 'not locked'} until ${object.unlockAt}`,
  );
}

/** Nodes write addresses in types with or without their leading zeroes. */
const normalized = (type: string): string => type.replaceAll(/0x0*([0-9a-f]+)/gu, '0x$1');

async function ask<T>(nodeUrl: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw new Fault('LEDGER_UNAVAILABLE', `${nodeUrl} does not answer, or not as a node does`, {
      retryable: true,
      cause,
    });
  }
}
