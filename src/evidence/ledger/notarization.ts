import { bcs } from '@iota/iota-sdk/bcs';
import { Transaction } from '@iota/iota-sdk/transactions';
import { concat, fromBase64, toBase58, toHex, utf8 } from '../formats/encoding.ts';
import { blake2b256Sync, sha256Sync } from '../formats/nodeCrypto.ts';
import { parseNote } from '../formats/note.ts';

/**
 * The one transaction that we send: a *locked* record of the published IOTA Notarization package
 * (github.com/iotaledger/notarization, notarization-move), in three Move calls.
 */

const TIMELOCK = 'timelock::unlock_at';
const STATE = 'notarization::new_state_from_string';
const CREATE = 'locked_notarization::create';
const STRING = '0x0000000000000000000000000000000000000000000000000000000000000001::string::String';

/**
 * What the record says: `sha256:<hex>` of a checkpoint's text, without its signatures. Nothing when
 * it is no note.
 */
export function anchoredState(checkpoint: string): string | undefined {
  const note = parseNote(checkpoint);
  return note === undefined ? undefined : `sha256:${toHex(sha256Sync(utf8(note.text)))}`;
}

/**
 * A record of `state` that nobody, its owner included, can change ever or destroy before `unlockAt`
 * (Unix seconds, u32). Without the delete lock the owner could destroy it at once.
 */
export function notarizationTransaction(
  packageId: string,
  state: string,
  unlockAt: number,
): Transaction {
  const transaction = new Transaction();
  const clock = transaction.sharedObjectRef({
    objectId: '0x6',
    initialSharedVersion: 1,
    mutable: false,
  });
  const lock = transaction.moveCall({
    target: `${packageId}::${TIMELOCK}`,
    arguments: [transaction.pure.u32(unlockAt), clock],
  });
  const data = transaction.moveCall({
    target: `${packageId}::${STATE}`,
    arguments: [transaction.pure.string(state), transaction.pure.option('string', null)],
  });
  transaction.moveCall({
    target: `${packageId}::${CREATE}`,
    typeArguments: [STRING],
    arguments: [
      data,
      transaction.pure.option('string', null),
      transaction.pure.option('string', null),
      lock,
      clock,
    ],
  });
  return transaction;
}

export interface ReadTransaction {
  readonly sender: string;
  readonly packageId: string;
  readonly state: string;
  readonly unlockAt: number;
  readonly gas: { readonly objectId: string; readonly version: string; readonly digest: string };
  readonly budget: bigint;
}

/**
 * Reads a transaction of exactly that shape; nothing when it is another. Throws when the bytes are
 * not BCS.
 */
export function readNotarization(bytes: Uint8Array): ReadTransaction | undefined {
  const data = bcs.TransactionData.parse(bytes).V1;
  const program = data.kind.ProgrammableTransaction;
  const calls = program?.commands.map((command) => command.MoveCall);
  const names = calls?.map((call) => (call ? `${call.module}::${call.function}` : ''));
  const packages = new Set(calls?.map((call) => call?.package));
  const [gas, ...moreGas] = data.gasData.payment;
  if (
    !program ||
    names?.join() !== [TIMELOCK, STATE, CREATE].join() ||
    packages.size !== 1 ||
    !gas ||
    moreGas.length > 0
  )
    return undefined;
  const pure = (call: number): Uint8Array => {
    const argument = calls?.[call]?.arguments[0]?.Input;
    return (
      fromBase64(
        (argument === undefined ? undefined : program.inputs[argument]?.Pure?.bytes) ?? '',
      ) ?? new Uint8Array(0)
    );
  };
  return {
    sender: data.sender,
    packageId: calls?.[0]?.package ?? '',
    state: bcs.string().parse(pure(1)),
    unlockAt: bcs.u32().parse(pure(0)),
    gas: { objectId: gas.objectId, version: String(gas.version), digest: gas.digest },
    budget: BigInt(data.gasData.budget),
  };
}

/** The digest of transaction data, raw: base58 of it is what explorers show. */
export function transactionDigest(bytes: Uint8Array): Uint8Array {
  return blake2b256Sync(concat(utf8('TransactionData::'), bytes));
}

export const digestText = (bytes: Uint8Array): string => toBase58(transactionDigest(bytes));

/**
 * The id of the n-th object that a transaction creates: BLAKE2b-256(0xf1 ‖ digest ‖ n as u64,
 * little-endian).
 */
export function createdObjectId(digest: Uint8Array, creation: number): string {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(creation), true);
  return `0x${toHex(blake2b256Sync(concat(Uint8Array.of(0xf1), digest, number)))}`;
}
