import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { between, printed } from '../printed.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { ROLES } from '../../src/api/roles.ts';

describe('docs/api.md', () => {
  it('prints the table of roles that the code has', async () => {
    const rows = Object.entries(OPERATIONS).map(
      ([operation, { roles }]) =>
        `| \`${operation}\` | ${ROLES.map((role) => (roles.includes(role) ? '✓' : '')).join(' | ')} |`,
    );
    await printed(
      'docs/api.md',
      'roles',
      [`| Operation | ${ROLES.join(' | ')} |`, `|---${'|---'.repeat(ROLES.length)}|`, ...rows].join(
        '\n',
      ),
    );
  });

  it('names the variables that the configuration reads', () => {
    const code = readFileSync(
      fileURLToPath(new URL('../../src/config/index.ts', import.meta.url)),
      'utf8',
    );
    const read = [
      ...new Set([...code.matchAll(/read\.\w+\(\s*'([A-Z0-9_]+)'/gu)].map(([, name]) => name)),
    ].sort();
    expect(
      [...between('docs/api.md', 'environment').matchAll(/^\| `([A-Z0-9_]+)`/gmu)]
        .map(([, name]) => name)
        .sort(),
    ).toEqual(read);
  });
});
