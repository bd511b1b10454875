import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
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

  private constructor(child: ChildProcess, native: boolean, limits: SessionLimits) {
    this.#child = child;
    this.#native = native;
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    const kill = (end: SessionEnd, message: string): void => {
      this.#ended ??= new SessionError(end, message);
      child.kill('SIGKILL');
    };
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
    const child = binary ? spawn(binary, ['-in', '-smt2'], { stdio: ['pipe', 'pipe', 'ignore'] }) : spawn(process.execPath, [WASM_CHILD], { stdio: ['pipe', 'pipe', 'ignore'] });
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
    const next = await this.#lines.next();
    if (!next.done) return next.value;
    throw this.#ended ?? new SessionError('crash', 'Z3 ended before it answered');
  }

  close(): void {
    this.#stop();
    this.#ended ??= new SessionError('cancelled', 'the session is closed');
    this.#child.kill('SIGKILL');
  }
}

const WASM_CHILD = fileURLToPath(new URL('./z3Child.js', import.meta.url));
const MARK = '<<answered>>';

