import { residentMb } from '../../processes/child.ts';
import { Z3Process } from './process.ts';

/** What a process may hold that is kept for the next question. */
const KEPT_MB = 600;
/** How long a process that nobody has asked anything waits for somebody. */
const SPARE_MS = 10_000;

/**
 * The packaged Z3 processes of one check. Half of what a small check costs is the start of the wasm
 * module, and its functions are compiled as they are first called: a process that has answered is
 * handed on, with all that it was told forgotten. Whoever is killed is not handed on, and no
 * process serves two checks.
 */
export class WarmProcesses {
  readonly #idle: Z3Process[] = [];
  #ended = false;

  /** Starts a process, unless one is there, so that it is ready when it is asked for. */
  prepare(): void {
    if (this.#idle.length === 0) this.#idle.push(takeSpare() ?? Z3Process.packaged());
  }

  /** A process that knows nothing; it may still be starting. */
  take(): { readonly process: Z3Process; readonly used: boolean } {
    for (let process = this.#idle.pop(); process; process = this.#idle.pop())
      if (process.idle) return { process, used: this.#used.has(process) };
    return { process: takeSpare() ?? Z3Process.packaged(), used: false };
  }

  readonly #used = new WeakSet<Z3Process>();

  /** Keeps a process for the next one who asks. */
  give(process: Z3Process): void {
    this.#used.add(process);
    if (this.#ended || !process.idle) return process.kill();
    this.#idle.push(process);
    void residentMb(process.pid).then((mb) => {
      const at = this.#idle.indexOf(process);
      if (mb <= KEPT_MB || at < 0) return;
      this.#idle.splice(at, 1);
      process.kill();
    });
  }

  end(): void {
    this.#ended = true;
    for (const process of this.#idle.splice(0)) process.kill();
  }
}

let spare:
  { readonly process: Z3Process; readonly timer: ReturnType<typeof setTimeout> } | undefined;

/** Leaves a process that was asked nothing but its version to the first check that comes soon. */
export function leaveSpare(process: Z3Process): void {
  if (spare) return process.kill();
  process.hold(false);
  spare = { process, timer: setTimeout(() => takeSpare()?.kill(), SPARE_MS).unref() };
}

export function takeSpare(): Z3Process | undefined {
  const left = spare;
  spare = undefined;
  if (!left) return undefined;
  clearTimeout(left.timer);
  left.process.hold(true);
  if (left.process.idle) return left.process;
  left.process.kill();
  return undefined;
}
