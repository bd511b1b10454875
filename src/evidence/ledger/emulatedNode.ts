import { bcs } from '@iota/iota-sdk/bcs';
import { concat, fromBase64, toBase58, toBase64, utf8 } from '../formats/encoding.ts';
import { blake2b256Sync, verifyEd25519Sync } from '../formats/nodeCrypto.ts';
import { addressOf } from './address.ts';
import { NETWORK_PRESETS } from '../statements/networks.ts';
import {
  createdObjectId,
  digestText,
  readNotarization,
  transactionDigest,
  type ReadTransaction,
} from './notarization.ts';
import { encodeRecord, recordType } from './record.ts';

/** What can go wrong with a ledger, at will. A number counts how many more times. */
export interface LedgerFaults {
  /** No connection is answered. */
  down: boolean;
  /** Every answer comes this late. */
  delayMs: number;
  /** The transaction is taken, and the answer lost. */
  loseAnswers: number;
  /**
   * The transaction is answered as taken, and then the node knows nothing of it: its block was not
   * the one that stayed.
   */
  forget: number;
  /** Coins are shown as they were before the last transaction. */
  staleCoins: boolean;
  /** Nobody has coins. */
  broke: boolean;
  /** Transactions are refused with these words. */
  reject?: string;
  /** The node is of another chain. */
  chainId?: string;
}

interface Coin {
  readonly objectId: string;
  readonly version: bigint;
  readonly digest: string;
  readonly balance: bigint;
}

interface Executed {
  readonly digest: string;
  readonly checkpoint: string;
  readonly timestampMs: string;
  readonly effects: object;
  readonly rawEffects: number[];
}

/** A refusal, as a node words it: an error of JSON-RPC. */
export class RpcRefusal extends Error {}

const { chainId, packageId } = NETWORK_PRESETS.emulated;
const GAS_PRICE = 1000n;
const COST = 4_000_000n;
const FAUCET = 1_000_000_000_000n;
const IOTA = '0x2::iota::IOTA';

/**
 * The state of an emulated ledger, behind the calls of a node's JSON-RPC. It checks what a node
 * checks of our one transaction: BCS, the intent signature, version and digest of the gas coin, the
 * time lock. As validators do, it remembers which transaction it first saw for a version of a coin,
 * and refuses any other one.
 */
export class EmulatedNode {
  readonly #now: () => number;
  readonly #faults: LedgerFaults;
  readonly #coins = new Map<string, Coin>();
  readonly #coinsBefore = new Map<string, Coin>();
  readonly #executed = new Map<string, Executed>();
  readonly #objects = new Map<string, object>();
  /** By version of a coin, the transaction that it is promised to. */
  readonly #promised = new Map<string, string>();
  /** Transactions that wanted a coin that another one had: what a sender must never do. */
  equivocations = 0;

  constructor(now: () => number, faults: LedgerFaults) {
    this.#now = now;
    this.#faults = faults;
  }

  get transactions(): number {
    return this.#executed.size;
  }

  /**
   * The calls that the SDK makes to build, send and await a transaction, and to look at what it
   * made.
   */
  call(method: string, params: readonly unknown[]): unknown {
    const text = (at: number): string => String(params[at] ?? '');
    switch (method) {
      case 'iota_getChainIdentifier':
        return this.#faults.chainId ?? chainId;
      case 'iotax_getReferenceGasPrice':
        return String(GAS_PRICE);
      case 'iotax_getCoins':
        return {
          data: this.#faults.broke ? [] : [this.#coinAnswer(text(0))],
          nextCursor: null,
          hasNextPage: false,
        };
      case 'iota_dryRunTransactionBlock':
        return { effects: { status: { status: 'success' }, gasUsed: gasUsed() } };
      case 'iota_executeTransactionBlock':
        return this.#execute(fromBase64(text(0)), params[1]);
      case 'iota_getTransactionBlock':
        return (
          this.#executed.get(text(0)) ??
          refuse(`Could not find the referenced transaction [${text(0)}].`)
        );
      case 'iota_getObject':
        return this.#object(text(0));
      default:
        return refuse(`the emulated node has no method ${method}`);
    }
  }

  #object(id: string): object {
    const coin = [...this.#coins.values()].find(({ objectId }) => objectId === id);
    if (coin)
      return {
        data: {
          objectId: id,
          version: String(coin.version),
          digest: coin.digest,
          type: `0x2::coin::Coin<${IOTA}>`,
        },
      };
    return this.#objects.get(id) ?? { error: { code: 'notExists', object_id: id } };
  }

  #execute(bytes: Uint8Array | undefined, signatures: unknown): Executed {
    const signature =
      Array.isArray(signatures) && signatures.length === 1
        ? fromBase64(String(signatures[0]))
        : undefined;
    if (bytes === undefined || signature?.length !== 97)
      return refuse('transaction or signature cannot be read');
    const before = this.#executed.get(digestText(bytes));
    // a transaction is taken once, however often it is sent
    if (before !== undefined) return before;
    const transaction = readNotarization(bytes);
    if (transaction === undefined || transaction.packageId !== packageId)
      return refuse('the emulated node knows one transaction only: a locked notarization');
    checkSignature(bytes, signature, transaction.sender);
    const coin = this.#coinOf(transaction.sender);
    this.#checkCoin(digestText(bytes), transaction, coin);
    if (this.#faults.reject !== undefined) return refuse(this.#faults.reject);
    if (transaction.unlockAt <= Math.floor(this.#now() / 1000))
      return refuse('MoveAbort in timelock::unlock_at: EPastTimestamp');
    return this.#take(bytes, transaction, coin);
  }

  #checkCoin(digest: string, { gas, budget }: ReadTransaction, coin: Coin): void {
    if (
      gas.objectId !== coin.objectId ||
      gas.version !== String(coin.version) ||
      gas.digest !== coin.digest
    ) {
      refuse(
        `object ${gas.objectId} version ${gas.version} is not available for consumption, current version: ${coin.version}`,
      );
    }
    const place = `${gas.objectId} ${gas.version}`;
    const promised = this.#promised.get(place) ?? digest;
    if (promised !== digest) {
      this.equivocations += 1;
      refuse(
        `object ${gas.objectId} version ${gas.version} is locked by transaction ${promised} until the epoch ends`,
      );
    }
    if (budget < COST || coin.balance < budget)
      refuse('the gas budget is too low, or higher than the balance');
    this.#promised.set(place, digest);
  }

  #take(bytes: Uint8Array, { sender, state, unlockAt }: ReadTransaction, coin: Coin): Executed {
    const digest = transactionDigest(bytes);
    const objectId = createdObjectId(digest, 0);
    const version = coin.version + 1n;
    const spent: Coin = {
      ...coin,
      version,
      balance: coin.balance - COST,
      digest: digestOf(`${coin.objectId}:${version}:${coin.balance - COST}`),
    };
    const created = {
      objectId,
      version: String(version),
      digest: digestOf(`${objectId}:${version}:${state}`),
    };
    const digestAsText = toBase58(digest);
    const executed: Executed = {
      digest: digestAsText,
      checkpoint: String(this.#executed.size + 1),
      timestampMs: String(this.#now()),
      effects: effectsAnswer(digestAsText, sender, created, spent),
      rawEffects: [...rawEffects(digestAsText, sender, created, coin, spent)],
    };
    if (this.#faults.forget > 0) {
      this.#faults.forget -= 1;
      return executed;
    }
    this.#coinsBefore.set(sender, coin);
    this.#coins.set(sender, spent);
    this.#objects.set(
      objectId,
      objectAnswer(
        created,
        sender,
        encodeRecord({ objectId, state, createdAtMs: this.#now(), unlockAt }),
        state,
      ),
    );
    this.#executed.set(digestAsText, executed);
    return executed;
  }

  /** Every address owns one coin, as from a faucet, made when it is first asked for. */
  #coinOf(owner: string): Coin {
    const known = this.#coins.get(owner);
    if (known !== undefined) return known;
    const objectId = createdObjectId(blake2b256Sync(utf8(`faucet:${owner}`)), 0);
    const coin: Coin = {
      objectId,
      version: 1n,
      digest: digestOf(`${objectId}:1:${FAUCET}`),
      balance: FAUCET,
    };
    this.#coins.set(owner, coin);
    return coin;
  }

  #coinAnswer(owner: string): object {
    const { objectId, version, digest, balance } =
      (this.#faults.staleCoins ? this.#coinsBefore.get(owner) : undefined) ?? this.#coinOf(owner);
    return {
      coinType: IOTA,
      coinObjectId: objectId,
      version: String(version),
      digest,
      balance: String(balance),
      previousTransaction: digestOf('genesis'),
    };
  }
}

const digestOf = (text: string): string => toBase58(blake2b256Sync(utf8(text)));

function refuse(message: string): never {
  throw new RpcRefusal(message);
}

/**
 * flag(1) ‖ signature(64) ‖ key(32) over BLAKE2b-256(intent ‖ bytes); the sender is the address of
 * the key.
 */
function checkSignature(bytes: Uint8Array, signature: Uint8Array, sender: string): void {
  const key = signature.subarray(65);
  const digest = blake2b256Sync(concat(Uint8Array.of(0, 0, 0), bytes));
  if (
    signature[0] !== 0 ||
    addressOf(key) !== sender ||
    !verifyEd25519Sync(key, digest, signature.subarray(1, 65))
  ) {
    refuse('Invalid user signature');
  }
}

const gasUsed = (): object => ({
  computationCost: String(COST),
  computationCostBurned: String(COST),
  storageCost: '0',
  storageRebate: '0',
  nonRefundableStorageFee: '0',
});

interface Reference {
  readonly objectId: string;
  readonly version: string;
  readonly digest: string;
}

/** As a node answers when type, owner, content and BCS are asked for. */
function objectAnswer(
  reference: Reference,
  sender: string,
  bytes: Uint8Array,
  state: string,
): object {
  const type = recordType(packageId);
  return {
    data: {
      ...reference,
      type,
      owner: { AddressOwner: sender },
      previousTransaction: digestOf('genesis'),
      storageRebate: '0',
      content: {
        dataType: 'moveObject',
        type,
        hasPublicTransfer: false,
        fields: { id: { id: reference.objectId }, state: { data: state } },
      },
      bcs: {
        dataType: 'moveObject',
        type,
        hasPublicTransfer: false,
        version: Number(reference.version),
        bcsBytes: toBase64(bytes),
      },
    },
  };
}

function effectsAnswer(digest: string, sender: string, created: Reference, coin: Coin): object {
  const owner = { AddressOwner: sender };
  const gas = {
    owner,
    reference: { objectId: coin.objectId, version: String(coin.version), digest: coin.digest },
  };
  return {
    messageVersion: 'v1',
    status: { status: 'success' },
    executedEpoch: '0',
    gasUsed: gasUsed(),
    transactionDigest: digest,
    created: [{ owner, reference: created }],
    mutated: [gas],
    gasObject: gas,
    dependencies: [],
  };
}

/**
 * The same effects in BCS, which the SDK's serial executor reads to know the coin's next version.
 */
function rawEffects(
  digest: string,
  sender: string,
  created: Reference,
  before: Coin,
  after: Coin,
): Uint8Array {
  const owner = { AddressOwner: sender };
  return bcs.TransactionEffects.serialize({
    V1: {
      status: { Success: true },
      executedEpoch: 0,
      gasUsed: {
        computationCost: COST,
        computationCostBurned: COST,
        storageCost: 0,
        storageRebate: 0,
        nonRefundableStorageFee: 0,
      },
      transactionDigest: digest,
      gasObjectIndex: 0,
      eventsDigest: null,
      dependencies: [],
      lamportVersion: after.version,
      changedObjects: [
        [
          after.objectId,
          {
            inputState: { Exist: [[before.version, before.digest], owner] },
            outputState: { ObjectWrite: [after.digest, owner] },
            idOperation: { None: true },
          },
        ],
        [
          created.objectId,
          {
            inputState: { NotExist: true },
            outputState: { ObjectWrite: [created.digest, owner] },
            idOperation: { Created: true },
          },
        ],
      ],
      unchangedSharedObjects: [],
      auxDataDigest: null,
    },
  }).toBytes();
}
