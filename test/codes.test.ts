import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS, PROBLEMS } from '../src/errors/index.ts';
import { repository } from './golden.ts';

/** All text below a folder, file by file, without this test and the table itself. */
function textOf(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(repository(folder), { recursive: true, encoding: 'utf8' })
        .filter(
          (name) =>
            /\.(ts|json|mjs)$/u.test(name) &&
            !name.includes('generated') &&
            !name.endsWith('errors/codes.ts') &&
            !name.startsWith('codes.test'),
        )
        .map((name) => readFileSync(join(repository(folder), name), 'utf8')),
    )
    .join('\n');
}

const source = textOf('src', 'workers');
const tests = textOf('test');
const codes = [...Object.keys(PROBLEMS), ...Object.keys(FAULTS)];
const mentions = (text: string, code: string): boolean =>
  new RegExp(`\\b${code}\\b`, 'u').test(text);

describe('the table of codes', () => {
  it('has no code twice, and a meaning for each', () => {
    expect(new Set(codes).size).toBe(codes.length);
    for (const meaning of [...Object.values(PROBLEMS), ...Object.values(FAULTS)])
      expect(meaning.length).toBeGreaterThan(10);
  });

  it('has no code that nothing uses', () =>
    expect(codes.filter((code) => !mentions(source, code))).toEqual([]));
  it('has no code that no test meets', () =>
    expect(codes.filter((code) => !mentions(tests, code))).toEqual([]));
});
