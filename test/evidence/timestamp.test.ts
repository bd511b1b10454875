import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64, utf8 } from '../../src/evidence/encoding.ts';
import { parseTimestamp, requestTimestamp } from '../../src/evidence/timestamp.ts';
import { stampDue } from '../../src/service/stamp.ts';
import type { Service } from '../../src/service/service.ts';
import { describeTool } from '../tools.ts';

/** A time-stamping authority of OpenSSL, with a certificate authority of its own, behind HTTP. */
describeTool('openssl', 'a time-stamping authority (OpenSSL)', (openssl) => {
  let folder: string;
  let server: Server;
  let url: string;
  let answer: ((reply: Buffer) => { status?: number; body: Buffer }) | undefined;
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(openssl, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'probity-tsa-'));
    writeFileSync(join(folder, 'tsa.cnf'), `
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
`);
    writeFileSync(join(folder, 'serial'), '01');
    run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Test CA');
    run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/CN=Test TSA');
    run('x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'tsa.pem', '-days', '30', '-extfile', 'tsa.cnf', '-extensions', 'tsa_ext');
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        writeFileSync(join(folder, 'query.tsq'), Buffer.concat(chunks));
        run('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query.tsq', '-out', 'reply.tsr');
        const { status = 200, body } = (answer ?? ((reply: Buffer): { status?: number; body: Buffer } => ({ body: reply })))(readFileSync(join(folder, 'reply.tsr')));
        response.writeHead(request.headers['content-type'] === 'application/timestamp-query' ? status : 415, { 'content-type': 'application/timestamp-reply' }).end(body);
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
    expect(run('ts', '-verify', '-in', 'got.tsr', '-data', 'envelope.json', '-CAfile', 'ca.pem')).toContain('Verification: OK');
    const time = Date.parse(parseTimestamp(response)?.time ?? '');
    expect(Math.abs(time - before)).toBeLessThan(60_000);
    writeFileSync(join(folder, 'other.json'), 'another envelope');
    expect(() => run('ts', '-verify', '-in', 'got.tsr', '-data', 'other.json', '-CAfile', 'ca.pem')).toThrow('imprint');
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
      ['a refusal', () => ({ body: Buffer.from([0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]) })],
    ];
    for (const [what, said] of cases) {
      answer = said;
      await expect(requestTimestamp(url, utf8(what.endsWith('same') ? 'earlier' : 'later')), what).rejects.toMatchObject({ code: 'TIMESTAMP_UNAVAILABLE', retryable: true });
    }
    answer = undefined;
    await expect(requestTimestamp('http://127.0.0.1:1/', utf8('x'))).rejects.toMatchObject({ code: 'TIMESTAMP_UNAVAILABLE' });
  });

  it('is read without harm, whatever it says', async () => {
    const whole = await requestTimestamp(url, utf8('x'));
    for (let at = 0; at < whole.length; at += 1) {
      const copy = Uint8Array.from(whole);
      copy[at] = (copy[at] ?? 0) ^ 0xff;
      expect(() => parseTimestamp(copy)).not.toThrow();
      expect(() => parseTimestamp(whole.subarray(0, at))).not.toThrow();
    }
  });

  it('stamps the verdicts of a service, and delays nothing when it is away', async () => {
    const stamped = new Map<string, string>();
    const waiting = [{ id: 'ver_1', envelope: '{"a":1}' }, { id: 'ver_2', envelope: '{"b":2}' }];
    const service = (tsaUrl: string | undefined): Service => ({
      config: { tsaUrl }, logger: { warn: () => undefined },
      store: { verdicts: { unstamped: async () => waiting.filter(({ id }) => !stamped.has(id)), stamp: async (id: string, text: string) => void stamped.set(id, text) } },
    }) as unknown as Service;
    await stampDue(service(undefined));
    await stampDue(service('http://127.0.0.1:1/'));
    expect(stamped.size).toBe(0);
    await stampDue(service(url));
    expect([...stamped.keys()]).toEqual(['ver_1', 'ver_2']);
    writeFileSync(join(folder, 'one.tsr'), fromBase64(stamped.get('ver_1') ?? '') ?? new Uint8Array(0));
    writeFileSync(join(folder, 'one.json'), '{"a":1}');
    expect(run('ts', '-verify', '-in', 'one.tsr', '-data', 'one.json', '-CAfile', 'ca.pem')).toContain('Verification: OK');
  });
});

describe('a timestamp', () => {
  it('is none when it is nothing', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x30), Uint8Array.of(0x30, 0x80), Uint8Array.of(0x30, 0x84, 1, 1, 1, 1)]) expect(parseTimestamp(bytes)).toBeUndefined();
  });
});
