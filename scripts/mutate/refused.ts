import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Whether the compiler or the linter alone refuses a file of a copy: such a fault could not be
 * committed, but no test would have noticed it.
 */
export async function isRefused(copy: string, file: string): Promise<boolean> {
  const bin = join(copy, 'node_modules/.bin');
  return (
    (await fails(join(bin, 'tsc'), ['-p', 'tsconfig.json', '--noEmit'], copy)) ||
    (await fails(join(bin, 'oxlint'), [file], copy))
  );
}

async function fails(program: string, args: readonly string[], cwd: string): Promise<boolean> {
  try {
    await run(program, args, { cwd });
    return false;
  } catch {
    return true;
  }
}
