#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { EXIT } from './io.ts';
import { runProbity } from './run.ts';
import { processIo } from './terminal.ts';
import { troubleText } from './trouble.ts';

const io = processIo();

/** The outermost place: what reaches it is a bug of ours, and exits 4. */
runProbity(COMMANDS, process.argv.slice(2), io, async (args, each) =>
  (await import('./commandHost.ts')).runInThread(args, each),
).then(
  (code) => {
    process.exitCode = code;
    // Nothing that was still under way is waited for.
    if (code === EXIT.interrupted) process.exit();
  },
  (error: unknown) => {
    io.stderr(`${troubleText(error)}\n`);
    process.exitCode = EXIT.fault;
  },
);
