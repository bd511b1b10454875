import { startThread } from '../processes/thread.ts';
import { EXIT, type Io } from './io.ts';
import { openStreams } from './terminal.ts';

/** What a command is started with. */
export interface ToCommand {
  /** What follows `probity`. */
  readonly args: readonly string[];
  readonly isTTY?: boolean;
  /** One word, 1 once the user wants it to end. */
  readonly stop: Int32Array;
}

/** What comes out of it: text that may be printed as it is, and at the end its exit code. */
export type FromCommand =
  { readonly stdout: string } | { readonly stderr: string } | { readonly exit: number };

/** How long a command that was interrupted may take to say what it knows. */
const LAST_WORDS_MS = 800;

/**
 * Runs a command in a thread. Signals reach a process only between two turns of its main thread: a
 * search that computes for a minute in one piece would not be interrupted before its end. This way
 * Ctrl-C asks the command to stop, once, and ends it where it does not within a second; a second
 * Ctrl-C ends it at once. `inside` is what runs there.
 */
export function runInThread(
  args: readonly string[],
  io: Io,
  inside = new URL('commandThread', import.meta.url),
): Promise<number> {
  const streams = openStreams();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const start: ToCommand = {
    args,
    stop,
    ...(io.isTTY === undefined ? {} : { isTTY: io.isTTY }),
  };
  const thread = startThread(inside, { workerData: start });
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      code ??= EXIT.interrupted;
      io.stderr('interrupted\n');
      void thread.terminate();
    };
    const onSigint = (): void => {
      if (timer) return end();
      Atomics.store(stop, 0, 1);
      thread.postMessage('interrupt');
      timer = setTimeout(end, LAST_WORDS_MS);
    };
    process.on('SIGINT', onSigint);
    thread.on('message', (message: FromCommand) => {
      if ('stdout' in message) streams.stdout(message.stdout);
      else if ('stderr' in message) streams.stderr(message.stderr);
      else code = message.exit;
    });
    thread.once('error', reject);
    thread.once('exit', () => {
      clearTimeout(timer);
      process.off('SIGINT', onSigint);
      if (code === undefined) reject(new Error(`the thread of ${args[0]} ended without a word`));
      else resolve(code);
    });
  });
}
