import { IotaClient, IotaHTTPTransport, JsonRpcError } from '@iota/iota-sdk/client';
import { Signer as IotaSigner } from '@iota/iota-sdk/cryptography';
import { Ed25519PublicKey } from '@iota/iota-sdk/keypairs/ed25519';
import { Fault, invariant } from '../../errors/index.ts';
import { toBase64 } from '../encoding.ts';
import type { Signer } from '../keys.ts';
import { addressOf } from './address.ts';
import type { AnchorRecord, Confirmation, Ledger } from './ledger.ts';
import { NETWORK_PRESETS, type Network } from './networks.ts';
import { anchoredState, createdObjectId, digestText, notarizationTransaction, transactionDigest } from './notarization.ts';

export interface IotaOptions {
  readonly network: Network;
  readonly signer: Signer;
  /** A node of the network; the preset's when left out. */
  readonly url?: string;
  /** The Notarization package; the preset's when left out. */
  readonly packageId?: string;
  /** Until when nobody can destroy a record. At most the year 2106 (u32 seconds). */
  readonly retainUntil: () => Date;
  readonly requestTimeoutMs?: number;
}

/** A record costs about 0.004 IOTA; a fixed budget, in nanos, spares the dry run. */
const GAS_BUDGET = 50_000_000n;
const MAX_U32 = 0xffff_ffff;

/** Lets the SDK sign with any `Signer` of ours, without ever seeing a secret. */
class SdkSigner extends IotaSigner {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    super();
    this.#signer = signer;
  }

  override async sign(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#signer.sign(bytes));
  }

  override getKeyScheme(): 'ED25519' {
    return 'ED25519';
  }

  override getPublicKey(): Ed25519PublicKey {
    return new Ed25519PublicKey(this.#signer.publicKey);
  }
}

/**
 * Anchors on IOTA Rebased. One transaction at a time: two that use the same gas coin are refused and can lock the coin
 * until the epoch ends. For the same reason a transaction whose answer was lost is sent again, byte for byte, before
 * anything else is; the ledger takes the same transaction only once.
 */
export class IotaLedger implements Ledger {
  readonly network: Network;
  readonly address: string;
  readonly #client: IotaClient;
  readonly #signer: SdkSigner;
  readonly #options: IotaOptions;
  readonly #packageId: string;
  readonly #chainId: string;
  #chainChecked = false;
  /** A signed transaction whose fate is not known: it must be settled before the gas coin is used again. */
  #unsettled: AnchorRecord | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: IotaOptions) {
    const preset = NETWORK_PRESETS[options.network];
    const timeoutMs = options.requestTimeoutMs ?? 15_000;
    this.network = options.network;
    this.address = addressOf(options.signer.publicKey);
    this.#options = options;
    this.#packageId = options.packageId ?? preset.packageId;
    this.#chainId = preset.chainId;
    this.#signer = new SdkSigner(options.signer);
    this.#client = new IotaClient({
      transport: new IotaHTTPTransport({
        url: options.url ?? preset.url,
        fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
      }),
    });
  }

  publish(checkpoint: string): Promise<AnchorRecord> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#publish(checkpoint));
    this.#turn = turn;
    return turn;
  }

  async confirm(record: AnchorRecord): Promise<Confirmation> {
    await this.#checkChain();
    return this.#ask(async () => {
      try {
        const found = await this.#client.getTransactionBlock({ digest: record.transactionDigest });
        return found.checkpoint ? 'confirmed' : 'pending';
      } catch (cause) {
        // A node that answers, but does not know the transaction (yet).
        if (cause instanceof JsonRpcError) return 'pending';
        throw cause;
      }
    });
  }

  async #publish(checkpoint: string): Promise<AnchorRecord> {
    const state = anchoredState(checkpoint);
    invariant(state, 'only a signed checkpoint is anchored');
    await this.#checkChain();
    const before = this.#unsettled;
    if (before !== undefined) {
      const settled = await this.#send(before);
      if (before.checkpoint === checkpoint) return settled;
    }
    return this.#send(await this.#prepare(checkpoint, state));
  }

  /** Builds and signs; nothing has left this machine yet that the ledger could act on. */
  async #prepare(checkpoint: string, state: string): Promise<AnchorRecord> {
    const unlockAt = Math.min(Math.floor(this.#options.retainUntil().getTime() / 1000), MAX_U32);
    const transaction = notarizationTransaction(this.#packageId, state, unlockAt);
    transaction.setSender(this.address);
    transaction.setGasBudget(GAS_BUDGET);
    const bytes = await this.#ask(async () => {
      const coins = await this.#client.getCoins({ owner: this.address });
      const coin = coins.data.find(({ balance }) => BigInt(balance) >= GAS_BUDGET);
      if (coin === undefined) throw new Fault('LEDGER_REJECTED', `${this.address} has no coin of ${GAS_BUDGET} nanos on ${this.network}`, { retryable: true });
      transaction.setGasPayment([{ objectId: coin.coinObjectId, version: coin.version, digest: coin.digest }]);
      return transaction.build({ client: this.#client });
    });
    const { signature } = await this.#signer.signTransaction(bytes);
    return {
      v: 1,
      network: this.network,
      chainId: this.#chainId,
      packageId: this.#packageId,
      transactionDigest: digestText(bytes),
      transaction: toBase64(bytes),
      signature,
      objectId: createdObjectId(transactionDigest(bytes), 0),
      checkpoint,
    };
  }

  /** Sends, and waits until the ledger has it in a checkpoint of its own, so that the next coin look-up is current. */
  async #send(record: AnchorRecord): Promise<AnchorRecord> {
    this.#unsettled = record;
    try {
      const answer = await this.#ask(() => this.#client.executeTransactionBlock({
        transactionBlock: record.transaction, signature: record.signature, options: { showEffects: true },
      }));
      this.#unsettled = undefined;
      const created = answer.effects?.created?.map(({ reference }) => reference.objectId) ?? [];
      if (answer.effects?.status.status !== 'success' || !created.includes(record.objectId)) {
        throw new Fault('LEDGER_REJECTED', `the transaction failed: ${answer.effects?.status.error ?? 'no record was created'}`, { retryable: true });
      }
    } catch (cause) {
      // Refused for good: this transaction will never be taken, so it holds no coin.
      if (cause instanceof Fault && cause.code === 'LEDGER_REJECTED') this.#unsettled = undefined;
      throw cause;
    }
    // Executed is executed: if waiting fails, the worst is that the next transaction is refused for its stale coin.
    await this.#client.waitForTransaction({ digest: record.transactionDigest, timeout: 30_000, pollInterval: 500 }).catch(() => undefined);
    return record;
  }

  /** A node of another chain would take our word for nothing, or worse, our coins for another purpose. */
  async #checkChain(): Promise<void> {
    if (this.#chainChecked) return;
    const chainId = await this.#ask(() => this.#client.getChainIdentifier());
    if (chainId !== this.#chainId) {
      throw new Fault('LEDGER_REJECTED', `the node is of chain ${chainId}, ${this.network} is ${this.#chainId}`);
    }
    this.#chainChecked = true;
  }

  /** An answer that is an error is a refusal; no answer is an outage. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      if (cause instanceof JsonRpcError) throw new Fault('LEDGER_REJECTED', `the ledger refused: ${cause.message}`, { retryable: true, cause });
      throw new Fault('LEDGER_UNAVAILABLE', `${this.network} does not answer`, { retryable: true, cause });
    }
  }
}
