import { spawn } from 'node:child_process';
import { access, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, isAbsolute } from 'node:path';
import { toolEnvironment } from '../../processes/confined.ts';
import { nativeZ3 } from './nativeZ3.ts';
import { SessionError, Z3Session } from './session.ts';
import { fileDigest } from '../../processes/fileDigest.ts';

/**
 * A solver that is here. `packaged` is z3-solver's wasm; `native` is `Z3_BIN`, or what pip brought
 * (`nativeZ3.ts`), the same source built by somebody else; `cvc5` (`CVC5_BIN`, or `cvc5` on the
 * path) shares no code with either.
 */
export interface Solver {
  readonly kind: 'packaged' | 'native' | 'cvc5';
  /** As it stands in the evidence: name, version, and the hash of the file that ran. */
  readonly name: string;
  readonly binary: string;
}

const known = new Map<string, Promise<Solver | undefined>>();

/**
 * The solvers of this machine, looked for once for each setting of the environment. Those that do
 * not start are left out.
 */
export async function solversHere(): Promise<readonly Solver[]> {
  const found = await Promise.all((['packaged', 'native', 'cvc5'] as const).map(solverHere));
  return found.filter((solver) => solver !== undefined);
}

/** One of them, if it is there and starts. */
export function solverHere(kind: Solver['kind']): Promise<Solver | undefined> {
  const of = JSON.stringify([kind, nativeZ3(), process.env['CVC5_BIN'], process.env['PATH']]);
  const found = known.get(of) ?? FINDERS[kind]();
  known.set(of, found);
  return found;
}

const FINDERS: Readonly<Record<Solver['kind'], () => Promise<Solver | undefined>>> = {
  packaged,
  native: async () => {
    const binary = nativeZ3();
    return binary ? named('native', binary, z3Version) : undefined;
  },
  cvc5: async () => {
    const binary = await cvc5Binary();
    return binary === undefined ? undefined : named('cvc5', binary, cvc5Version);
  },
};

/** The path of cvc5, where there is one. */
export async function cvc5Binary(): Promise<string | undefined> {
  const given = process.env['CVC5_BIN'];
  return given ? given : onPath('cvc5');
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (
      isAbsolute(folder) &&
      (await access(path, 1).then(
        () => true,
        () => false,
      ))
    )
      return path;
  }
  return undefined;
}

async function packaged(): Promise<Solver | undefined> {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('z3-solver/package.json'));
    const binary = join(folder, 'build', 'z3-built.wasm');
    const { session, version } = await Z3Session.open(
      { deadline: Date.now() + 30_000, memoryMb: 1_024, signal: new AbortController().signal },
      'packaged',
    );
    session.leave();
    return {
      kind: 'packaged',
      binary,
      name: `${version.replace(/^z3 Z3/, 'Z3')} packaged, sha256:${await fileDigest(binary)}`,
    };
  } catch (error) {
    if (error instanceof SessionError) return undefined;
    throw error;
  }
}

async function named(
  kind: Solver['kind'],
  binary: string,
  versionOf: (output: string) => string | undefined,
): Promise<Solver | undefined> {
  const output = await outputOf(binary);
  const version = output === undefined ? undefined : versionOf(output);
  return version === undefined
    ? undefined
    : { kind, binary, name: `${version}, sha256:${await fileDigest(await realpath(binary))}` };
}

const z3Version = (output: string): string | undefined => {
  const found = /Z3 version ([\d.]+)/.exec(output)?.[1];
  return found && `Z3 ${found} native`;
};
const cvc5Version = (output: string): string | undefined => {
  const found = /cvc5 version (\S+)/.exec(output)?.[1];
  return found && `cvc5 ${found}`;
};

function outputOf(binary: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(binary, ['--version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: toolEnvironment(),
      timeout: 10_000,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? text : undefined));
  });
}
