#!/usr/bin/env node
import { Fault } from '../errors/index.ts';
import { EXIT, type Io } from './io.ts';
import { processIo } from './terminal.ts';

type Command = (args: string[], io: Io) => Promise<number>;

/**
 * One line per command; a command is loaded when it is called, so that `check` never waits for the
 * server's packages.
 */
const COMMANDS: Readonly<Record<string, { readonly about: string; load(): Promise<Command> }>> = {
  check: {
    about: 'check a model here, with no server',
    load: async () => (await import('./check.ts')).checkCommand,
  },
  threats: {
    about: 'which attacks break which properties, and which controls hold',
    load: async () => (await import('./threats.ts')).threatsCommand,
  },
  risk: {
    about: 'how likely a loss is, learned from an event log',
    load: async () => (await import('./risk.ts')).riskCommand,
  },
  loss: {
    about: 'how likely attacks break properties, and what it costs',
    load: async () => (await import('./loss.ts')).lossCommand,
  },
  submit: {
    about: 'send a model to a server and follow its run',
    load: async () => (await import('./submit.ts')).submitCommand,
  },
  verdict: {
    about: 'show a signed verdict',
    load: async () => (await import('./verdict.ts')).verdictCommand,
  },
  certificate: {
    about: 'write the bundle of a verdict',
    load: async () => (await import('./certificate.ts')).certificateCommand,
  },
  verify: {
    about: 'check a bundle offline, trusting only your own keys',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  revoke: {
    about: 'withdraw a verdict, in the log and for good',
    load: async () => (await import('./withdraw.ts')).revokeCommand,
  },
  supersede: {
    about: 'name the verdict that stands in the place of another',
    load: async () => (await import('./withdraw.ts')).supersedeCommand,
  },
  erase: {
    about: 'delete what a verdict says; the log stays valid',
    load: async () => (await import('./withdraw.ts')).eraseCommand,
  },
  audit: {
    about: 'all verdicts of a period, with what proves them',
    load: async () => (await import('./audit.ts')).auditCommand,
  },
  keys: {
    about: 'the keys of this installation',
    load: async () => (await import('./keys.ts')).keysCommand,
  },
  log: {
    about: 'the transparency log: recompute and compare it, write it as files',
    load: async () => (await import('./log.ts')).logCommand,
  },
  witness: {
    about: 'cosigns logs of others that only grow',
    load: async () => (await import('./witness.ts')).witnessCommand,
  },
  anchor: {
    about: 'look an anchor up on the ledger',
    load: async () => (await import('./anchor.ts')).anchorCommand,
  },
  'iota-emulator': {
    about: 'a ledger node for development',
    load: async () => (await import('./iotaEmulator.ts')).emulatorCommand,
  },
  doctor: {
    about: 'what is there, and how to mend what is not',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  serve: {
    about: 'the service: API, workers, embedded servers',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  demo: {
    about: 'two workflows from submission to verified verdict',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
};

const io: Io = processIo();

async function main(argv: string[]): Promise<number> {
  const [name = '', ...args] = argv;
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    io.stdout(`${usage()}\n`);
    return name === '' ? EXIT.badInput : EXIT.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.stderr(`there is no command \`${name}\`\n\n${usage()}\n`);
    return EXIT.badInput;
  }
  if (name === 'check' && (args.includes('--help') || args.includes('-h'))) {
    io.stdout((await import('./check.ts')).CHECK_HELP);
    return EXIT.ok;
  }
  return (await command.load())(args, io);
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
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
    const text =
      error instanceof Fault
        ? `${error.code}  ${error.message}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    io.stderr(`${text}\n`);
    process.exitCode = EXIT.fault;
  },
);
