import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifierPage } from '../../scripts/verifier.mjs';
import { writeBundle } from '../../src/evidence/bundle/write.ts';
import { canVerify, webCrypto } from '../../src/evidence/browser/webCrypto.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { writeZip } from '../../src/evidence/formats/zip.ts';
import { startBrowser, type Browser } from '../browser.ts';
import { describeTool } from '../tools.ts';
import { installation, sampleCheck, type Installation, type Issued } from './fixture.ts';

let home: Installation;
let issued: Issued;
beforeAll(async () => {
  home = await installation('honest');
  await home.issue(sampleCheck('before'));
  issued = await home.issue(
    sampleCheck('verdict-1', '<img src=x onerror="document.title=1">\u202e'),
  );
});

describe('the verifier on WebCrypto', () => {
  it('says of each bundle what it says on Node', async () => {
    expect(await canVerify()).toBe(true);
    for (const [path, bytes] of issued.files) {
      const copy = Uint8Array.from(bytes);
      copy[0] = (copy[0] ?? 0) ^ 1;
      for (const files of [issued.files, new Map(issued.files).set(path, copy)]) {
        expect(await verifyBundle(files, home.policy, { crypto: webCrypto })).toEqual(
          await verifyBundle(files, home.policy, { crypto: nodeCrypto }),
        );
      }
    }
  });

  it('hashes and verifies as Node does', async () => {
    const data = utf8('probity');
    expect(await webCrypto.sha256(data)).toEqual(await nodeCrypto.sha256(data));
    expect(await webCrypto.blake2b256(data)).toEqual(await nodeCrypto.blake2b256(data));
    const signature = await home.keys.verdict.sign(data);
    expect(await webCrypto.verifyEd25519(home.keys.verdict.publicKey, data, signature)).toBe(true);
    for (const wrong of [signature.slice(1), new Uint8Array(64), new Uint8Array(0)])
      expect(await webCrypto.verifyEd25519(home.keys.verdict.publicKey, data, wrong)).toBe(false);
    expect(await webCrypto.verifyEd25519(new Uint8Array(31), data, signature)).toBe(false);
  });
});

describeTool('chromium', 'verify.html in Chromium', (chromium) => {
  let folder: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-page-'));
    await writeFile(join(folder, 'verify.html'), (await verifierPage()) ?? '');
    await writeFile(join(folder, 'policy'), home.policyText);
    browser = await startBrowser(chromium);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page as a file, gives it a bundle and a policy, and reads what it shows. */
  async function judged(
    input: '#bundle' | '#folder',
    path: string,
    policy = join(folder, 'policy'),
  ): Promise<{ status: string; text: string; codes: string[] }> {
    await browser.open(pathToFileURL(join(folder, 'verify.html')).href);
    await browser.choose(input, [path]);
    await browser.choose('#policyFile', [policy]);
    return browser.evaluate(`new Promise((resolve) => {
      const look = () => {
        const result = document.querySelector('#result');
        if (['starting', 'waiting'].includes(result.dataset.status)) return setTimeout(look, 10);
        resolve({ status: result.dataset.status, text: result.innerText, codes: [...result.querySelectorAll('tr[data-code]')].map((row) => row.dataset.code) });
      };
      look();
    })`);
  }
  async function zipOf(name: string, files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    await writeFile(join(folder, name), writeZip(files));
    return join(folder, name);
  }

  it('verifies a bundle in one file, and shows the verdict as text', async () => {
    const shown = await judged('#bundle', await zipOf('good.probity.zip', issued.files));
    expect(shown.status).toBe('verified');
    expect(shown.text).toContain('Verified');
    expect(shown.text).toContain('<img src=x onerror="document.title=1">');
    expect(shown.text).not.toContain('\u202e');
    expect(shown.codes).toContain('ENVELOPE_SIGNED');
    expect(await browser.evaluate('document.title')).toBe('Probity: verify a bundle');
    expect(await browser.evaluate('document.querySelectorAll("img").length')).toBe(0);
  });

  it('verifies a bundle in a folder', async () => {
    await writeBundle(join(folder, 'bundle'), issued.files);
    expect((await judged('#folder', join(folder, 'bundle'))).status).toBe('verified');
  });

  it('connects to nothing, and could not', async () => {
    expect(browser.requests().filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(
      await browser.evaluate('fetch("data:text/plain,x").then(() => "fetched", () => "refused")'),
    ).toBe('refused');
  });

  it('refuses a forger, a changed file, a damaged archive, a policy that is none', async () => {
    const forger = await installation('forger');
    const foreign = await judged(
      '#bundle',
      await zipOf('forged.probity.zip', (await forger.issue(sampleCheck('verdict-1'))).files),
    );
    expect(foreign).toMatchObject({
      status: 'untrusted',
      codes: expect.arrayContaining(['ENVELOPE_UNTRUSTED', 'CHECKPOINT_UNTRUSTED']),
    });
    expect(foreign.text).not.toContain('Door');
    const changed = await judged(
      '#bundle',
      await zipOf('changed.probity.zip', new Map(issued.files).set('model.json', utf8('{}'))),
    );
    expect(changed).toMatchObject({
      status: 'failed',
      codes: expect.arrayContaining(['SUBJECT_DIGEST']),
    });
    const archive = writeZip(issued.files);
    await writeFile(join(folder, 'damaged.zip'), archive.subarray(1));
    expect((await judged('#bundle', join(folder, 'damaged.zip'))).status).toBe('malformed');
    await writeFile(join(folder, 'nonsense'), 'trust me\n');
    expect(
      await judged('#bundle', join(folder, 'good.probity.zip'), join(folder, 'nonsense')),
    ).toMatchObject({ status: 'problem', text: expect.stringContaining('line 1') });
  });
});
