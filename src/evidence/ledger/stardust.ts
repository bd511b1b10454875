import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Fault, invariant } from '../../errors/index.ts';
import { limitedBody } from '../../processes/limitedBody.ts';
import { fromBase64, toBase64 } from '../formats/encoding.ts';
import type { Ledger, Settlement, StardustRecord } from './ledger.ts';
import { anchoredState } from './notarization.ts';
import { readStardustBlock, STARDUST_TAG, stardustBlockId } from './stardustBlock.ts';

/** A block has at most 32 KiB, and is shown as JSON. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface StardustOptions {
  /** A node of the network: there is no public one any more. */
  readonly url: string;
  /** How long the proof of work of one block may take. */
  readonly buildTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

/** What the node says of itself. */
interface Info {
  readonly protocol?: { readonly networkName?: string };
}

interface Metadata {
  readonly referencedByMilestoneIndex?: number;
  readonly shouldReattach?: boolean;
}

/**
 * Anchors on a network of the Stardust protocol, which IOTA's mainnet was until 2025: a block of
 * tagged data that carries the digest of a checkpoint. Such a block costs nothing and is signed by
 * nobody, so that it shows *when*, not *who*: a bundle does not carry it, and it never passes for
 * compliance.
 */
export class StardustLedger implements Ledger<StardustRecord> {
  readonly network = 'stardust';
  readonly #url: string;
  readonly #options: StardustOptions;
  /**
   * Blocks that the node refused: too old for it by now, and nothing is lost by building another.
   */
  readonly #refused = new Set<string>();

  constructor(options: StardustOptions) {
    this.#url = options.url.replace(/\/+$/u, '');
    this.#options = options;
  }

  /** Builds the block, with its proof of work, in a thread. */
  async prepare(checkpoint: string): Promise<StardustRecord> {
    const state = anchoredState(checkpoint);
    invariant(state, 'only a signed checkpoint is anchored');
    const { protocol } = await this.#get<Info>('info');
    const networkName = protocol?.networkName;
    if (networkName === undefined)
      throw new Fault('LEDGER_REJECTED', `${this.#url} is no node of a Stardust network`);
    const block = await this.#build(state);
    const read = readStardustBlock(block);
    invariant(
      read?.tag === STARDUST_TAG && read.data === state,
      'the SDK built the block that was asked for',
    );
    return {
      v: 1,
      driver: 'iota-stardust',
      network: this.network,
      networkName,
      blockId: stardustBlockId(block),
      block: toBase64(block),
      checkpoint,
    };
  }

  async send({ block, blockId }: StardustRecord): Promise<void> {
    const response = await this.#ask('blocks', {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.iota.serializer-v1' },
      body: Buffer.from(block, 'base64'),
    });
    if (response.status === 201 || response.status === 202) return;
    if (response.status >= 400 && response.status < 500) this.#refused.add(blockId);
    throw new Fault(
      'LEDGER_REJECTED',
      `the node answers ${response.status}: ${(await this.#text(response)).slice(0, 200)}`,
      { retryable: true },
    );
  }

  async settle({ block, blockId }: StardustRecord): Promise<Settlement> {
    invariant(
      stardustBlockId(fromBase64(block) ?? new Uint8Array(0)) === blockId,
      'a record holds its own block',
    );
    const response = await this.#ask(`blocks/${blockId}/metadata`);
    if (response.status === 404)
      return this.#refused.has(blockId)
        ? { state: 'dead', reason: 'the node refused the block and does not have it' }
        : { state: 'pending' };
    if (response.status !== 200)
      throw new Fault('LEDGER_REJECTED', `the node answers ${response.status}`, {
        retryable: true,
      });
    const { referencedByMilestoneIndex, shouldReattach } = await this.#json<Metadata>(response);
    if (referencedByMilestoneIndex !== undefined)
      return {
        state: 'confirmed',
        ledgerCheckpoint: String(referencedByMilestoneIndex),
        timestampMs: null,
      };
    return shouldReattach === true
      ? { state: 'dead', reason: 'no milestone will reference the block any more' }
      : { state: 'pending' };
  }

  async #build(data: string): Promise<Uint8Array> {
    const thread = startThread({ url: this.#url, tag: STARDUST_TAG });
    const timeoutMs = this.#options.buildTimeoutMs ?? 120_000;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new Fault('LEDGER_UNAVAILABLE', `no block was built in ${timeoutMs} ms`, {
                retryable: true,
              }),
            ),
          timeoutMs,
        );
        thread.once('error', (cause) =>
          reject(
            new Fault('LEDGER_UNAVAILABLE', 'the thread that builds blocks ended', {
              retryable: true,
              cause,
            }),
          ),
        );
        thread.once(
          'message',
          (answer: { block: Uint8Array } | { failed: string; missing: boolean }) => {
            if ('block' in answer) resolve(answer.block);
            else if (answer.missing)
              reject(
                new Fault(
                  'TOOL_UNAVAILABLE',
                  'the package @iota/sdk, which is optional, is not installed',
                ),
              );
            else
              reject(
                new Fault(
                  'LEDGER_UNAVAILABLE',
                  `no block could be built: ${answer.failed.slice(0, 300)}`,
                  { retryable: true },
                ),
              );
          },
        );
        thread.postMessage(data);
      });
    } finally {
      clearTimeout(timer);
      await thread.terminate();
    }
  }

  async #get<T>(path: string): Promise<T> {
    const response = await this.#ask(path);
    if (response.status !== 200)
      throw new Fault(
        'LEDGER_REJECTED',
        `${this.#url} answers ${response.status}: no node of a Stardust network`,
      );
    return this.#json<T>(response);
  }

  async #json<T>(response: Response): Promise<T> {
    return (await this.#text(response)
      .then(JSON.parse)
      .catch((cause: unknown) => {
        throw new Fault('LEDGER_UNAVAILABLE', `${this.#url} does not answer as a node does`, {
          retryable: true,
          cause,
        });
      })) as T;
  }

  async #text(response: Response): Promise<string> {
    return Buffer.from(await limitedBody(response, MAX_ANSWER_BYTES)).toString('utf8');
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(`${this.#url}/api/core/v2/${path}`, {
        ...init,
        signal: AbortSignal.timeout(this.#options.requestTimeoutMs ?? 15_000),
      });
    } catch (cause) {
      throw new Fault('LEDGER_UNAVAILABLE', `${this.#url} does not answer`, {
        retryable: true,
        cause,
      });
    }
  }
}

function startThread(workerData: { readonly url: string; readonly tag: string }): Worker {
  const compiled = fileURLToPath(new URL('stardustThread.js', import.meta.url));
  if (existsSync(compiled)) return new Worker(compiled, { workerData });
  // From source (tests, development) the thread has to be taught TypeScript before it can load
  // itself.
  const source = JSON.stringify(new URL('stardustThread.ts', import.meta.url).href);
  return new Worker(
    `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}); });`,
    { eval: true, workerData },
  );
}
