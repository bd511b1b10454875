import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect } from 'vitest';
import { GOLDEN, repository } from './golden.ts';

export const read = (path: string): string => readFileSync(repository(path), 'utf8');

/** A text as `npm run format` writes it. */
export async function formatted(text: string, path: string): Promise<string> {
  return (
    await format(text, { ...(await resolveConfig(repository(path))), filepath: path })
  ).trim();
}

/** What stands between `<!-- mark -->` and `<!-- /mark -->` in a page. */
export function between(page: string, mark: string): string {
  return read(page).split(`<!-- ${mark} -->`)[1]?.split(`<!-- /${mark} -->`)[0]?.trim() ?? '';
}

/** That a page says `wanted` between its marks; with `npm run docs` it is written there first. */
export async function printed(page: string, mark: string, wanted: string): Promise<void> {
  const text = await formatted(wanted, page);
  if (GOLDEN) {
    const [open, close] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
    const [before = '', rest = ''] = read(page).split(open);
    writeFileSync(
      repository(page),
      `${before}${open}\n\n${text}\n\n${close}${rest.split(close)[1] ?? ''}`,
    );
  }
  expect(await formatted(between(page, mark), page), `${page} is stale: npm run docs`).toBe(text);
}
