/** The inside of `commandHost.ts`: one command, from its arguments to its exit code. */
import { parentPort, workerData } from 'node:worker_threads';
import { COMMANDS } from './commands.ts';
import type { FromCommand, ToCommand } from './commandHost.ts';
import { EXIT } from './io.ts';
import { runProbity } from './run.ts';
import { printable } from './terminal.ts';
import { troubleText } from './trouble.ts';

const { args, isTTY, stop } = workerData as ToCommand;
const interrupted = new AbortController();
const say = (message: FromCommand): void => parentPort?.postMessage(message);

parentPort?.once('message', () => interrupted.abort());
try {
  const exit = await runProbity(COMMANDS, args, {
    stdout: (text) => say({ stdout: printable(text) }),
    stderr: (text) => say({ stderr: printable(text) }),
    interrupted: interrupted.signal,
    stopped: () => Atomics.load(stop, 0) === 1,
    ...(isTTY === undefined ? {} : { isTTY }),
  });
  say({ exit });
} catch (error) {
  say({ stderr: `${printable(troubleText(error))}\n` });
  say({ exit: EXIT.fault });
}
parentPort?.close();
