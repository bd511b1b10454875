import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseCheckpoint, type Checkpoint } from '../formats/checkpoint.ts';
import { equalBytes } from '../formats/encoding.ts';
import { seenInFolder, type Seen } from '../log/seen.ts';
import { verifyConsistency } from '../formats/merkle.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { parseNote, verifyNote } from '../formats/note.ts';
import type { TrustedKey } from '../formats/policy.ts';
import type { Cosigner } from './cosigner.ts';
import { parseAddCheckpoint, SIZE_TYPE, type AddCheckpoint } from './protocol.ts';

/** An answer of https://c2sp.org/tlog-witness. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';
const refuse = (status: 400 | 403 | 404 | 422, why: string): WitnessAnswer => ({
  status,
  type: TEXT,
  body: `${why}\n`,
});
const conflict = (size: number): WitnessAnswer => ({
  status: 409,
  type: SIZE_TYPE,
  body: `${size}\n`,
});

const EMPTY: Checkpoint = {
  origin: '',
  size: 0,
  root: new Uint8Array(createHash('sha256').digest()),
};

/**
 * Cosigns what grows and nothing else. Per log it remembers the largest checkpoint that it
 * cosigned, durably and before it answers: after a kill it may know more than it told, never less.
 * One request of a log at a time, so that two cannot both start from the same old size; only one
 * process may use a folder.
 */
export class Witness {
  readonly #logs: readonly TrustedKey[];
  readonly #cosigner: Cosigner;
  readonly #folder: string;
  readonly #now: () => number;
  readonly #known = new Map<string, Promise<Seen>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: {
    readonly logs: readonly TrustedKey[];
    readonly cosigner: Cosigner;
    readonly folder: string;
    readonly now?: () => number;
  }) {
    this.#logs = options.logs;
    this.#cosigner = options.cosigner;
    this.#folder = options.folder;
    this.#now = options.now ?? Date.now;
  }

  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body);
    const note = request && parseNote(request.checkpoint);
    const checkpoint = note && parseCheckpoint(note.text);
    if (request === undefined || note === undefined || checkpoint === undefined)
      return refuse(400, 'not a request of add-checkpoint');
    const keys = this.#logs.filter(({ name }) => name === checkpoint.origin);
    if (keys.length === 0) return refuse(404, 'a log that is not known here');
    const signed = await verifyNote(note, keys, nodeCrypto);
    if (signed.status !== 'verified') return refuse(403, 'not signed by a known key of this log');
    const counts = (signed.by as readonly TrustedKey[]).some(
      ({ until }) => until === undefined || checkpoint.size <= until,
    );
    if (!counts) return refuse(403, 'signed by a key of this log that was retired before');
    if (request.oldSize > checkpoint.size)
      return refuse(400, 'the old size is larger than the new one');
    const turn = (this.#turns.get(checkpoint.origin) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#advance(request, note.text, checkpoint));
    this.#turns.set(checkpoint.origin, turn);
    return turn;
  }

  async #advance(
    request: AddCheckpoint,
    text: string,
    checkpoint: Checkpoint,
  ): Promise<WitnessAnswer> {
    const seen = await this.#seen(checkpoint.origin);
    const newest = await seen.newest();
    const latest =
      newest === undefined ? EMPTY : (parseCheckpoint(parseNote(newest)?.text ?? '') ?? EMPTY);
    if (request.oldSize !== latest.size) return conflict(latest.size);
    if (checkpoint.size === latest.size) {
      if (!equalBytes(checkpoint.root, latest.root)) return conflict(latest.size);
      if (request.proof.length > 0)
        return refuse(422, 'there is nothing to prove between equal sizes');
    } else if (!(await grows(latest, checkpoint, request.proof))) {
      return refuse(422, 'the proof does not lead from the old checkpoint to this one');
    }
    if (checkpoint.size > latest.size) await seen.keep(request.checkpoint);
    return {
      status: 200,
      type: TEXT,
      body: await this.#cosigner.cosign(text, Math.floor(this.#now() / 1000)),
    };
  }

  #seen(origin: string): Promise<Seen> {
    const known =
      this.#known.get(origin) ??
      seenInFolder(join(this.#folder, createHash('sha256').update(origin).digest('hex')));
    this.#known.set(origin, known);
    known.catch(() => this.#known.delete(origin));
    return known;
  }
}

/** From nothing everything grows, and nothing is proved; else RFC 6962 section 2.1.2. */
async function grows(
  old: Checkpoint,
  now: Checkpoint,
  proof: readonly Uint8Array[],
): Promise<boolean> {
  if (old.size === 0) return proof.length === 0;
  return verifyConsistency(
    { size1: old.size, size2: now.size, root1: old.root, root2: now.root },
    proof,
    nodeCrypto.sha256,
  );
}
