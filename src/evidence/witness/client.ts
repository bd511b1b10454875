import { Fault } from '../../errors/index.ts';
import { limitedBody } from '../../processes/limitedBody.ts';
import { parseCheckpoint } from '../formats/checkpoint.ts';
import { fromDecimal } from '../formats/encoding.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { isTimely, parseNote, verifyNote } from '../formats/note.ts';
import { meetsQuorum } from '../formats/policy.ts';
import type { KnownWitness, WitnessPolicy } from './policy.ts';
import { formatAddCheckpoint, SIZE_TYPE } from './protocol.ts';

/** RFC 9162 consistency proof between two sizes of our log; nothing when it is not that long. */
export type Prove = (
  oldSize: number,
  newSize: number,
) => Promise<readonly Uint8Array[] | undefined>;

export interface Cosigned {
  /** The checkpoint with every cosignature that was had. */
  readonly note: string;
  readonly size: number;
  /** The names of who cosigned, as in the policy. */
  readonly by: readonly string[];
  /** Whether those are enough. */
  readonly quorum: boolean;
  readonly failures: readonly { readonly name: string; readonly fault: Fault }[];
}

const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks all witnesses at once to cosign a checkpoint (https://c2sp.org/tlog-witness), and waits for
 * each at most `timeoutMs`: one that is away costs its cosignature, not everybody's. Remembers what
 * each has cosigned, to spare the first question.
 */
export class WitnessClient {
  readonly policy: WitnessPolicy;
  readonly #timeoutMs: number;
  readonly #sizes = new Map<string, number>();

  constructor(policy: WitnessPolicy, { timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}) {
    this.policy = policy;
    this.#timeoutMs = timeoutMs;
  }

  async cosign(checkpoint: string, prove: Prove): Promise<Cosigned> {
    const size = parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.size;
    if (size === undefined)
      throw new Fault('LOG_CORRUPT', 'what is to be cosigned is no checkpoint');
    const lines: string[] = [];
    const by: string[] = [];
    const failures: { name: string; fault: Fault }[] = [];
    await Promise.all(
      this.policy.witnesses.map(async (witness) => {
        try {
          lines.push(...(await this.#ask(witness, checkpoint, size, prove)));
          by.push(witness.name);
        } catch (cause) {
          failures.push({
            name: witness.name,
            fault: cause instanceof Fault ? cause : unavailable(witness, cause),
          });
        }
      }),
    );
    return {
      note: `${checkpoint}${lines.sort().join('')}`,
      size,
      by: by.sort(),
      quorum: meetsQuorum(this.policy.policy, new Set(by)),
      failures,
    };
  }

  /**
   * The lines of this witness's own key. A conflict tells the size that it has, and is answered
   * once.
   */
  async #ask(
    witness: KnownWitness,
    checkpoint: string,
    size: number,
    prove: Prove,
  ): Promise<string[]> {
    const guess = Math.min(this.#sizes.get(witness.name) ?? 0, size);
    let answer = await this.#post(witness, checkpoint, guess, size, prove);
    if (answer.status === 409 && answer.conflict !== undefined && answer.conflict !== guess) {
      if (answer.conflict > size)
        throw new Fault(
          'LOG_ROLLED_BACK',
          `witness ${witness.name} has cosigned ${answer.conflict} leaves, this checkpoint has ${size}`,
        );
      answer = await this.#post(witness, checkpoint, answer.conflict, size, prove);
    }
    if (answer.status === 409 && answer.conflict === size)
      throw new Fault(
        'LOG_FORKED',
        `witness ${witness.name} has cosigned another log of ${size} leaves`,
      );
    if (answer.status === 422)
      throw new Fault(
        'LOG_FORKED',
        `witness ${witness.name} finds this checkpoint inconsistent with what it has cosigned`,
      );
    if (answer.status !== 200)
      throw new Fault(
        'WITNESS_REFUSED',
        `witness ${witness.name} answers ${answer.status}: ${answer.text.slice(0, 200).trim()}`,
        { retryable: answer.status === 409 || answer.status === 429 || answer.status >= 500 },
      );
    const lines = await ownLines(witness, checkpoint, answer.text);
    this.#sizes.set(witness.name, size);
    return lines;
  }

  async #post(
    witness: KnownWitness,
    checkpoint: string,
    oldSize: number,
    size: number,
    prove: Prove,
  ): Promise<{ status: number; text: string; conflict?: number }> {
    const proof = oldSize === 0 || oldSize === size ? [] : await prove(oldSize, size);
    if (proof === undefined)
      throw new Fault(
        'WITNESS_REFUSED',
        `there is no proof from ${oldSize} to ${size} for witness ${witness.name}`,
        { retryable: true },
      );
    try {
      const response = await fetch(`${witness.url}/add-checkpoint`, {
        method: 'POST',
        body: formatAddCheckpoint({ oldSize, proof, checkpoint }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = new TextDecoder().decode(await limitedBody(response, MAX_ANSWER_BYTES));
      const conflict = response.headers.get('content-type')?.startsWith(SIZE_TYPE)
        ? fromDecimal(text.trimEnd())
        : undefined;
      return { status: response.status, text, ...(conflict === undefined ? {} : { conflict }) };
    } catch (cause) {
      throw unavailable(witness, cause);
    }
  }
}

/** What the witness's own key signed of the answer; anything else that it sends is dropped. */
async function ownLines(
  witness: KnownWitness,
  checkpoint: string,
  text: string,
): Promise<string[]> {
  const own: string[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const note = parseNote(`${checkpoint}${line}\n`);
    const signed = note && (await verifyNote(note, [witness.key], nodeCrypto));
    const cosignature = note?.signatures.at(-1)?.signature ?? new Uint8Array(0);
    if (signed?.status === 'verified' && isTimely(cosignature, new Date())) own.push(`${line}\n`);
  }
  if (own.length === 0)
    throw new Fault(
      'WITNESS_UNAVAILABLE',
      `witness ${witness.name} answers without a signature of its key and of now`,
      { retryable: true },
    );
  return own.slice(0, 1);
}

function unavailable({ name, url }: KnownWitness, cause: unknown): Fault {
  return new Fault('WITNESS_UNAVAILABLE', `witness ${name} at ${url} does not answer`, {
    retryable: true,
    cause,
  });
}
