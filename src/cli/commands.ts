import type { Io } from './io.ts';

export type Command = (args: string[], io: Io) => Promise<number>;

interface CommandRow {
  readonly about: string;
  /** It may compute for long in one piece, and is run in a thread so that it can be interrupted. */
  readonly computes?: true;
  load(): Promise<Command>;
}

/**
 * One line per command; a command is loaded when it is called, so that `check` never waits for the
 * server's packages.
 */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  check: {
    about: 'check a model here, with no server',
    computes: true,
    load: async () => (await import('./check.ts')).checkCommand,
  },
  threats: {
    about: 'which attacks break which properties, and which controls hold',
    computes: true,
    load: async () => (await import('./threats.ts')).threatsCommand,
  },
  risk: {
    about: 'how likely a loss is, learned from an event log',
    computes: true,
    load: async () => (await import('./risk.ts')).riskCommand,
  },
  learn: {
    about: 'how an event log fits a model, and how often each branch was taken',
    computes: true,
    load: async () => (await import('./learn.ts')).learnCommand,
  },
  monitor: {
    about: 'follow running cases along a model, and explain deviations',
    computes: true,
    load: async () => (await import('./monitor.ts')).monitorCommand,
  },
  loss: {
    about: 'how likely attacks break properties, and what it costs',
    computes: true,
    load: async () => (await import('./loss.ts')).lossCommand,
  },
  markov: {
    about: 'how likely an explicit Markov chain or decision process reaches a goal',
    computes: true,
    load: async () => (await import('./markov.ts')).markovCommand,
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
    computes: true,
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
