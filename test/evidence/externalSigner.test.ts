import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysCommand } from '../cli/run.ts';
import { bundleFiles } from '../../src/evidence/bundle/write.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { openKeys, readKeys, successorKey } from '../../src/evidence/signing/keys.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { seal } from '../../src/evidence/log/seal.ts';
import { renderPolicy } from '../../src/evidence/formats/policy.ts';
import { describeTool } from '../tools.ts';
import { check, policyOf, sampleCheck } from './fixture.ts';

let data: string;
let keys: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'probity-outside-'));
  keys = join(data, 'keys');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(data, { recursive: true, force: true });
});

async function attach(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exit = await keysCommand(['attach', ...args, '--data', data, '--name', 'shop.example'], {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
  });
  return { exit, out, err };
}

const pair = generateKeyPairSync('ed25519');
async function publicFile(): Promise<string> {
  const file = join(data, 'public.pem');
  await writeFile(file, pair.publicKey.export({ format: 'pem', type: 'spki' }));
  return file;
}

/** A program that signs its input with the key of this test, or does something else. */
async function program(body: string): Promise<string> {
  const file = join(data, 'sign.mjs');
  await writeFile(
    join(data, 'secret.pem'),
    pair.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  );
  await writeFile(
    file,
    `import { readFileSync } from 'node:fs';
import { sign, createPrivateKey } from 'node:crypto';
const message = readFileSync(0);
const signature = sign(null, message, createPrivateKey(readFileSync(${JSON.stringify(join(data, 'secret.pem'))})));
${body}`,
  );
  return JSON.stringify([process.execPath, file]);
}

describe('a key behind a command', () => {
  it.each([
    ['bytes', 'process.stdout.write(signature);'],
    ['base64', 'console.log(signature.toString("base64"));'],
  ])('signs, as %s', async (_form, body) => {
    const attached = await attach(
      'verdict',
      '--command',
      await program(body),
      '--public',
      await publicFile(),
    );
    expect(attached).toMatchObject({
      exit: 0,
      err: '',
      out: expect.stringMatching(/^shop\.example\/verdict\+[0-9a-f]{8}\+\S+ in verdict\.key\n$/),
    });
    expect((await stat(join(keys, 'verdict.key'))).mode & 0o777).toBe(0o600);
    const { verdict } = await openKeys(keys, { name: 'ignored' });
    const signature = await verdict.sign(utf8('message'));
    expect(nodeCrypto.verifyEd25519(verdict.publicKey, utf8('message'), signature)).toBe(true);
    expect(await readFile(join(keys, 'verdict.key'), 'utf8')).not.toContain('PRIVATE');
  });

  it.each([
    ['fails', 'console.error("no token"); process.exit(3);', 'no token'],
    ['prints nothing', '', 'no signature'],
    ['prints too much', 'process.stdout.write(Buffer.alloc(100_000));', ''],
    [
      'signs something else',
      'process.stdout.write(sign(null, Buffer.from("x"), createPrivateKey(readFileSync(process.argv[1].replace("sign.mjs", "secret.pem")))));',
      'is none',
    ],
  ])('is not attached when it %s', async (_what, body, words) => {
    const attached = await attach(
      'verdict',
      '--command',
      await program(body),
      '--public',
      await publicFile(),
    );
    expect(attached).toMatchObject({ exit: 4, err: expect.stringContaining('SIGNER_FAILED') });
    expect(attached.err).toContain(words);
    expect(await readKeys(keys)).toBeUndefined();
  });

  it('waits as a successor where there is such a key, and replaces none', async () => {
    await openKeys(keys, { name: 'shop.example' });
    const command = await program('process.stdout.write(signature);');
    expect(
      (await attach('verdict', '--command', command, '--public', await publicFile())).out,
    ).toContain('verdict.next.key');
    expect((await successorKey(keys, 'verdict', 'unused')).publicKey).toEqual(
      new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(12)),
    );
    expect(
      (await attach('verdict', '--command', command, '--public', await publicFile())).err,
    ).toContain('KEY_FILE');
    expect(
      (await attach('log', '--command', command, '--public', await publicFile())).out,
    ).toContain('log.next.key · now: probity keys rotate log');
    expect((await readdir(keys)).sort()).toEqual([
      'ledger.key',
      'log.key',
      'log.next.key',
      'verdict.key',
      'verdict.next.key',
    ]);
  });

  it('is described by arguments that mean something', async () => {
    const [file, command] = [await publicFile(), await program('')];
    for (const args of [
      [],
      ['witness', '--command', command, '--public', file],
      ['verdict'],
      ['verdict', '--command', command],
      ['verdict', '--command', 'ls', '--public', file],
      ['verdict', '--command', '[]', '--public', file],
      ['verdict', '--command', command, '--public', join(data, 'nowhere')],
      ['verdict', '--command', command, '--url', 'https://x', '--public', file],
      ['verdict', '--url', 'http://kms.example/sign', '--token-file', 'x', '--public', file],
      ['verdict', '--url', 'https://kms.example/sign', '--public', file],
      ['verdict', '--pkcs11', 'x.so'],
    ])
      expect(await attach(...args), args.join(' ')).toMatchObject({
        exit: 2,
        err: expect.stringContaining('OPTION_INVALID'),
      });
  });

  it('is refused when its file says something else', async () => {
    await attach(
      'verdict',
      '--command',
      await program('process.stdout.write(signature);'),
      '--public',
      await publicFile(),
    );
    const file = join(keys, 'verdict.key');
    const text = await readFile(file, 'utf8');
    for (const damaged of [
      text.replace('"v":1', '"v":2'),
      text.replace('shop', 'shap'),
      text.replace('"command"', '"commands"'),
      '{}',
      '{"v":1}',
    ]) {
      await writeFile(file, damaged);
      await expect(openKeys(keys, { name: 'x' })).rejects.toMatchObject({ code: 'KEY_FILE' });
    }
  });
});

describe('a key service', () => {
  let server: Server;
  let answer: (
    request: { keyId: string; message: string },
    headers: IncomingMessage['headers'],
  ) => { status?: number; body: unknown };
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      request.on('end', () => {
        const { status = 200, body } = answer(
          JSON.parse(text) as { keyId: string; message: string },
          request.headers,
        );
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sign`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const honest: typeof answer = ({ message }, { authorization }) =>
    authorization === 'Bearer s3cret'
      ? {
          body: {
            signature: sign(null, Buffer.from(message, 'base64'), pair.privateKey).toString(
              'base64',
            ),
          },
        }
      : { status: 401, body: {} };

  it("signs with the token of its file, and is asked by the key's id", async () => {
    const asked: string[] = [];
    answer = (request, headers) => {
      asked.push(request.keyId);
      return honest(request, headers);
    };
    await writeFile(join(data, 'token'), 's3cret\n');
    const attached = await attach(
      'verdict',
      '--url',
      url,
      '--token-file',
      join(data, 'token'),
      '--public',
      await publicFile(),
    );
    expect(attached).toMatchObject({ exit: 0, err: '' });
    const { verdict } = await openKeys(keys, { name: 'x' });
    expect(
      nodeCrypto.verifyEd25519(verdict.publicKey, utf8('m'), await verdict.sign(utf8('m'))),
    ).toBe(true);
    expect(new Set(asked)).toEqual(new Set([verdict.keyId]));
    await writeFile(join(data, 'token'), 'wrong');
    await expect(verdict.sign(utf8('m'))).rejects.toMatchObject({
      code: 'SIGNER_FAILED',
      retryable: true,
    });
    for (const body of [{}, { signature: 'AAAA' }, { signature: 7 }, null]) {
      answer = () => ({ body });
      await expect(verdict.sign(utf8('m'))).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
    }
    answer = () => ({
      body: { signature: sign(null, Buffer.from('other'), pair.privateKey).toString('base64') },
    });
    await expect(verdict.sign(utf8('m'))).rejects.toMatchObject({
      code: 'SIGNER_FAILED',
      retryable: false,
    });
  });
});

describeTool('softhsm', 'a key in a token (SoftHSM, PKCS#11)', (module) => {
  it('signs verdicts that verify, never leaves the token, and needs its PIN', async () => {
    await mkdir(join(data, 'tokens'));
    await writeFile(
      join(data, 'softhsm2.conf'),
      `directories.tokendir = ${join(data, 'tokens')}\nobjectstore.backend = file\n`,
    );
    vi.stubEnv('SOFTHSM2_CONF', join(data, 'softhsm2.conf'));
    vi.stubEnv('PROBITY_PIN', '1234');
    const ran = (command: string, ...args: string[]): void => {
      const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command}: ${stderr}`);
    };
    ran(
      'softhsm2-util',
      '--init-token',
      '--free',
      '--label',
      'probity',
      '--pin',
      '1234',
      '--so-pin',
      '5678',
    );
    ran(
      'pkcs11-tool',
      '--module',
      module,
      '--token-label',
      'probity',
      '--login',
      '--pin',
      'env:PROBITY_PIN',
      '--keypairgen',
      '--key-type',
      'EC:edwards25519',
      '--label',
      'verdict',
      '--id',
      '01',
    );

    expect(
      await attach('verdict', '--pkcs11', module, '--token', 'probity', '--object', 'verdict'),
    ).toMatchObject({ exit: 0, err: '' });
    expect(
      await attach('log', '--pkcs11', module, '--token', 'probity', '--object', 'nothing'),
    ).toMatchObject({ exit: 4 });
    const own = await openKeys(keys, { name: 'shop.example' });
    const log = await TransparencyLog.open(memoryLogStore(), own.log);
    const parts = sampleCheck('verdict-1');
    const sealed = await seal(
      parts,
      {
        signer: own.verdict,
        issuer: 'shop.example',
        software: { name: 'probity', version: '0.1.0' },
      },
      log,
    );
    const policy = await policyOf(
      renderPolicy({ verdicts: [own.verdict.vkey], logs: [own.log.vkey], ledgers: [] }),
    );
    expect((await check(bundleFiles(parts, sealed), policy)).status).toBe('verified');

    vi.stubEnv('PROBITY_PIN', '4321');
    await expect(own.verdict.sign(utf8('x'))).rejects.toMatchObject({ code: 'SIGNER_FAILED' });
    expect(await readFile(join(keys, 'verdict.key'), 'utf8')).not.toContain('1234');
  }, 60_000);
});
