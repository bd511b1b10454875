import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/network/addresses.ts';
import { postPinned, requestPinned, type PostOptions } from '../../src/network/post.ts';
import { targetProblem } from '../../src/network/target.ts';

const NOWHERE = { allow: [], http: false };
const ON_PREMISES = { allow: ['erp.shop.internal', '10.1.2.3:9000'], http: true };

describe('addresses on the internet', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    'fec0::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '2002:a00:1::',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    'localhost',
    '',
    '010.0.0.1',
    '0x7f.1',
    '2130706433',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '1.1.1.1', '100.63.255.255', '100.128.0.0', '172.32.0.1', '2606:4700::1111'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('what an address says', () => {
  it.each([
    'http://shop.example/',
    'ftp://shop.example/',
    'file:///etc/passwd',
    'shop.example',
    '',
    'https://me:secret@shop.example/',
    'https://me@shop.example/',
    'https://shop.example/#x',
    'https://shop.example:22/',
    'https://shop.example:6379/',
    `https://shop.example/${'x'.repeat(2_000)}`,
    // However it is written.
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://①②⑦.0.0.1/',
  ])('%s is refused', (url) => expect(targetProblem(url, NOWHERE)).toEqual(expect.any(String)));

  it('is fine on the internet over https, and elsewhere where it is named', () => {
    for (const url of [
      'https://shop.example/hook?a=1',
      'https://shop.example:8443/',
      'https://8.8.8.8/',
    ])
      expect(targetProblem(url, NOWHERE)).toBeUndefined();
    for (const url of [
      'http://erp.shop.internal:1234/',
      'http://10.1.2.3:9000/',
      'https://ERP.shop.internal/',
    ])
      expect(targetProblem(url, ON_PREMISES)).toBeUndefined();
    for (const url of [
      'http://10.1.2.3:9001/',
      'https://10.1.2.3/',
      'https://x.erp.shop.internal:99/',
    ])
      expect(targetProblem(url, ON_PREMISES)).toEqual(expect.any(String));
  });
});

describe('a request', () => {
  let server: Server;
  let port: number;
  let handle: RequestListener = (_request, response) => void response.end();
  let connections = 0;

  beforeAll(async () => {
    server = createServer((request, response) => handle(request, response));
    server.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const at =
    (...addresses: string[]): PostOptions['resolve'] =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const options = (more: Partial<PostOptions> = {}): PostOptions => ({
    rules: { allow: [`target.example:${port}`], http: true },
    timeoutMs: 5_000,
    resolve: at('127.0.0.1'),
    ...more,
  });
  const post = (more: Partial<PostOptions> = {}, path = '/') =>
    postPinned(`http://target.example:${port}${path}`, { 'x-test': 'a' }, '{"é":1}', options(more));

  it('goes to the address that was judged, whatever its name says elsewhere', async () => {
    const seen: unknown[] = [];
    handle = (request, response) => {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        seen.push([request.method, request.headers.host, request.headers['x-test'], body]);
        response.writeHead(429, { 'retry-after': '7' }).end();
      });
    };
    expect(await post()).toEqual({ status: 429, retryAfterS: 7 });
    expect(seen).toEqual([['POST', `target.example:${port}`, 'a', '{"é":1}']]);
  });

  it.each([
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    // One of several is enough: which of them would be taken is nobody's to choose.
    ['8.8.8.8', '127.0.0.1'],
  ])('is not made where a name leads to %s', async (...addresses) => {
    connections = 0;
    const rules = { allow: [], http: true };
    const url = 'http://target.example/';
    await expect(
      postPinned(url, {}, '', { rules, timeoutMs: 5_000, resolve: at(...addresses) }),
    ).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    await expect(
      postPinned('https://127.0.0.1/', {}, '', { rules, timeoutMs: 5_000 }),
    ).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(connections).toBe(0);
  });

  it('is not made again where the answer points', async () => {
    const paths: unknown[] = [];
    handle = ({ url }, response) => {
      paths.push(url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    };
    expect(await post({}, '/here')).toEqual({ status: 307 });
    expect(paths).toEqual(['/here']);
  });

  it('ends in time, and where it is cancelled, whoever is silent: target or resolver', async () => {
    handle = () => undefined;
    await expect(post({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const silent = (): Promise<never> => new Promise(() => undefined);
    await expect(post({ timeoutMs: 200, resolve: silent })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const stopping = new AbortController();
    const cancelled = post({ signal: stopping.signal });
    setTimeout(() => stopping.abort(), 50);
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('reads no answer that does not end', async () => {
    const closed = new Promise<void>((resolve) => {
      handle = (_request, response) => {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more).once('close', resolve);
        more();
      };
    });
    expect(await post()).toEqual({ status: 200 });
    await closed;
  });

  it('reads what is answered, of at most so many bytes, and follows nothing', async () => {
    const paths: unknown[] = [];
    handle = ({ method, url }, response) => {
      paths.push([method, url]);
      if (url === '/moved') response.writeHead(302, { location: '/keys' }).end('moved');
      else response.end('{"keys":[]}');
    };
    const get = (path: string, mostBytes: number, more: Partial<PostOptions> = {}) =>
      requestPinned(
        `http://target.example:${port}${path}`,
        { method: 'GET', headers: {} },
        { ...options(more), mostBytes },
      );
    const text = Buffer.from('{"keys":[]}');
    expect(await get('/keys', text.length)).toEqual({ status: 200, body: text });
    expect(await get('/moved', 100)).toEqual({ status: 302, body: Buffer.from('moved') });
    await expect(get('/keys', text.length - 1)).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
    });
    expect(paths).toEqual([
      ['GET', '/keys'],
      ['GET', '/moved'],
      ['GET', '/keys'],
    ]);
    const rules = { allow: [], http: true };
    const url = 'http://target.example/';
    const inside = { rules, timeoutMs: 5_000, resolve: at('10.0.0.1'), mostBytes: 100 };
    await expect(requestPinned(url, { method: 'GET', headers: {} }, inside)).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
    });
    // Cut off in the middle: half of an answer is none.
    handle = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 20);
    };
    await expect(get('/keys', 1_000)).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  });

  it('says what is wrong with who does not answer, or has no address', async () => {
    const refused = { rules: { allow: ['target.example:9'], http: true }, timeoutMs: 5_000 };
    await expect(
      postPinned('http://target.example:9/', {}, '', { ...refused, resolve: at('127.0.0.1') }),
    ).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(post({ resolve: at() })).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  });
});
