import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommand } from '../../src/cli/check.ts';

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `probity check …` in this process. */
export async function check(...args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const exit = await checkCommand([...args], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  return { exit, stdout, stderr };
}

const folder = mkdtempSync(join(tmpdir(), 'probity-check-'));

/** A file with this content, in a folder of the test's own. */
export function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
