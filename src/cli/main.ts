#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { didYouMean } from '../errors/nearest.ts';
import { troubleText } from './trouble.ts';
import { EXIT, type Io } from './io.ts';
import { processIo } from './terminal.ts';

const io: Io = processIo();

async function main(argv: string[]): Promise<number> {
  const [name = '', ...args] = argv;
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    io.stdout(`${usage()}\n`);
    return name === '' ? EXIT.badInput : EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.stderr(
      `there is no command \`${name}\`${didYouMean(name, Object.keys(COMMANDS))}\n\n${usage()}\n`,
    );
    return EXIT.badInput;
  }
  if (name === 'check' && (args.includes('--help') || args.includes('-h'))) {
    io.stdout((await import('./check.ts')).CHECK_HELP);
    return EXIT.ok;
  }
  if (command.computes) return (await import('./commandHost.ts')).runInThread(name, args, io);
  return (await command.load())(args, io);
}

function usage(): string {
  const width = Object.keys(COMMANDS).reduce((most, name) => Math.max(most, name.length), 0);
  return [
    'probity COMMAND',
    '',
    ...Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`),
  ].join('\n');
}

/** The outermost place: what reaches it is a fault of ours or of the machine, and exits 4. */
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    io.stderr(`${troubleText(error)}\n`);
    process.exitCode = EXIT.fault;
  },
);
