import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64, utf8 } from '../../src/evidence/formats/encoding.ts';
import { requestTimestamp } from '../../src/evidence/signing/timestamp.ts';
import { parseTimestamp } from '../../src/evidence/formats/timestampToken.ts';
import { bundleFiles } from '../../src/evidence/bundle/write.ts';
import { webCrypto } from '../../src/evidence/browser/webCrypto.ts';
import type { VerifierCrypto } from '../../src/evidence/formats/crypto.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { verifyBundle } from '../../src/evidence/verify/verify.ts';
import { stampDue } from '../../src/service/stamp.ts';
import type { Installation as Serving } from '../../src/service/service.ts';
import { buildGo, describeGo } from '../go.ts';
import { repository } from '../golden.ts';
import { describeTool } from '../tools.ts';
import { installation, policyOf, sampleCheck, type Installation, type Issued } from './fixture.ts';

/** A time-stamping authority of OpenSSL, with a certificate authority of its own, behind HTTP. */
describeTool('openssl', 'a time-stamping authority (OpenSSL)', (openssl) => {
  let folder: string;
  let server: Server;
  let url: string;
  let program: string | undefined;
  let using = 'tsa.cnf';
  let answer: ((reply: Buffer) => { status?: number; body: Buffer }) | undefined;
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(openssl, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'probity-tsa-'));
    writeFileSync(
      join(folder, 'tsa.cnf'),
      `
[ tsa ]
default_tsa = main
[ main ]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[ tsa_ext ]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
`,
    );
    writeFileSync(join(folder, 'serial'), '01');
    run(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '30',
      '-subj',
      '/CN=Test CA',
    );
    run(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'tsa.key',
      '-out',
      'tsa.csr',
      '-subj',
      '/CN=Test TSA',
    );
    run(
      'x509',
      '-req',
      '-in',
      'tsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'tsa.pem',
      '-days',
      '30',
      '-extfile',
      'tsa.cnf',
      '-extensions',
      'tsa_ext',
    );
    const configuration = readFileSync(join(folder, 'tsa.cnf'), 'utf8');
    run(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'rsa.key',
      '-out',
      'rsa.csr',
      '-subj',
      '/CN=Test TSA with RSA',
    );
    run(
      'x509',
      '-req',
      '-in',
      'rsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'rsa.pem',
      '-days',
      '30',
      '-extfile',
      'tsa.cnf',
      '-extensions',
      'tsa_ext',
    );
    writeFileSync(
      join(folder, 'rsa.cnf'),
      configuration
        .replace('tsa.pem', 'rsa.pem')
        .replace('tsa.key', 'rsa.key')
        .replace('signer_digest = sha256', 'signer_digest = sha512'),
    );
    // Another authority of the same name, that sends the certificate of the first along.
    run(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'forger.key',
      '-out',
      'forger.csr',
      '-subj',
      '/CN=Test TSA',
    );
    run(
      'x509',
      '-req',
      '-in',
      'forger.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'forger.pem',
      '-days',
      '30',
      '-extfile',
      'tsa.cnf',
      '-extensions',
      'tsa_ext',
    );
    writeFileSync(
      join(folder, 'forger.cnf'),
      configuration
        .replace('signer_cert = tsa.pem', 'signer_cert = forger.pem')
        .replace('certs = ca.pem', 'certs = tsa.pem')
        .replace('tsa.key', 'forger.key'),
    );
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        writeFileSync(join(folder, 'query.tsq'), Buffer.concat(chunks));
        run('ts', '-reply', '-config', using, '-queryfile', 'query.tsq', '-out', 'reply.tsr');
        const { status = 200, body } = (
          answer ?? ((reply: Buffer): { status?: number; body: Buffer } => ({ body: reply }))
        )(readFileSync(join(folder, 'reply.tsr')));
        response
          .writeHead(
            request.headers['content-type'] === 'application/timestamp-query' ? status : 415,
            { 'content-type': 'application/timestamp-reply', connection: 'close' },
          )
          .end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server?.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  it('stamps an envelope, and OpenSSL verifies the stamp', async () => {
    const before = Date.now();
    const response = await requestTimestamp(url, utf8('an envelope'));
    writeFileSync(join(folder, 'got.tsr'), response);
    writeFileSync(join(folder, 'envelope.json'), 'an envelope');
    expect(
      run('ts', '-verify', '-in', 'got.tsr', '-data', 'envelope.json', '-CAfile', 'ca.pem'),
    ).toContain('Verification: OK');
    const time = Date.parse(parseTimestamp(response)?.time ?? '');
    expect(Math.abs(time - before)).toBeLessThan(60_000);
    writeFileSync(join(folder, 'other.json'), 'another envelope');
    expect(() =>
      run('ts', '-verify', '-in', 'got.tsr', '-data', 'other.json', '-CAfile', 'ca.pem'),
    ).toThrow('imprint');
  });

  it('is not believed when it answers something else', async () => {
    const stale = await requestTimestamp(url, utf8('earlier'));
    const cases: [string, NonNullable<typeof answer>][] = [
      ['another stamp', () => ({ body: Buffer.from(stale) })],
      ['a stamp of an earlier request for the same', () => ({ body: Buffer.from(stale) })],
      ['an error', (body) => ({ status: 500, body })],
      ['a redirect', (body) => ({ status: 302, body })],
      ['nothing', () => ({ body: Buffer.alloc(0) })],
      ['noise', () => ({ body: Buffer.alloc(5_000, 0x30) })],
      ['too much', (body) => ({ body: Buffer.concat([body, Buffer.alloc(100_000)]) })],
      [
        'a signature that is none',
        (body) => ({
          body: Buffer.concat([body.subarray(0, -1), Buffer.from([(body.at(-1) ?? 0) ^ 1])]),
        }),
      ],
      ['a refusal', () => ({ body: Buffer.from([0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]) })],
    ];
    for (const [what, said] of cases) {
      answer = said;
      await expect(
        requestTimestamp(url, utf8(what.endsWith('same') ? 'earlier' : 'later')),
        what,
      ).rejects.toMatchObject({ code: 'TIMESTAMP_UNAVAILABLE', retryable: true });
    }
    answer = undefined;
    await expect(requestTimestamp('http://127.0.0.1:1/', utf8('x'))).rejects.toMatchObject({
      code: 'TIMESTAMP_UNAVAILABLE',
    });
  });

  describe.each([
    ['ec', 'sha256', 'tsa.cnf'],
    ['rsa', 'sha512', 'rsa.cnf'],
  ] as const)('of a key of %s with %s, in a bundle', (kind, _hash, config) => {
    let home: Installation;
    let issued: Issued;
    let stamped: Map<string, Uint8Array>;
    let pin: string;
    beforeAll(async () => {
      home = await installation('honest');
      issued = await home.issue(sampleCheck('verdict-1'));
      using = config;
      const response = await requestTimestamp(
        url,
        issued.files.get('envelope.json') ?? new Uint8Array(0),
      );
      using = 'tsa.cnf';
      stamped = bundleFiles(issued.parts, issued.sealed, undefined, undefined, response);
      const pem = kind === 'ec' ? 'tsa.pem' : 'rsa.pem';
      pin =
        run('x509', '-in', pem, '-noout', '-fingerprint', '-sha256')
          .split('=')[1]
          ?.trim()
          .replaceAll(':', '')
          .toLowerCase() ?? '';
    });
    const layer = async (
      files: ReadonlyMap<string, Uint8Array>,
      lines = `tsa ${pin}\n`,
      crypto: VerifierCrypto = nodeCrypto,
    ) => {
      const { status, layers } = await verifyBundle(
        files,
        await policyOf(`${home.policyText}${lines}`),
        { crypto },
      );
      const { code, detail } = layers.find((each) => each.layer === 'timestamp') ?? {
        code: 'none',
      };
      return { status, code, detail };
    };

    it('verifies by a pinned certificate, on Node and as in a browser, and by OpenSSL', async () => {
      const time = parseTimestamp(stamped.get('timestamp.tsr') ?? new Uint8Array(0))?.time;
      for (const crypto of [nodeCrypto, webCrypto])
        expect(await layer(stamped, undefined, crypto)).toEqual({
          status: 'verified',
          code: 'TIMESTAMP_SIGNED',
          detail: `${time}, certificate ${pin}`,
        });
      for (const name of ['timestamp.tsr', 'envelope.json'])
        writeFileSync(join(folder, name), stamped.get(name) ?? '');
      expect(
        run('ts', '-verify', '-in', 'timestamp.tsr', '-data', 'envelope.json', '-CAfile', 'ca.pem'),
      ).toContain('Verification: OK');
    });

    it('is as good as the trust in its authority', async () => {
      expect(await layer(stamped, '')).toMatchObject({
        status: 'verified',
        code: 'TIMESTAMP_UNLISTED',
      });
      expect(await layer(stamped, `tsa ${'0'.repeat(64)}\n`)).toMatchObject({
        status: 'untrusted',
        code: 'TIMESTAMP_UNTRUSTED',
      });
      expect(await layer(issued.files)).toMatchObject({ status: 'verified', code: 'none' });
      await expect(policyOf(`tsa ${pin.toUpperCase()}\nquorum none\n`)).rejects.toThrow('tsa');
      await expect(policyOf(`tsa ${pin}\ntsa ${pin}\nquorum none\n`)).rejects.toThrow('already');
    });

    it('is refused when it is of other bytes, or of a forger who sends the pinned certificate along', async () => {
      const other = await requestTimestamp(url, utf8('other'));
      expect(await layer(new Map(stamped).set('timestamp.tsr', other))).toMatchObject({
        status: 'failed',
        code: 'TIMESTAMP_IMPRINT',
      });
      expect(await layer(new Map(stamped).set('timestamp.tsr', utf8('x')))).toMatchObject({
        status: 'failed',
        code: 'TIMESTAMP_SHAPE',
      });
      using = kind === 'ec' ? 'forger.cnf' : config;
      if (kind === 'ec') {
        const forged = await requestTimestamp(
          url,
          issued.files.get('envelope.json') ?? new Uint8Array(0),
        );
        using = 'tsa.cnf';
        expect(await layer(new Map(stamped).set('timestamp.tsr', forged))).toMatchObject({
          status: 'untrusted',
          code: 'TIMESTAMP_UNTRUSTED',
        });
      }
      using = 'tsa.cnf';
    });

    it('cannot be changed in what it says', async () => {
      const whole = stamped.get('timestamp.tsr') ?? new Uint8Array(0);
      const said = await layer(stamped);
      const codes = new Set<string>();
      for (let at = kind === 'ec' ? 0 : 5; at < whole.length; at += 11) {
        const copy = Uint8Array.from(whole);
        copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
        const now = await layer(new Map(stamped).set('timestamp.tsr', copy));
        codes.add(now.code);
        // What the authority does not sign (other certificates, who it says it is) may change, and
        // says nothing.
        if (now.code === 'TIMESTAMP_SIGNED') expect(now.detail).toBe(said.detail);
        else expect(['failed', 'untrusted', 'verified']).toContain(now.status);
      }
      for (const code of ['TIMESTAMP_SHAPE', 'TIMESTAMP_SIGNATURE'])
        expect([...codes]).toContain(code);
    });

    describeGo('a verifier in Go', () =>
      it('says the same', async () => {
        program ??= buildGo(repository('test/evidence/independent/go'), folder);
        const whole = stamped.get('timestamp.tsr') ?? new Uint8Array(0);
        const bundles = [
          stamped,
          issued.files,
          ...Array.from({ length: 30 }, (_, at) => {
            const copy = Uint8Array.from(whole);
            const place = Math.floor((at * whole.length) / 30);
            copy[place] = (copy[place] ?? 0) ^ (1 << (at % 8));
            return new Map(stamped).set('timestamp.tsr', copy);
          }),
        ];
        for (const lines of [`tsa ${pin}\n`, '', `tsa ${'0'.repeat(64)}\n`]) {
          writeFileSync(join(folder, 'policy'), `${home.policyText}${lines}`);
          const input = bundles
            .map(
              (files) =>
                `${JSON.stringify(Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')])))}\n`,
            )
            .join('');
          const { stdout, stderr } = spawnSync(
            program,
            [repository('schemas'), join(folder, 'policy'), '-'],
            { input, encoding: 'utf8' },
          );
          expect(stderr).toBe('');
          const theirs = stdout
            .trimEnd()
            .split('\n')
            .map(
              (line) =>
                (JSON.parse(line) as { layers: Record<string, string> }).layers['timestamp'],
            );
          for (const [at, files] of bundles.entries()) {
            const { layers } = await verifyBundle(
              files,
              await policyOf(`${home.policyText}${lines}`),
              { crypto: nodeCrypto },
            );
            const ours = layers.find((each) => each.layer === 'timestamp')?.status;
            // How a certificate is broken that nobody pinned, two parsers may see in two ways; not
            // whether the stamp counts.
            if (at < 2) expect(theirs[at]).toBe(ours);
            else expect(`${at} ${theirs[at] === 'signed'}`).toBe(`${at} ${ours === 'signed'}`);
          }
        }
      }, 120_000),
    );
  });

  it('is read without harm, whatever it says', async () => {
    const whole = await requestTimestamp(url, utf8('x'));
    for (let at = 0; at < whole.length; at += 1) {
      const copy = Uint8Array.from(whole);
      copy[at] = (copy[at] ?? 0) ^ 0xff;
      // A throw ends the test.
      parseTimestamp(copy);
      parseTimestamp(whole.subarray(0, at));
    }
  });

  it('stamps the verdicts of a service, and delays nothing when it is away', async () => {
    const stamped = new Map<string, string>();
    const waiting = [
      { id: 'ver_1', envelope: '{"a":1}' },
      { id: 'ver_2', envelope: '{"b":2}' },
    ];
    const service = (tsaUrl: string | undefined): Serving =>
      ({
        config: { tsaUrl },
        logger: { warn: () => undefined },
        store: {
          all: {
            verdicts: { unstamped: async () => waiting.filter(({ id }) => !stamped.has(id)) },
          },
          of: () => ({
            verdicts: {
              get: async (wanted: string) => waiting.find(({ id }) => id === wanted),
              stamp: async (id: string, text: string) => void stamped.set(id, text),
            },
          }),
        },
      }) as unknown as Serving;
    await stampDue(service(undefined));
    await stampDue(service('http://127.0.0.1:1/'));
    expect(stamped.size).toBe(0);
    await stampDue(service(url));
    expect([...stamped.keys()]).toEqual(['ver_1', 'ver_2']);
    writeFileSync(
      join(folder, 'one.tsr'),
      fromBase64(stamped.get('ver_1') ?? '') ?? new Uint8Array(0),
    );
    writeFileSync(join(folder, 'one.json'), '{"a":1}');
    expect(
      run('ts', '-verify', '-in', 'one.tsr', '-data', 'one.json', '-CAfile', 'ca.pem'),
    ).toContain('Verification: OK');
  });
});

describe('a timestamp', () => {
  it('is none when it is nothing', () => {
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(0x30),
      Uint8Array.of(0x30, 0x80),
      Uint8Array.of(0x30, 0x84, 1, 1, 1, 1),
    ])
      expect(parseTimestamp(bytes)).toBeUndefined();
  });
});
