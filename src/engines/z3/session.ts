import { residentMb } from '../../processes/child.ts';
import type { Time } from '../../time/time.ts';
import { nativeZ3 } from './nativeZ3.ts';
import { Z3Process } from './process.ts';
import { leaveSpare, takeSpare, type WarmProcesses } from './warm.ts';

/** Why a session ended before it answered. None of these is an answer. */
export type SessionEnd = 'timeout' | 'cancelled' | 'memory' | 'crash';

export class SessionError extends Error {
  readonly end: SessionEnd;
  constructor(end: SessionEnd, message: string) {
    super(message);
    this.end = end;
  }
}

export interface SessionLimits extends Time {
  readonly memoryMb: number;
  /**
   * Where packaged processes come from and go back to. Absent: each session has a process of its
   * own.
   */
  readonly warm?: WarmProcesses;
  /** The same for processes that see nothing but obligations. */
  readonly provers?: WarmProcesses;
}

/** One Z3 that has been told nothing, and keeps what it is told, until it is closed or killed. */
export class Z3Session {
  readonly #process: Z3Process;
  readonly #warm: WarmProcesses | undefined;
  #ended: SessionError | undefined;
  readonly #stop: () => void;

  private constructor(z3: Z3Process, limits: SessionLimits, warm: WarmProcesses | undefined) {
    this.#process = z3;
    this.#warm = warm;
    const kill = (end: SessionEnd, message: string): void => {
      this.#ended ??= new SessionError(end, message);
      z3.kill();
    };
    const onAbort = (): void => kill('cancelled', 'the check was cancelled');
    const timer = setTimeout(
      () => kill('timeout', 'Z3 reached the time limit'),
      Math.max(1, limits.deadline - Date.now()),
    );
    limits.signal.addEventListener('abort', onAbort, { once: true });
    const watchdog = setInterval(() => {
      void residentMb(z3.pid).then((mb) => {
        if (mb > limits.memoryMb) kill('memory', `Z3 went over ${limits.memoryMb} MB`);
      });
    }, 250);
    let stopped = false;
    this.#stop = () => {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      clearInterval(watchdog);
      limits.signal.removeEventListener('abort', onAbort);
    };
    z3.whenGone(this.#stop);
    if (limits.signal.aborted) onAbort();
  }

  /**
   * Opens the native Z3 where there is one, else z3-solver's wasm; or the one of them that is asked
   * for.
   */
  static async open(
    limits: SessionLimits,
    which?: 'packaged' | 'native',
  ): Promise<{ session: Z3Session; version: string }> {
    const binary = which === 'packaged' ? undefined : nativeZ3();
    // A native solver starts in milliseconds: there is nothing to keep warm.
    if (binary)
      return Z3Session.#begin(
        Z3Process.native(
          binary,
          Math.max(1, Math.ceil((limits.deadline - Date.now()) / 1_000)) + 5,
        ),
        limits,
        undefined,
        false,
      );
    const { process: z3, used } = limits.warm?.take() ?? {
      process: takeSpare() ?? Z3Process.packaged(),
      used: false,
    };
    try {
      return await Z3Session.#begin(z3, limits, limits.warm, used);
    } catch (error) {
      const didNotStart = error instanceof SessionError && error.end === 'crash' && !used;
      if (!didNotStart || !Z3Process.isConfined) throw error;
      Z3Process.isConfined = false;
      return Z3Session.#begin(Z3Process.packaged(), limits, limits.warm, false);
    }
  }

  static async #begin(
    z3: Z3Process,
    limits: SessionLimits,
    warm: WarmProcesses | undefined,
    used: boolean,
  ): Promise<{ session: Z3Session; version: string }> {
    const session = new Z3Session(z3, limits, warm);
    const version = await session.#answered(z3.version());
    if (used) await session.#answered(z3.renew());
    return { session, version };
  }

  /** What Z3 prints for these commands. Throws `SessionError`. */
  async send(text: string): Promise<string> {
    if (this.#ended) throw this.#ended;
    return this.#answered(this.#process.send(text));
  }

  async #answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw (
        this.#ended ??
        new SessionError('crash', error instanceof Error ? error.message : String(error))
      );
    }
  }

  /** Ends the session; a process that has nothing to answer any more may serve the next one. */
  close(): void {
    this.#stop();
    const orderly = this.#ended === undefined;
    this.#ended ??= new SessionError('cancelled', 'the session is closed');
    if (orderly && this.#warm) this.#warm.give(this.#process);
    else this.#process.kill();
  }

  /** Ends a session in which nothing was asked: its process is as good as new. */
  leave(): void {
    this.#stop();
    if (this.#ended) return this.#process.kill();
    this.#ended = new SessionError('cancelled', 'the session is closed');
    leaveSpare(this.#process);
  }
}
