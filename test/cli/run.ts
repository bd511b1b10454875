import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { Io } from '../../src/cli/io.ts';
import { runProbity } from '../../src/cli/run.ts';

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Run = (args: readonly string[], io: Io) => Promise<number>;

/** `probity NAME …` in this process, by the runner that `probity` itself uses. */
export const commandNamed =
  (...path: readonly string[]): Run =>
  (args, io) =>
    runProbity(COMMANDS, [...path, ...args], io);

/** The same, with what it printed. */
export async function probity(...args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const exit = await runProbity(COMMANDS, args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { exit, stdout, stderr };
}

/** `probity check …` in this process. */
export const check = (...args: readonly string[]): Promise<Ended> => probity('check', ...args);

export const anchorCommand = commandNamed('anchor');
export const auditCommand = commandNamed('audit');
export const certificateCommand = commandNamed('certificate');
export const emulatorCommand = commandNamed('iota-emulator');
export const eraseCommand = commandNamed('erase');
export const keysCommand = commandNamed('keys');
export const learnCommand = commandNamed('learn');
export const logCommand = commandNamed('log');
export const lossCommand = commandNamed('loss');
export const markovCommand = commandNamed('markov');
export const monitorCommand = commandNamed('monitor');
export const revokeCommand = commandNamed('revoke');
export const riskCommand = commandNamed('risk');
export const submitCommand = commandNamed('submit');
export const supersedeCommand = commandNamed('supersede');
export const threatsCommand = commandNamed('threats');
export const verdictCommand = commandNamed('verdict');
export const verifyCommand = commandNamed('verify');
export const witnessCommand = commandNamed('witness');

const folder = mkdtempSync(join(tmpdir(), 'probity-check-'));

/** A file with this content, in a folder of the test's own. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
