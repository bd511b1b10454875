import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { openKeys, readKeys } from '../../src/evidence/signing/keys.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'probity-keys-')), 'keys');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

describe('key files', () => {
  it('are made once, whoever comes first, and sign as their vkey says', async () => {
    const opened = await Promise.all(
      [1, 2, 3].map(() => openKeys(folder, { name: 'shop.example' })),
    );
    const again = await openKeys(folder, { name: 'ignored.example' });
    for (const keys of opened) {
      expect(keys.verdict.vkey).toBe(again.verdict.vkey);
      expect(keys.log.vkey).toBe(again.log.vkey);
      expect(keys.ledger.vkey).toBe(again.ledger.vkey);
    }
    expect((await readdir(folder)).sort()).toEqual(['ledger.key', 'log.key', 'verdict.key']);
    expect(again.log.name).toBe('shop.example/log');
    expect(
      new Set(
        [again.verdict, again.log, again.ledger].map(({ publicKey }) =>
          Buffer.from(publicKey).toString('hex'),
        ),
      ).size,
    ).toBe(3);
    const signature = await again.verdict.sign(utf8('message'));
    expect(nodeCrypto.verifyEd25519(again.verdict.publicKey, utf8('message'), signature)).toBe(
      true,
    );
    expect(nodeCrypto.verifyEd25519(again.log.publicKey, utf8('message'), signature)).toBe(false);
  });

  it('are not there before they are made', async () => {
    expect(await readKeys(folder)).toBeUndefined();
  });

  it('are refused when others can read them, or when they are no keys', async () => {
    await openKeys(folder, { name: 'shop.example' });
    const file = join(folder, 'verdict.key');
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(file, mode);
      await expect(openKeys(folder, { name: 'x' })).rejects.toMatchObject({
        code: 'KEY_FILE',
        retryable: false,
      });
    }
    await chmod(file, 0o600);
    const text = await readFile(file, 'utf8');
    for (const damaged of [
      '',
      text.slice(0, -8),
      text.replace('shop', 'shap'),
      text.replace('PRIVATE', 'PUBLIC'),
    ]) {
      await writeFile(file, damaged);
      await expect(openKeys(folder, { name: 'x' })).rejects.toMatchObject({ code: 'KEY_FILE' });
    }
  });

  it('are not made under a name that a note cannot carry, or in a folder that is none', async () => {
    await expect(openKeys(folder, { name: 'two words' })).rejects.toMatchObject({
      code: 'KEY_FILE',
    });
    await writeFile(join(folder, '..', 'file'), '');
    await expect(openKeys(join(folder, '..', 'file'), { name: 'x' })).rejects.toMatchObject({
      code: 'KEY_FILE',
    });
  });
});
