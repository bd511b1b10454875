import { IotaClient, IotaHTTPTransport, JsonRpcError } from '@iota/iota-sdk/client';
import { Signer as IotaSigner } from '@iota/iota-sdk/cryptography';
import { Ed25519PublicKey } from '@iota/iota-sdk/keypairs/ed25519';
import { Fault, invariant } from '../../errors/index.ts';
import { fromBase64, toBase64 } from '../formats/encoding.ts';
import type { Signer } from '../signing/signer.ts';
import { addressOf } from './address.ts';
import type { AnchorRecord } from '../statements/anchor.ts';
import type { Ledger, Settlement } from './ledger.ts';
import { NETWORK_PRESETS, type Network } from '../statements/networks.ts';
import {
  anchoredState,
  createdObjectId,
  digestText,
  notarizationTransaction,
  readNotarization,
  transactionDigest,
} from './notarization.ts';

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
  /** How long a transaction that was sent is waited for before `send` leaves it to `settle`. */
  readonly waitMs?: number;
  /** What one anchor may cost at most, in nanos. */
  readonly gasBudget?: bigint;
}

/** A node that is waited for no longer than this, each time. */
export function iotaClient(url: string, timeoutMs = 15_000): IotaClient {
  return new IotaClient({
    transport: new IotaHTTPTransport({
      url,
      fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    }),
  });
}

/** A record costs about 0.004 IOTA; a fixed budget, in nanos, spares the dry run. */
const GAS_BUDGET = 50_000_000n;
const WAIT_MS = 2_000;
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
 * Anchors on IOTA Rebased. Two transactions that use the same version of a gas coin are refused,
 * and can lock the coin until the epoch ends. So there is one sender, a transaction is kept by the
 * caller before it is sent, and until it is settled the same bytes are sent again and nothing else
 * is signed.
 */
export class IotaLedger implements Ledger<AnchorRecord> {
  readonly network: Network;
  /** The address that anchors are sent from, for trust policies. */
  readonly address: string;
  readonly #client: IotaClient;
  readonly #signer: SdkSigner;
  readonly #options: IotaOptions;
  readonly #packageId: string;
  readonly #chainId: string;
  readonly #gasBudget: bigint;
  #chainChecked = false;

  constructor(options: IotaOptions) {
    const preset = NETWORK_PRESETS[options.network];
    this.network = options.network;
    this.address = addressOf(options.signer.publicKey);
    this.#options = options;
    this.#packageId = options.packageId ?? preset.packageId;
    this.#chainId = preset.chainId;
    this.#gasBudget = options.gasBudget ?? GAS_BUDGET;
    this.#signer = new SdkSigner(options.signer);
    this.#client = iotaClient(options.url ?? preset.url, options.requestTimeoutMs);
  }

  /**
   * Looks for a coin and asks for the gas price, builds and signs. The coin is the caller's until
   * the record is settled.
   */
  async prepare(checkpoint: string): Promise<AnchorRecord> {
    const state = anchoredState(checkpoint);
    invariant(state, 'only a signed checkpoint is anchored');
    await this.#checkChain();
    const unlockAt = Math.min(Math.floor(this.#options.retainUntil().getTime() / 1000), MAX_U32);
    const transaction = notarizationTransaction(this.#packageId, state, unlockAt);
    transaction.setSender(this.address);
    transaction.setGasBudget(this.#gasBudget);
    const bytes = await this.#ask(async () => {
      const coins = await this.#client.getCoins({ owner: this.address });
      const coin = coins.data.find(({ balance }) => BigInt(balance) >= this.#gasBudget);
      if (coin === undefined)
        throw new Fault(
          'LEDGER_FUNDS',
          `${this.address} has no coin of ${this.#gasBudget} nanos on ${this.network}`,
          { retryable: true },
        );
      transaction.setGasPayment([
        { objectId: coin.coinObjectId, version: coin.version, digest: coin.digest },
      ]);
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

  /** Sends, and waits a while until the ledger has it in a checkpoint of its own. */
  async send(record: AnchorRecord): Promise<void> {
    await this.#checkChain();
    const answer = await this.#ask(() =>
      this.#client.executeTransactionBlock({
        transactionBlock: record.transaction,
        signature: record.signature,
        options: { showEffects: true },
      }),
    );
    if (answer.effects?.status.status !== 'success') {
      throw new Fault(
        'LEDGER_REJECTED',
        `the transaction failed: ${answer.effects?.status.error ?? 'without a reason'}`,
        { retryable: true },
      );
    }
    // Executed is executed: if waiting fails, `settle` finds it.
    await this.#client
      .waitForTransaction({
        digest: record.transactionDigest,
        timeout: this.#options.waitMs ?? WAIT_MS,
        pollInterval: 500,
      })
      .catch(() => undefined);
  }

  async settle(record: AnchorRecord): Promise<Settlement> {
    await this.#checkChain();
    const found = await this.#find(record);
    if (found !== undefined) return found;
    if (await this.#coinIsUnspent(record)) return { state: 'pending' };
    // Between the two questions the transaction itself may have spent the coin.
    return (
      (await this.#find(record)) ?? {
        state: 'dead',
        reason: 'its coin was spent by another transaction',
      }
    );
  }

  /** The transaction as the node knows it; nothing when it does not. */
  #find(record: AnchorRecord): Promise<Settlement | undefined> {
    return this.#ask(async () => {
      try {
        const { effects, checkpoint, timestampMs } = await this.#client.getTransactionBlock({
          digest: record.transactionDigest,
          options: { showEffects: true },
        });
        if (effects?.status.status === 'failure')
          return { state: 'dead', reason: effects.status.error ?? 'it was taken and failed' };
        return checkpoint
          ? { state: 'confirmed', ledgerCheckpoint: checkpoint, timestampMs: timestampMs ?? null }
          : { state: 'pending' };
      } catch (cause) {
        if (cause instanceof JsonRpcError) return undefined;
        throw cause;
      }
    });
  }

  /**
   * Whether the coin is at the version that the transaction spends: then, and only then, can it
   * still be taken.
   */
  #coinIsUnspent({ transaction }: AnchorRecord): Promise<boolean> {
    const gas = readNotarization(fromBase64(transaction) ?? new Uint8Array(0))?.gas;
    invariant(gas, 'a record holds a transaction of ours');
    return this.#ask(async () => {
      const { data } = await this.#client.getObject({ id: gas.objectId });
      return data?.version === gas.version && data.digest === gas.digest;
    });
  }

  /**
   * A node of another chain would take our word for nothing, or worse, our coins for another
   * purpose.
   */
  async #checkChain(): Promise<void> {
    if (this.#chainChecked) return;
    const chainId = await this.#ask(() => this.#client.getChainIdentifier());
    if (chainId !== this.#chainId) {
      throw new Fault(
        'LEDGER_REJECTED',
        `the node is of chain ${chainId}, ${this.network} is ${this.#chainId}`,
      );
    }
    this.#chainChecked = true;
  }

  /** An answer that is an error is a refusal; no answer is an outage. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      if (cause instanceof JsonRpcError)
        throw new Fault('LEDGER_REJECTED', `the ledger refused: ${cause.message}`, {
          retryable: true,
          cause,
        });
      throw new Fault('LEDGER_UNAVAILABLE', `${this.network} does not answer`, {
        retryable: true,
        cause,
      });
    }
  }
}
