import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Fate = 'killed' | 'timedOut' | 'survived' | 'refused';

/** How a fault fared, and by what. */
export interface Judged {
  readonly fate: Fate;
  /** The file of the test that noticed it. */
  readonly by?: string;
}

interface Entry extends Judged {
  /** What the answer hangs on: the file with the fault, and the tests. */
  readonly state: string;
}

/**
 * What was judged before, kept in `out/`. It counts again while the file with the fault is as it
 * was, and the test that noticed it; what nobody noticed, while all the tests are as they were.
 * (That another file may have changed underneath both is the price; `--afresh` forgets all.)
 */
export class Remembered {
  readonly #root: string;
  readonly #path: string;
  readonly #entries: Map<string, Entry>;
  readonly #digests = new Map<string, string>();

  constructor(root: string, afresh: boolean) {
    this.#root = root;
    this.#path = join(root, 'out/mutate.json');
    const known = !afresh && existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '{}';
    this.#entries = new Map(Object.entries(JSON.parse(known) as Record<string, Entry>));
  }

  recall(id: string, file: string, tests: readonly string[]): Judged | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state !== this.#state(entry, file, tests)) return undefined;
    return entry;
  }

  keep(id: string, file: string, tests: readonly string[], judged: Judged): void {
    this.#entries.set(id, { ...judged, state: this.#state(judged, file, tests) });
  }

  save(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify(Object.fromEntries(this.#entries), null, 1));
  }

  #state({ by }: Judged, file: string, tests: readonly string[]): string {
    const held = [file, ...(by === undefined ? tests.toSorted() : [by])];
    return sha256(held.map((each) => `${each} ${this.#digestOf(each)}`).join('\n'));
  }

  #digestOf(file: string): string {
    const known = this.#digests.get(file);
    if (known !== undefined) return known;
    const path = join(this.#root, file);
    const digest = existsSync(path) ? sha256(readFileSync(path, 'utf8')) : '';
    this.#digests.set(file, digest);
    return digest;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
