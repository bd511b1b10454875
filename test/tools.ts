import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/**
 * Tools of others that tests hold us against. Where one is missing, a skipped test names it; where
 * `PROBITY_REQUIRE` names it (as CI does), that test fails, so that no suite is lost silently.
 */
const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const first = (commands: readonly string[], ...args: readonly string[]): string | undefined =>
  commands.find((command) => runs(command, ...args));

const SOFTHSM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
];

const FINDERS = {
  /** Python 3 with the package `cryptography`. */
  python: () => first(['python3', '/usr/bin/python3'], '-c', 'import cryptography'),
  /** Compiles `TlcHost`, without which no JVM waits and none notices that we are gone. */
  javac: () =>
    first(
      [
        ...(process.env['JAVA_HOME'] ? [join(process.env['JAVA_HOME'], 'bin', 'javac')] : []),
        'javac',
      ],
      '--version',
    ),
  /** Where it may be used, too: some containers forbid it. */
  bubblewrap: () =>
    runs('bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true') ? 'bwrap' : undefined,
  chromium: () => first(['chromium', 'chromium-browser', 'google-chrome'], '--version'),
  openssl: () => first(['openssl'], 'ts', '-help'),
  systemd: () => first(['systemd-analyze'], '--version'),
  /** The plugin alone: nothing is built, and no daemon asked. */
  /**
   * SoftHSM's module, where `softhsm2-util`, OpenSC's `pkcs11-tool` and the package pkcs11js are
   * too.
   */
  softhsm: () =>
    runs(process.execPath, '-e', 'require("pkcs11js")') &&
    runs('softhsm2-util', '--version') &&
    spawnSync('pkcs11-tool', { stdio: 'ignore' }).error === undefined
      ? SOFTHSM_MODULES.find(existsSync)
      : undefined,
} as const;
export type Tool = keyof typeof FINDERS;

const required = new Set(
  (process.env['PROBITY_REQUIRE'] ?? '').split(',').map((name) => name.trim()),
);

/**
 * Asked first in a test that needs a tool: skips it by name, or fails where the tool is required.
 */
export function needs(tool: Tool, skip: (why: string) => void): void {
  if (FINDERS[tool]() !== undefined) return;
  if (required.has(tool)) throw new Error(`${tool} is required and not there`);
  skip(`${tool} is not there`);
}

/** A suite that runs `command`. */
export function describeTool(tool: Tool, name: string, suite: (command: string) => void): void {
  const command = FINDERS[tool]();
  if (command !== undefined) describe(name, () => suite(command));
  else if (required.has(tool))
    it(`${name}: ${tool} is required and not installed`, () => {
      throw new Error(`${tool} is not installed`);
    });
  else it.skip(`${name}: skipped, ${tool} is not installed`, () => undefined);
}
