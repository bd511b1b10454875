import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentMb } from '../../processes/child.ts';

/** Why a session ended before it answered. None of these is an answer. */
export type SessionEnd = 'timeout' | 'cancelled' | 'memory' | 'crash';

export class SessionError extends Error {
  readonly end: SessionEnd;
  constructor(end: SessionEnd, message: string) {
    super(message);
    this.end = end;
  }
}

export interface SessionLimits {
  readonly deadline: number;
  readonly memoryMb: number;
  readonly signal: AbortSignal;
}

/** One fresh Z3 process that keeps what it was told, until it is closed or killed. */
export class Z3Session {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #native: boolean;
  #ended: SessionError | undefined;
  readonly #stop: () => void;
  readonly #gone: Promise<void>;

  private constructor(child: ChildProcess, native: boolean, limits: SessionLimits) {
    this.#child = child;
    this.#native = native;
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    const kill = (end: SessionEnd, message: string): void => {
      this.#ended ??= new SessionError(end, message);
      killGroup(child);
    };
    // A child of the child may hold the pipe open: that the child is gone ends the wait, not that the pipe is.
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => setImmediate(resolve));
      child.once('error', () => resolve());
    });
    const onAbort = (): void => kill('cancelled', 'the check was cancelled');
    const timer = setTimeout(() => kill('timeout', 'Z3 reached the time limit'), Math.max(1, limits.deadline - Date.now()));
    limits.signal.addEventListener('abort', onAbort, { once: true });
    const watchdog = setInterval(() => {
      void residentMb(child.pid).then((mb) => {
        if (mb > limits.memoryMb) kill('memory', `Z3 went over ${limits.memoryMb} MB`);
      });
    }, 250);
    this.#stop = () => {
      clearTimeout(timer);
      clearInterval(watchdog);
      limits.signal.removeEventListener('abort', onAbort);
    };
    let printed = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.length;
      if (printed > MAX_OUTPUT) kill('crash', 'Z3 printed more than the limit');
    });
    child.once('exit', this.#stop);
    child.on('error', () => this.#stop());
    child.stdin?.on('error', () => {
      // Written to a child that is gone: `send` reports how it ended.
    });
    if (limits.signal.aborted) onAbort();
  }

  /** Starts `Z3_BIN` where it is set, else z3-solver's wasm; or the one of them that is asked for. */
  static async open(limits: SessionLimits, which?: 'packaged' | 'native'): Promise<{ session: Z3Session; version: string }> {
    const binary = which === 'packaged' ? undefined : process.env['Z3_BIN'];
    // A native solver does not notice that we are gone while it thinks: it gets the deadline as well.
    const own = ['-in', '-smt2', `-T:${Math.max(1, Math.ceil((limits.deadline - Date.now()) / 1_000)) + 5}`];
    const child = spawn(binary ?? process.execPath, binary ? own : [WASM_CHILD], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const session = new Z3Session(child, Boolean(binary), limits);
    const version = binary ? (await session.send('(get-info :version)')).replace(/[^\d.]/g, '') : (JSON.parse(await session.#line()) as string);
    return { session, version: binary ? `Z3 ${version} native` : version };
  }

  /** What Z3 prints for these commands. Throws `SessionError`. */
  async send(text: string): Promise<string> {
    if (this.#ended) throw this.#ended;
    if (!this.#native) {
      this.#child.stdin?.write(`${JSON.stringify(text)}\n`);
      return JSON.parse(await this.#line()) as string;
    }
    this.#child.stdin?.write(`${text}\n(echo "${MARK}")\n`);
    const printed: string[] = [];
    for (let line = await this.#line(); line !== MARK; line = await this.#line()) printed.push(line);
    return printed.join('\n');
  }

  async #line(): Promise<string> {
    const line = this.#lines.next();
    // What was printed before the end is still to be read.
    const next = await Promise.race([line, this.#gone.then(() => Promise.race([line, delay(200, undefined, { ref: false })]))]);
    if (next && !next.done) return next.value;
    throw this.#ended ?? new SessionError('crash', 'Z3 ended before it answered');
  }

  close(): void {
    this.#stop();
    this.#ended ??= new SessionError('cancelled', 'the session is closed');
    killGroup(this.#child);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const WASM_CHILD = fileURLToPath(new URL('./z3Child.js', import.meta.url));
const MARK = '<<answered>>';
/** More than this nobody prints who wants an answer; it is kept in the memory of this process. */
const MAX_OUTPUT = 64 * 1024 * 1024;

