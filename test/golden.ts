import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const GOLDEN = process.env['PROBITY_GOLDEN'] === '1';

/** A path of the repository. */
export const repository = (path: string): string =>
  fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Compares with a file of the repository, or writes it (`npm run golden`), so that the diff is
 * read.
 */
export function goldenText(path: string, text: string): void {
  if (GOLDEN) {
    mkdirSync(dirname(repository(path)), { recursive: true });
    writeFileSync(repository(path), text);
  }
  expect(text, `${path}: if this change is wanted, npm run golden`).toBe(
    readFileSync(repository(path), 'utf8'),
  );
}

export function golden(path: string, value: unknown): void {
  goldenText(path, `${JSON.stringify(value, null, 2)}\n`);
}
