import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pageOf, printPdf } from '../../src/cli/print.ts';
import { parseEnvelope } from '../../src/evidence/formats/dsse.ts';
import { fromUtf8, utf8 } from '../../src/evidence/formats/encoding.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import {
  credentialOf,
  didOf,
  signCredential,
  signCredentialJwt,
} from '../../src/evidence/renderings/credential.ts';
import { signSvr } from '../../src/evidence/renderings/svr.ts';
import type { Statement } from '../../src/evidence/statements/statement.ts';
import { judgeSignatures } from '../../src/evidence/verify/signatures.ts';
import { describeTool } from '../tools.ts';
import { installation, sampleCheck, type Installation, type Issued } from './fixture.ts';

let folder: string;
let home: Installation;
let issued: Issued;
let statement: Statement;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-renderings-'));
  home = await installation('honest');
  issued = await home.issue(sampleCheck('verdict-1', 'Tür <script>alert(1)</script> "門" \u202e'));
  const parsed = parseEnvelope(utf8(issued.sealed.envelope));
  if (!parsed.ok) throw new Error(parsed.reason);
  statement = JSON.parse(fromUtf8(parsed.envelope.payload) ?? '') as Statement;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const logged = () => ({
  statementDigest: issued.sealed.statementDigest,
  leaf: issued.sealed.leaf,
  logIndex: issued.sealed.leafIndex,
  receipt: issued.sealed.receipt,
});

describe('a Simple Verification Result', () => {
  it('is signed, and names only what holds', async () => {
    const envelope = parseEnvelope(
      utf8(await signSvr(statement, issued.sealed.statementDigest, home.keys.verdict)),
    );
    if (!envelope.ok) throw new Error(envelope.reason);
    expect(
      (await judgeSignatures(envelope.envelope, home.policy.verdicts, 0, nodeCrypto)).status,
    ).toBe('signed');
    const svr = JSON.parse(fromUtf8(envelope.envelope.payload) ?? '') as {
      subject: unknown;
      predicateType: string;
      predicate: object;
    };
    expect(svr.predicateType).toBe('https://in-toto.io/attestation/svr/v0.2');
    expect(svr.subject).toEqual(statement.subject);
    expect(svr.predicate).toEqual({
      verifier: {
        id: 'urn:probity:verifier:honest.example:0.1.0',
        policies: [],
        verdict: {
          uri: 'urn:probity:verdict:verdict-1',
          digest: { sha256: issued.sealed.statementDigest.slice(7) },
        },
      },
      timeCreated: '2026-01-02T03:04:05.678Z',
      properties: ['PROBITY_HOLDS_canOpen'],
    });
  });

  it('says that all hold only where all do', async () => {
    const held = {
      ...statement,
      predicate: {
        ...statement.predicate,
        properties: statement.predicate.properties.filter(({ outcome }) => outcome === 'holds'),
      },
    };
    expect(
      fromUtf8(
        utf8(
          Buffer.from(
            (JSON.parse(await signSvr(held, 'sha256:00', home.keys.verdict)) as { payload: string })
              .payload,
            'base64',
          ).toString(),
        ),
      ),
    ).toContain('PROBITY_ALL_PROPERTIES_HOLD');
  });
});

describeTool('python', 'a Verifiable Credential, verified in Python', (python) => {
  const script = fileURLToPath(new URL('independent/credential.py', import.meta.url));
  const judged = async (
    kind: 'vc' | 'vc-jwt',
    text: string,
    did = didOf(home.keys.verdict),
  ): Promise<string> => {
    await writeFile(join(folder, kind), text);
    const { status, stdout, stderr } = spawnSync(python, [script, kind, join(folder, kind), did], {
      encoding: 'utf8',
    });
    return `${status} ${stdout}${stderr}`.trim();
  };

  it('by its Data Integrity proof', async () => {
    const signed = await signCredential(
      credentialOf(statement, logged(), home.keys.verdict),
      home.keys.verdict,
    );
    expect(await judged('vc', signed)).toBe('0 urn:probity:verdict:verdict-1');
    expect(await judged('vc', signed.replace('"violated"', '"holds"'))).toBe(
      '1 refused: InvalidSignature',
    );
    expect(await judged('vc', signed, didOf((await installation('forger')).keys.verdict))).toBe(
      '1 refused: AssertionError',
    );
  });

  it('as a JWT', async () => {
    const signed = await signCredentialJwt(
      credentialOf(statement, logged(), home.keys.verdict),
      home.keys.verdict,
    );
    expect(await judged('vc-jwt', signed)).toBe('0 urn:probity:verdict:verdict-1');
    const [head, body, signature] = signed.split('.');
    const changed = Buffer.from(
      Buffer.from(body ?? '', 'base64url')
        .toString()
        .replace('"violated"', '"holds"'),
    ).toString('base64url');
    expect(await judged('vc-jwt', `${head}.${changed}.${signature}`)).toBe(
      '1 refused: InvalidSignature',
    );
  });
});

describe('a page to print', () => {
  it('shows the answers as text, a QR code, and how it was verified', async () => {
    const { html: page } = await pageOf(
      issued.files,
      'https://verdicts.example/verdicts/verdict-1',
      home.policy,
    );
    expect(page).toContain('Tür &lt;script&gt;alert(1)&lt;/script&gt; &quot;門&quot; �');
    expect(page).not.toMatch(/<script/i);
    expect(page).toContain('<svg');
    expect(page).toContain('signed by a trusted verdict key');
    expect(page).toContain(issued.sealed.statementDigest);
    expect(page).toContain('>violated</td>');
    expect(page).toContain("default-src 'none'");
    expect(page).toMatch(/As verified when this was printed, 20\d\d-\d\d-\d\dT/);
    expect(page).toContain('<th>Anchor</th><td class="">');
    expect(page).not.toContain('WITHDRAWN');
  });

  it('says what each property asks, how it is violated, and that an anchor is emulated', async () => {
    const anchored = new Map(issued.files).set(
      'anchor.json',
      utf8('{"network":"emulated","transactionDigest":"abc"}'),
    );
    const { html: page } = await pageOf(anchored, 'urn:x', undefined);
    expect(page).toContain('EMULATED: a ledger for development');
    const model = JSON.parse(fromUtf8(issued.files.get('model.json') ?? utf8('')) ?? '') as {
      properties: Record<string, object>;
    };
    const [name = ''] = Object.keys(model.properties);
    expect(page).toMatch(new RegExp(`<td>${name}<div class="asks">[^<]+</div></td>`));
    expect(page).toMatch(/<div class="run">\s*(with .*\n)?1 {2}\w+/);
  });

  it('is not printed of a bundle that does not verify', async () => {
    const changed = new Map(issued.files).set('model.json', utf8('{}'));
    await expect(pageOf(changed, 'urn:x', home.policy)).rejects.toThrow('failed');
    await expect(
      pageOf(issued.files, 'urn:x', (await installation('forger')).policy),
    ).rejects.toThrow('untrusted');
    await expect(pageOf(new Map(), 'urn:x', undefined)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await pageOf(issued.files, 'urn:x', undefined)).html).not.toContain('As verified');
  });

  it('needs a Chromium to become a PDF', async () => {
    vi.stubEnv('CHROMIUM_BIN', join(folder, 'no-browser'));
    await expect(printPdf('<p>x', join(folder, 'x.pdf'))).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
    });
    vi.unstubAllEnvs();
  });
});

describeTool('chromium', 'a page printed by Chromium', (chromium) => {
  it('is a PDF', async () => {
    vi.stubEnv('CHROMIUM_BIN', chromium);
    await printPdf(
      (await pageOf(issued.files, 'urn:probity:verdict:verdict-1', home.policy)).html,
      join(folder, 'page.pdf'),
    );
    const pdf = await readFile(join(folder, 'page.pdf'));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(10_000);
    vi.unstubAllEnvs();
  }, 90_000);
});
