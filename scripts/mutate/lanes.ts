import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { copyTree, removeCopy, replaceFile } from './copy.ts';
import type { Answer, Asked } from './lane.ts';

/** Starting vitest takes seconds, on a loaded machine many. */
const START_MS = 120_000;

/** A copy of the tree and the warm process that runs tests in it. */
export class Lane {
  readonly copy: string;
  readonly #root: string;
  /** Files that were replaced since the tests last ran. */
  #changed: string[] = [];
  #child: ChildProcess | undefined;

  constructor(root: string) {
    this.#root = root;
    this.copy = copyTree(root);
  }

  /** The answer, or nothing after so many ms: then the process is killed, and the next one new. */
  async run(tests: readonly string[], timeoutMs: number): Promise<Answer | undefined> {
    const child = this.#child ?? (await this.#start());
    const said = answerOf(child, timeoutMs);
    child.send({ changed: this.#changed, tests } satisfies Asked);
    this.#changed = [];
    const answer = await said;
    if (answer === undefined) this.#kill();
    return answer;
  }

  replace(file: string, text: string): void {
    replaceFile(this.copy, file, text);
    this.#changed.push(file);
  }

  close(): void {
    this.#kill();
    removeCopy(this.copy);
  }

  async #start(): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(this.copy, 'scripts/mutate/lane.ts')],
      {
        cwd: this.copy,
        // Its own group: the workers of vitest end with it.
        detached: true,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        env: {
          PROBITY_SHARED: join(this.#root, '../shared'),
          PROBITY_REFERENCE_STRIDE: '6',
          PROBITY_LITERAL_MODELS: '50',
          ...process.env,
        },
      },
    );
    this.#child = child;
    if ((await answerOf(child, START_MS)) === undefined) {
      this.#kill();
      throw new Error('vitest did not start in the copy of the tree');
    }
    return child;
  }

  #kill(): void {
    const pid = this.#child?.pid;
    this.#child = undefined;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** The next message of a child, or nothing where it ends or is silent for so long. */
function answerOf(child: ChildProcess, timeoutMs: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const done = (answer?: Answer): void => {
      clearTimeout(timer);
      child.off('message', done).off('exit', ended);
      resolve(answer);
    };
    const ended = (): void => done();
    const timer = setTimeout(ended, timeoutMs);
    child.on('message', done).on('exit', ended);
  });
}
