import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../config/packageRoot.ts';
import { confined, toolEnvironment, type Confined } from '../../processes/confined.ts';

/**
 * A Z3 in a process of its own, in a group of its own: what it is told, it answers, in order. It
 * knows no limits; whoever uses it (`Z3Session`) watches over it and kills it.
 */
export class Z3Process {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #native: boolean;
  readonly #gone: Promise<void>;
  #waiting = 0;
  #alive = true;
  /** How much it has printed since it was last asked. */
  #printed = 0;

  private constructor(child: ChildProcess, native: boolean) {
    this.#child = child;
    this.#native = native;
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
    // A child of the child may hold the pipe open: that the child is gone ends the wait, not that
    // the pipe is.
    this.#gone = new Promise((resolve) => {
      const gone = (): void => {
        this.#alive = false;
        resolve();
      };
      child.once('exit', () => setImmediate(gone));
      child.once('error', gone);
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#printed += chunk.length;
      if (this.#printed > MAX_OUTPUT) this.kill();
    });
    child.stdin?.on('error', () => {
      // Written to a child that is gone: `send` reports it.
    });
  }

  /** Off once the packaged one did not start in a sandbox: an installation may lie anywhere. */
  static isConfined = true;

  /**
   * z3-solver's wasm. Its functions are checked when they are first compiled, not all 35 MB at
   * once: a good half of the start. A function that does not check still does not run.
   */
  static packaged(): Z3Process {
    const [node, args] = [process.execPath, ['--wasm-lazy-validation', WASM_CHILD]];
    const program: Confined = Z3Process.isConfined
      ? confined(node, args, { readable: readableByWasm() })
      : { command: node, args, sandbox: 'none' };
    return new Z3Process(start(program), false);
  }

  /**
   * A native solver. It does not notice that we are gone while it thinks: it gets a limit of its
   * own.
   */
  static native(binary: string, seconds: number): Z3Process {
    const args = ['-in', '-smt2', `-T:${seconds}`];
    return new Z3Process(start(confined(binary, args, { readable: [] })), true);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it lives and nobody waits for it. */
  get idle(): boolean {
    return this.#alive && this.#waiting === 0;
  }

  #version: Promise<string> | undefined;

  /** Its version, once it has started. */
  version(): Promise<string> {
    this.#version ??= this.#native
      ? this.send('(get-info :version)').then((said) => `Z3 ${said.replace(/[^\d.]/g, '')} native`)
      : this.#line().then((line) => JSON.parse(line) as string);
    return this.#version;
  }

  /** What Z3 prints for these commands. Rejects where it ends before it has answered. */
  async send(text: string): Promise<string> {
    this.#printed = 0;
    if (!this.#native) return this.#ask(text);
    this.#child.stdin?.write(`${text}\n(echo "${MARK}")\n`);
    const printed: string[] = [];
    for (let line = await this.#line(); line !== MARK; line = await this.#line())
      printed.push(line);
    return printed.join('\n');
  }

  /** Of the packaged one: forgets all that it was told, options included. */
  async renew(): Promise<void> {
    await this.#ask(null);
  }

  /** Ends it and whatever it has started. */
  kill(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  /** Calls back when it has ended, or could not be started. */
  whenGone(then: () => void): void {
    void this.#gone.then(then);
  }

  /**
   * Whether it keeps our own process from ending. When we end, its input is closed, and it ends as
   * well.
   */
  hold(held: boolean): void {
    const streams = [this.#child.stdin, this.#child.stdout] as unknown as readonly Socket[];
    for (const end of [this.#child, ...streams]) {
      if (held) end.ref();
      else end.unref();
    }
  }

  async #ask(request: string | null): Promise<string> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await this.#line()) as string;
  }

  async #line(): Promise<string> {
    this.#waiting += 1;
    try {
      const line = this.#lines.next();
      // What was printed before the end is still to be read.
      const next = await Promise.race([
        line,
        this.#gone.then(() => Promise.race([line, delay(200, undefined, { ref: false })])),
      ]);
      if (next && !next.done) return next.value;
      throw new Error(
        this.#printed > MAX_OUTPUT
          ? 'Z3 printed more than the limit'
          : 'Z3 ended before it answered',
      );
    } finally {
      this.#waiting -= 1;
    }
  }
}

/** Scripts of others run here: nothing of ours is in reach. */
function start({ command, args }: Confined): ChildProcess {
  return spawn(command, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: toolEnvironment(),
    detached: true,
  });
}

let wasmPlaces: readonly string[] | undefined;

/** The package with all that it needs, and the file that says of what kind our modules are. */
function readableByWasm(): readonly string[] {
  if (wasmPlaces) return wasmPlaces;
  const found = createRequire(import.meta.url).resolve('z3-solver/package.json');
  const modules = found.slice(0, found.lastIndexOf('node_modules') + 'node_modules'.length);
  const root = packageRoot();
  const near = join(root, 'node_modules');
  wasmPlaces = [
    modules,
    ...(existsSync(near) ? [near] : []),
    WASM_CHILD,
    join(root, 'package.json'),
  ];
  return wasmPlaces;
}

const WASM_CHILD = fileURLToPath(new URL('./z3Child.js', import.meta.url));
const MARK = '<<answered>>';
/** More than this nobody prints who wants an answer; it is kept in the memory of this process. */
const MAX_OUTPUT = 64 * 1024 * 1024;
