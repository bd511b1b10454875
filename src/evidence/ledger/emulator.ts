import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bcs } from '@iota/iota-sdk/bcs';
import { Fault } from '../../errors/index.ts';
import { concat, fromBase64, toBase58, utf8 } from '../encoding.ts';
import { blake2b256Sync, verifyEd25519Sync } from '../nodeCrypto.ts';
import { addressOf } from './address.ts';
import { NETWORK_PRESETS } from './networks.ts';
import { createdObjectId, digestText, readNotarization, transactionDigest } from './notarization.ts';

/**
 * A loopback node that carries the unmodified SDK end to end, for installations without a ledger and for tests. It
 * checks what a node checks of our one transaction: BCS, the intent signature, version and digest of the gas coin, the
 * time lock. It has no Move VM, no consensus and no other nodes: what it accepts proves nothing, and says so in its name.
 */
export interface Emulator {
  readonly url: string;
  /** Faults to show: an outage, or an answer that is lost after the transaction was taken. */
  readonly faults: { down: boolean; loseNextAnswer: boolean; chainId?: string };
  close(): Promise<void>;
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
class Refusal extends Error {}

const { chainId, packageId } = NETWORK_PRESETS.emulated;
const GAS_PRICE = 1000n;
const COST = 4_000_000n;
const FAUCET = 1_000_000_000_000n;
const MAX_BODY = 1_000_000;
const IOTA = '0x2::iota::IOTA';

/** Starts an emulated node on 127.0.0.1; port 0 takes a free one. */
export async function startEmulator(options: { readonly port?: number; readonly now?: () => number } = {}): Promise<Emulator> {
  const faults: Emulator['faults'] = { down: false, loseNextAnswer: false };
  const node = new EmulatedNode(options.now ?? Date.now, faults);
  const server = createServer((request, response) => void serve(node, faults, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Fault('PORT_TAKEN', `the emulated ledger cannot listen on port ${options.port ?? 0}`, { cause })));
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, faults, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function serve(node: EmulatedNode, faults: Emulator['faults'], request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (faults.down) return void request.socket.destroy();
  let id: unknown = null;
  let answer: object;
  try {
    const call = JSON.parse(await readBody(request)) as { id?: unknown; method?: string; params?: unknown[] };
    id = call.id ?? null;
    answer = { result: node.call(call.method ?? '', call.params ?? []) };
    if (faults.loseNextAnswer && call.method === 'iota_executeTransactionBlock') {
      faults.loseNextAnswer = false;
      return void request.socket.destroy();
    }
  } catch (cause) {
    answer = { error: { code: cause instanceof Refusal ? -32002 : -32600, message: cause instanceof Error ? cause.message : 'bad request' } };
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY) throw new Refusal('request too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

class EmulatedNode {
  readonly #now: () => number;
  readonly #faults: Emulator['faults'];
  readonly #coins = new Map<string, Coin>();
  readonly #executed = new Map<string, Executed>();
  readonly #records = new Map<string, object>();

  constructor(now: () => number, faults: Emulator['faults']) {
    this.#now = now;
    this.#faults = faults;
  }

  /** The calls that the SDK makes to build, send and await a transaction, and to look at what it made. */
  call(method: string, params: readonly unknown[]): unknown {
    const text = (at: number): string => String(params[at] ?? '');
    switch (method) {
      case 'iota_getChainIdentifier':
        return this.#faults.chainId ?? chainId;
      case 'iotax_getReferenceGasPrice':
        return String(GAS_PRICE);
      case 'iotax_getCoins':
        return { data: [this.#coinAnswer(text(0))], nextCursor: null, hasNextPage: false };
      case 'iota_dryRunTransactionBlock':
        return { effects: { status: { status: 'success' }, gasUsed: gasUsed() } };
      case 'iota_executeTransactionBlock':
        return this.#execute(fromBase64(text(0)), params[1]);
      case 'iota_getTransactionBlock':
        return this.#executed.get(text(0)) ?? refuse(`Could not find the referenced transaction [${text(0)}].`);
      case 'iota_getObject':
        return this.#records.get(text(0)) ?? { error: { code: 'notExists', object_id: text(0) } };
      default:
        return refuse(`the emulated node has no method ${method}`);
    }
  }

  #execute(bytes: Uint8Array | undefined, signatures: unknown): Executed {
    const signature = Array.isArray(signatures) && signatures.length === 1 ? fromBase64(String(signatures[0])) : undefined;
    if (bytes === undefined || signature?.length !== 97) return refuse('transaction or signature cannot be read');
    const before = this.#executed.get(digestText(bytes));
    if (before !== undefined) return before; // a transaction is taken once, however often it is sent
    const transaction = readNotarization(bytes);
    if (transaction === undefined || transaction.packageId !== packageId) return refuse('the emulated node knows one transaction only: a locked notarization');
    checkSignature(bytes, signature, transaction.sender);
    const coin = this.#coinOf(transaction.sender);
    const { gas } = transaction;
    if (gas.objectId !== coin.objectId || gas.version !== String(coin.version) || gas.digest !== coin.digest) {
      return refuse(`object ${gas.objectId} version ${gas.version} is not available for consumption, current version: ${coin.version}`);
    }
    if (transaction.budget < COST || coin.balance < transaction.budget) return refuse('the gas budget is too low, or higher than the balance');
    if (transaction.unlockAt <= Math.floor(this.#now() / 1000)) return refuse('MoveAbort in timelock::unlock_at: EPastTimestamp');
    return this.#take(bytes, transaction.sender, transaction.state, coin);
  }

  #take(bytes: Uint8Array, sender: string, state: string, coin: Coin): Executed {
    const digest = transactionDigest(bytes);
    const objectId = createdObjectId(digest, 0);
    const version = coin.version + 1n;
    const spent: Coin = { ...coin, version, balance: coin.balance - COST, digest: digestOf(`${coin.objectId}:${version}:${coin.balance - COST}`) };
    const objectDigest = digestOf(`${objectId}:${version}:${state}`);
    this.#coins.set(sender, spent);
    const reference = { objectId, version: String(version), digest: objectDigest };
    const type = `${packageId}::notarization::Notarization<0x1::string::String>`;
    this.#records.set(objectId, {
      data: { ...reference, type, owner: { AddressOwner: sender }, content: { dataType: 'moveObject', type, hasPublicTransfer: false, fields: { id: { id: objectId }, state: { data: state } } } },
    });
    const transactionDigestText = toBase58(digest);
    const executed: Executed = {
      digest: transactionDigestText,
      checkpoint: String(this.#executed.size + 1),
      timestampMs: String(this.#now()),
      effects: effectsAnswer(transactionDigestText, sender, reference, spent),
      rawEffects: [...rawEffects(transactionDigestText, sender, reference, coin, spent)],
    };
    this.#executed.set(transactionDigestText, executed);
    return executed;
  }

  /** Every address owns one coin, as from a faucet, made when it is first asked for. */
  #coinOf(owner: string): Coin {
    const known = this.#coins.get(owner);
    if (known !== undefined) return known;
    const objectId = createdObjectId(blake2b256Sync(utf8(`faucet:${owner}`)), 0);
    const coin: Coin = { objectId, version: 1n, digest: digestOf(`${objectId}:1:${FAUCET}`), balance: FAUCET };
    this.#coins.set(owner, coin);
    return coin;
  }

  #coinAnswer(owner: string): object {
    const { objectId, version, digest, balance } = this.#coinOf(owner);
    return { coinType: IOTA, coinObjectId: objectId, version: String(version), digest, balance: String(balance), previousTransaction: digestOf('genesis') };
  }
}

const digestOf = (text: string): string => toBase58(blake2b256Sync(utf8(text)));

function refuse(message: string): never {
  throw new Refusal(message);
}

/** flag(1) ‖ signature(64) ‖ key(32) over BLAKE2b-256(intent ‖ bytes); the sender is the address of the key. */
function checkSignature(bytes: Uint8Array, signature: Uint8Array, sender: string): void {
  const key = signature.subarray(65);
  const digest = blake2b256Sync(concat(Uint8Array.of(0, 0, 0), bytes));
  if (signature[0] !== 0 || addressOf(key) !== sender || !verifyEd25519Sync(key, digest, signature.subarray(1, 65))) {
    refuse('Invalid user signature');
  }
}

const gasUsed = (): object => ({
  computationCost: String(COST), computationCostBurned: String(COST), storageCost: '0', storageRebate: '0', nonRefundableStorageFee: '0',
});

interface Reference {
  readonly objectId: string;
  readonly version: string;
  readonly digest: string;
}

function effectsAnswer(digest: string, sender: string, created: Reference, coin: Coin): object {
  const owner = { AddressOwner: sender };
  const gas = { owner, reference: { objectId: coin.objectId, version: String(coin.version), digest: coin.digest } };
  return {
    messageVersion: 'v1', status: { status: 'success' }, executedEpoch: '0', gasUsed: gasUsed(), transactionDigest: digest,
    created: [{ owner, reference: created }], mutated: [gas], gasObject: gas, dependencies: [],
  };
}

/** The same effects in BCS, which the SDK's serial executor reads to know the coin's next version. */
function rawEffects(digest: string, sender: string, created: Reference, before: Coin, after: Coin): Uint8Array {
  const owner = { AddressOwner: sender };
  return bcs.TransactionEffects.serialize({
    V1: {
      status: { Success: true },
      executedEpoch: 0,
      gasUsed: { computationCost: COST, computationCostBurned: COST, storageCost: 0, storageRebate: 0, nonRefundableStorageFee: 0 },
      transactionDigest: digest,
      gasObjectIndex: 0,
      eventsDigest: null,
      dependencies: [],
      lamportVersion: after.version,
      changedObjects: [
        [after.objectId, {
          inputState: { Exist: [[before.version, before.digest], owner] },
          outputState: { ObjectWrite: [after.digest, owner] },
          idOperation: { None: true },
        }],
        [created.objectId, { inputState: { NotExist: true }, outputState: { ObjectWrite: [created.digest, owner] }, idOperation: { Created: true } }],
      ],
      unchangedSharedObjects: [],
      auxDataDigest: null,
    },
  }).toBytes();
}
