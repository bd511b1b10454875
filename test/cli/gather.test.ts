import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readSubmission } from '../../src/cli/submission.ts';

afterEach(() => void vi.unstubAllEnvs());

/** A folder with modules, each with this text inside. */
function folder(modules: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'probity-modules-'));
  for (const [name, body] of Object.entries(modules))
    writeFileSync(join(path, `${name}.tla`), `---- MODULE ${name} ----\n${body}\n====\n`);
  return path;
}

const own = folder({ M: 'EXTENDS A, B, C', A: '\\* own' });
writeFileSync(join(own, 'M.cfg'), 'INIT Init\nNEXT Next\n');
const named = folder({ A: '\\* named', B: '\\* named', C: 'EXTENDS D' });
const library = folder({ B: '\\* library', D: '\\* library' });
const gathered = (...modules: string[]): ReturnType<typeof readSubmission> =>
  readSubmission(join(own, 'M.tla'), undefined, { modules });

describe('the modules that a specification needs', () => {
  it('come from its own folder, then from those that are named, then from the library', async () => {
    vi.stubEnv('TLA_LIBRARY', [library, folder({ D: '\\* last' })].join(delimiter));
    const read = await gathered(named);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const texts = Object.fromEntries(
      (read.value.files ?? []).map(({ name, text }) => [name, text.split('\n')[1]]),
    );
    expect(texts).toMatchObject({
      'A.tla': '\\* own',
      'B.tla': '\\* named',
      'C.tla': 'EXTENDS D',
      'D.tla': '\\* library',
    });
  });

  it('are missing where no folder has them, and a relative library is refused', async () => {
    const read = await gathered(library);
    expect(read.ok ? [] : read.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('the module C is neither beside M'),
    ]);
    vi.stubEnv('TLA_LIBRARY', `modules${delimiter}${library}`);
    const relative = await gathered(named);
    expect(relative).toMatchObject({
      ok: false,
      problems: [{ code: 'OPTION_INVALID', path: 'TLA_LIBRARY' }],
    });
  });
});
