import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson } from '../../src/canonical/index.ts';
import { writeBundle } from '../../src/evidence/bundle/write.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { describeTool } from '../tools.ts';
import {
  check,
  installation,
  policyOf,
  sampleCheck,
  type Installation,
  type Issued,
} from './fixture.ts';

const script = fileURLToPath(new URL('independent/verify.py', import.meta.url));

describeTool('python', 'a verifier in Python, written from docs/evidence.md', (python) => {
  let folder: string;
  let home: Installation;
  let issued: Issued;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-python-'));
    home = await installation('honest');
    for (let at = 0; at < 6; at += 1)
      await home.issue(sampleCheck(`earlier-${at}`, `Door ${at} – ½ "é"`));
    issued = await home.issue(sampleCheck('verdict-1', 'Tür\u2028 "zu" \\ 門'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let count = 0;
  /** What it says of each bundle. */
  async function ask(
    bundles: readonly ReadonlyMap<string, Uint8Array>[],
    policy = home.policyText,
  ): Promise<string[]> {
    const folders: string[] = [];
    for (const files of bundles) {
      count += 1;
      folders.push(join(folder, `bundle-${count}`));
      await writeBundle(folders.at(-1) ?? '', files);
    }
    await writeFile(join(folder, 'policy'), policy);
    const { status, stdout, stderr } = spawnSync(
      python,
      [script, join(folder, 'policy'), ...folders],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const said = stdout.trimEnd().split('\n');
    expect(status).toBe(said.every((line) => line.startsWith('verified')) ? 0 : 1);
    return said;
  }

  it('accepts what we issue', async () => {
    expect(await ask([issued.files])).toEqual([`verified: verdict-1 ${home.keys.log.name}`]);
    expect((await check(issued.files, home.policy)).status).toBe('verified');
  });

  it('follows keys that were replaced, as we do: up to their end, and not after', async () => {
    const { index, size } = { index: issued.sealed.leafIndex, size: issued.sealed.leafIndex + 1 };
    for (const [key, until, verified] of [
      [home.keys.log, size, true],
      [home.keys.log, size - 1, false],
      [home.keys.verdict, index + 1, true],
      [home.keys.verdict, index, false],
    ] as const) {
      const text = home.policyText.replace(key.vkey, `${key.vkey} until ${until}`);
      expect((await check(issued.files, await policyOf(text))).status).toBe(
        verified ? 'verified' : 'untrusted',
      );
      expect(await ask([issued.files], text)).toEqual([
        expect.stringMatching(verified ? /^verified: / : /^refused: /),
      ]);
    }
  });

  it('refuses what we refuse: each file changed, a forger, a stray signature, a proof cut', async () => {
    const text = (path: string): string =>
      fromUtf8(issued.files.get(path) ?? new Uint8Array(0)) ?? '';
    const receipt = text('receipt.tlog-proof');
    const forger = await installation('forger');
    const variants: [string, ReadonlyMap<string, Uint8Array>][] = [
      ...[...issued.files].map(([path, bytes]): [string, Map<string, Uint8Array>] => {
        const copy = Uint8Array.from(bytes);
        copy[Math.floor(copy.length / 2)] = (copy[Math.floor(copy.length / 2)] ?? 0) ^ 1;
        return [`${path} changed`, new Map(issued.files).set(path, copy)];
      }),
      ['a forger', (await forger.issue(sampleCheck('verdict-1'))).files],
      [
        'a stray signature',
        new Map(issued.files).set('receipt.tlog-proof', utf8(`${receipt}— nobody AAAAAAAA\n`)),
      ],
      [
        'a proof cut',
        new Map(issued.files).set(
          'receipt.tlog-proof',
          utf8(receipt.replace(/^(index .*\n)[^\n]+\n/m, '$1')),
        ),
      ],
      [
        'a signature added',
        new Map(issued.files).set(
          'envelope.json',
          utf8(
            canonicalJson({
              ...(JSON.parse(text('envelope.json')) as object),
              signatures: [
                ...(JSON.parse(text('envelope.json')) as { signatures: object[] }).signatures,
                { keyid: 'x', sig: 'AAAA' },
              ],
            }),
          ),
        ),
      ],
    ];
    const said = await ask(variants.map(([, files]) => files));
    for (const [at, [what, files]] of variants.entries()) {
      expect(said[at], what).toMatch(/^refused: /);
      expect((await check(files, home.policy)).status, what).not.toBe('verified');
    }
  });
});
