import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LoggedStatement } from '../../src/evidence/statements/revocation.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { readBundle } from '../../src/evidence/bundle/read.ts';
import { verifyKeyChange } from '../../src/evidence/verify/keyChange.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { policyOf } from './fixture.ts';

/**
 * Bundles that were issued once, of every version of the format. Their keys exist no more: nobody
 * can make them again, and a verifier that refuses one of them has broken a promise. A new version
 * gets a folder; no file here is ever changed.
 */
const root = fileURLToPath(new URL('../fixtures/bundles', import.meta.url));
const versions = readdirSync(root)
  .filter((name) => /^v\d+$/.test(name))
  .sort();
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

it('there are bundles of version 1', () => expect(versions).toContain('v1'));

describe.each(versions)('bundles of %s', (version) => {
  const expected = JSON.parse(read(version, 'expected.json')) as Record<string, string>;

  it.each(Object.entries(expected))('%s is judged as it was: %s', async (name, said) => {
    const bundle = await readBundle(join(root, version, name));
    if (!bundle.ok) throw new Error(JSON.stringify(bundle.problems));
    const { status, layers } = await verifyBundle(
      bundle.value,
      await policyOf(read(version, 'policy')),
      { crypto: nodeCrypto, now: new Date('2026-12-01T00:00:00.000Z') },
    );
    expect([status, ...layers.map(({ code }) => code)].join(' ')).toBe(said);
  });

  it('a verdict of the retired key does not verify where its end is earlier, nor does anything without its key', async () => {
    const bundle = await readBundle(join(root, version, 'order-broken.probity.zip'));
    if (!bundle.ok) throw new Error('read');
    const policy = read(version, 'policy');
    for (const changed of [
      policy.replace(/ until \d+/, ' until 0'),
      policy.replace(/^verdict \S+ until.*\n/m, ''),
      policy.replace(/^log .*\n/m, ''),
    ]) {
      expect(
        (await verifyBundle(bundle.value, await policyOf(changed), { crypto: nodeCrypto })).status,
      ).toBe('untrusted');
    }
  });

  it('the change of keys is proved', async () => {
    const entry = JSON.parse(read(version, 'key-change.json')) as LoggedStatement;
    expect(
      await verifyKeyChange(entry, await policyOf(read(version, 'policy')), nodeCrypto),
    ).toMatchObject({ ok: true, change: { role: 'verdict' } });
  });
});
