import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { witnessCommand } from '../cli/run.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { TransparencyLog } from '../../src/evidence/log/log.ts';
import { memoryLogStore } from '../../src/evidence/log/memory.ts';
import { nodeCrypto } from '../../src/evidence/formats/nodeCrypto.ts';
import { parseNote, parseVkey, verifyNote } from '../../src/evidence/formats/note.ts';
import { parseReceipt } from '../../src/evidence/formats/receipt.ts';
import { WitnessClient } from '../../src/evidence/witness/client.ts';
import {
  cosignerFromSeed,
  openCosigner,
  type Cosigner,
} from '../../src/evidence/witness/cosigner.ts';
import { parseWitnessPolicy, type WitnessPolicy } from '../../src/evidence/witness/policy.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '../../src/evidence/witness/protocol.ts';
import {
  startWitness,
  type RunningWitness,
  type WitnessOptions,
} from '../../src/evidence/witness/server.ts';
import { check, complaints, installation, policyOf, sampleCheck, testKeys } from './fixture.ts';

const { log: key } = await testKeys('witnessed');
const NOW = Date.parse('2026-02-03T04:05:06Z');

let folder: string;
let cosigner: Cosigner;
let witness: RunningWitness;
const start = (options: Partial<WitnessOptions> = {}): Promise<RunningWitness> =>
  startWitness({ logs: [key], cosigner, folder, now: () => NOW, ...options });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-witness-'));
  cosigner = await cosignerFromSeed('w1.example', new Uint8Array(32).fill(7));
  witness = await start();
});
afterEach(async () => {
  await witness.close();
  await rm(folder, { recursive: true, force: true });
});

const newLog = (signer = key): Promise<TransparencyLog> =>
  TransparencyLog.open(memoryLogStore(), signer);
async function grow(log: TransparencyLog, ...leaves: string[]): Promise<string> {
  for (const leaf of leaves) await log.append(utf8(leaf));
  return (await log.checkpoint()) ?? '';
}
async function add(
  oldSize: number,
  proof: readonly Uint8Array[] | undefined,
  checkpoint: string,
  url = witness.url,
): Promise<{ status: number; type: string; body: string }> {
  const response = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    body: formatAddCheckpoint({ oldSize, proof: proof ?? [], checkpoint }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: await response.text(),
  };
}

describe('a witness', () => {
  it('cosigns a log that grows, with the time, in a signature that verifies', async () => {
    const log = await newLog();
    const one = await grow(log, 'a', 'b', 'c');
    const first = await add(0, [], one);
    expect([first.status, first.body.startsWith('— w1.example ')]).toEqual([200, true]);
    const two = await grow(log, 'd', 'e');
    const second = await add(3, await log.consistencyProof(3, 5), two);
    expect(second.status).toBe(200);
    const vkey = await parseVkey(cosigner.vkey, nodeCrypto.sha256);
    const note = parseNote(`${two}${second.body}`);
    if (vkey === undefined || note === undefined) throw new Error('a cosigned note');
    expect(await verifyNote(note, [vkey], nodeCrypto)).toMatchObject({ status: 'verified' });
    const stamp = note.signatures.at(-1)?.signature ?? new Uint8Array(0);
    expect(new DataView(stamp.buffer, stamp.byteOffset).getBigUint64(0)).toBe(BigInt(NOW / 1000));
    expect(await add(5, [], two)).toMatchObject({ status: 200 });
  });

  it('answers as the protocol says to what it does not cosign', async () => {
    const log = await newLog();
    const one = await grow(log, 'a', 'b', 'c');
    await add(0, [], one);
    const two = await grow(log, 'd', 'e');
    const proof = await log.consistencyProof(3, 5);
    expect(await add(0, [], two)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '3\n' });
    expect(await add(4, await log.consistencyProof(4, 5), two)).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      body: '3\n',
    });
    expect(await add(9, proof, two)).toMatchObject({ status: 400 });
    expect(await add(3, [], two)).toMatchObject({ status: 422 });
    expect(await add(3, proof?.slice(1), two)).toMatchObject({ status: 422 });
    const stranger = await grow(await newLog((await testKeys('stranger')).log), 'a');
    expect(await add(0, [], stranger)).toMatchObject({ status: 404 });
    const forged = one.replace('\n3\n', '\n4\n');
    expect(await add(3, [], forged)).toMatchObject({ status: 403 });
    expect(
      await add(3, [], `${one.slice(0, one.indexOf('—'))}— ${key.name} AAAAAAAA\n`),
    ).toMatchObject({ status: 403 });
    // Nothing of that was remembered.
    expect(await add(3, proof, two)).toMatchObject({ status: 200 });
    expect(await add(3, proof, two)).toMatchObject({ status: 409, body: '5\n' });
    expect(await add(3, [], one)).toMatchObject({ status: 409, body: '5\n' });
  });

  it('refuses a forked log, whatever it proves', async () => {
    const log = await newLog();
    await add(0, [], await grow(log, 'a', 'b', 'c'));
    const fork = await newLog();
    const sameSize = await grow(fork, 'a', 'x', 'c');
    expect(await add(3, [], sameSize)).toMatchObject({ status: 409, body: '3\n' });
    const larger = await grow(fork, 'd', 'e');
    expect(await add(3, await fork.consistencyProof(3, 5), larger)).toMatchObject({ status: 422 });
    expect(await add(3, await log.consistencyProof(3, 3), larger)).toMatchObject({ status: 422 });
  });

  it('remembers over a restart, and lets nobody else into its folder meanwhile', async () => {
    const log = await newLog();
    await add(0, [], await grow(log, 'a', 'b', 'c'));
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DIR' });
    await witness.close();
    await writeFile(join(folder, 'witness.pid'), '999999999');
    witness = await start();
    expect(await add(0, [], await grow(await newLog(), 'x'))).toMatchObject({
      status: 409,
      body: '3\n',
    });
  });

  it('lets one of two requests win that start from the same size', async () => {
    const log = await newLog();
    await add(0, [], await grow(log, 'a'));
    const notes: string[] = [];
    for (const leaf of ['b', 'c', 'd', 'e']) notes.push(await grow(log, leaf));
    const answers = await Promise.all(
      notes.map(async (note, at) => add(1, await log.consistencyProof(1, at + 2), note)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const latest = Number((await add(0, [], notes[3] ?? '')).body);
    expect(answers[latest - 2]?.status).toBe(200);
  });

  it('limits what it reads, how often, and where', async () => {
    const post = (body: string, path = '/add-checkpoint', method = 'POST'): Promise<Response> =>
      fetch(`${witness.url}${path}`, { method, ...(method === 'POST' ? { body } : {}) });
    expect((await post('x'.repeat(70_000))).status).toBe(413);
    expect((await post('old 0')).status).toBe(400);
    expect((await post('', '/add-checkpoint', 'GET')).status).toBe(405);
    expect((await post('', '/')).status).toBe(404);
    await witness.close();
    witness = await start({ perSecond: 1 });
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async () => (await post('old 0')).status),
    );
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  });

  it('says 500, and cosigns nothing, when it cannot remember', async () => {
    await witness.close();
    const faults: unknown[] = [];
    witness = await start({ onFault: (cause) => faults.push(cause) });
    const note = await grow(await newLog(), 'a');
    await add(0, [], note);
    for (const name of await readdir(folder)) {
      if (!name.startsWith('witness')) await rm(join(folder, name), { recursive: true });
    }
    expect(await add(0, [], note)).toMatchObject({ status: 500 });
    expect(faults).toHaveLength(1);
  });
});

describe('a request', () => {
  it('is one text, and no other is taken for it', () => {
    const request = {
      oldSize: 3,
      proof: [new Uint8Array(32).fill(1)],
      checkpoint: 'a\n1\nb\n\n— x y\n',
    };
    const text = formatAddCheckpoint(request);
    expect(parseAddCheckpoint(text)).toEqual(request);
    for (const other of [
      text.replace('old 3', 'old 03'),
      text.replace('old 3', 'old -3'),
      text.replace('old 3', 'old  3'),
      text.replace('old', 'new'),
      text.replace('AQEB', 'AQE'),
      `old 1\n${'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n'.repeat(64)}\nx`,
      'old 1\n',
    ]) {
      expect(parseAddCheckpoint(other), other.slice(0, 20)).toBeUndefined();
    }
  });
});

describe("a witness's key", () => {
  it('is made once, for its owner only, and damage is seen', async () => {
    const place = join(folder, 'key');
    const made = await openCosigner(place, 'w.example');
    expect((await openCosigner(place, 'other.example')).vkey).toBe(made.vkey);
    expect((await stat(join(place, 'witness.key'))).mode & 0o077).toBe(0);
    await writeFile(join(place, 'witness.key'), 'PRIVATE+KEY+w.example+00000000+AAAA\n');
    await expect(openCosigner(place, 'w.example')).rejects.toMatchObject({ code: 'KEY_FILE' });
  });
});

describe('a log with witnesses', () => {
  let others: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const other of others) await other.close();
    others = [];
  });

  async function anotherWitness(name: string): Promise<{ vkey: string; url: string }> {
    const theirs = await cosignerFromSeed(name, new Uint8Array(32).fill(name.length + 20));
    const running = await startWitness({
      logs: [key],
      cosigner: theirs,
      folder: join(folder, name),
    });
    others.push(running);
    return { vkey: theirs.vkey, url: running.url };
  }
  async function deaf(
    answer: (body: string) => { status: number; body: string } | undefined,
  ): Promise<string> {
    const server: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const said = answer(body);
        if (said) response.writeHead(said.status).end(said.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    others.push({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  async function policy(text: string): Promise<WitnessPolicy> {
    const parsed = await parseWitnessPolicy(text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.value;
  }

  it('collects what the quorum needs, whoever is away, silent, slow or lies', async () => {
    const second = await anotherWitness('second.example');
    const unheard = (await cosignerFromSeed('silent.example', new Uint8Array(32).fill(9))).vkey;
    const liar = (await cosignerFromSeed('liar.example', new Uint8Array(32).fill(10))).vkey;
    const text = [
      `witness a ${cosigner.vkey} ${witness.url}`,
      `witness b ${second.vkey} ${second.url}/`,
      `witness silent ${unheard} ${await deaf(() => undefined)}`,
      `witness liar ${liar} ${await deaf(() => ({ status: 200, body: '— liar.example AAAAAAAAAAAA\n' }))}`,
      'group two 2 a b silent liar',
      'quorum two',
    ].join('\n');
    const client = new WitnessClient(await policy(text), { timeoutMs: 1_500 });
    const log = await newLog();
    const prove = (from: number, to: number): Promise<Uint8Array[] | undefined> =>
      log.consistencyProof(from, to);
    for (const leaf of ['a', 'b']) {
      const cosigned = await client.cosign(await grow(log, leaf), prove);
      expect(cosigned).toMatchObject({ by: ['a', 'b'], quorum: true });
      expect(cosigned.failures.map(({ name, fault }) => `${name} ${fault.code}`).sort()).toEqual([
        'liar WITNESS_UNAVAILABLE',
        'silent WITNESS_UNAVAILABLE',
      ]);
      expect(parseNote(cosigned.note)?.signatures).toHaveLength(3);
    }
    // A new process knows of no sizes, and asks.
    expect(
      await new WitnessClient(await policy(text), { timeoutMs: 1_500 }).cosign(
        await grow(log, 'd'),
        prove,
      ),
    ).toMatchObject({ quorum: true });
    const alone = await policy(text.replace('group two 2', 'group two 3'));
    expect(
      await new WitnessClient(alone, { timeoutMs: 1_500 }).cosign(await grow(log, 'e'), prove),
    ).toMatchObject({ by: ['a', 'b'], quorum: false });
  });

  it('is told by a witness that it went back, or is another', async () => {
    const client = new WitnessClient(
      await policy(`witness a ${cosigner.vkey} ${witness.url}\nquorum a\n`),
    );
    const log = await newLog();
    await client.cosign(await grow(log, 'a', 'b', 'c'), (from, to) =>
      log.consistencyProof(from, to),
    );
    const told = async (...leaves: string[]): Promise<string[]> => {
      const other = await newLog();
      const fresh = new WitnessClient(client.policy);
      const { failures, quorum } = await fresh.cosign(await grow(other, ...leaves), (from, to) =>
        other.consistencyProof(from, to),
      );
      expect(quorum).toBe(false);
      return failures.map(({ fault }) => fault.code);
    };
    expect(await told('a', 'b')).toEqual(['LOG_ROLLED_BACK']);
    expect(await told('a', 'x', 'c')).toEqual(['LOG_FORKED']);
    expect(await told('a', 'x', 'c', 'd')).toEqual(['LOG_FORKED']);
    const unknown = await newLog((await testKeys('stranger')).log);
    const { failures } = await client.cosign(await grow(unknown, 'a'), async () => []);
    expect(failures.map(({ fault }) => [fault.code, fault.retryable])).toEqual([
      ['WITNESS_REFUSED', false],
    ]);
  });

  it('has a policy in which each witness can be asked', async () => {
    for (const text of [
      'quorum none\n',
      `witness a ${cosigner.vkey}\nquorum a\n`,
      `witness a ${cosigner.vkey} ftp://x\nquorum a\n`,
      'witness\n',
    ]) {
      expect(await parseWitnessPolicy(text), text).toMatchObject({
        ok: false,
        problems: [{ code: 'POLICY_SHAPE' }],
      });
    }
  });

  it('gives receipts that a verifier with a quorum accepts, and without cosignatures refuses', async () => {
    const home = await installation('witnessed');
    const strict = await policyOf(
      home.policyText.replace('quorum none', `witness a ${cosigner.vkey}\nquorum a`),
    );
    const { files, sealed } = await home.issue(sampleCheck('verdict-1'));
    expect(complaints(await check(files, strict))).toEqual(['checkpoint: CHECKPOINT_QUORUM']);
    const client = new WitnessClient(
      await policy(`witness a ${cosigner.vkey} ${witness.url}\nquorum a\n`),
    );
    await home.issue(sampleCheck('verdict-2'));
    const { note } = await client.cosign((await home.log.checkpoint()) ?? '', (from, to) =>
      home.log.consistencyProof(from, to),
    );
    const receipt = (await home.log.receiptUnder(sealed.leafIndex, note)) ?? '';
    expect(parseReceipt(receipt)?.checkpoint).toBe(note);
    files.set('receipt.tlog-proof', utf8(receipt));
    expect(complaints(await check(files, strict))).toEqual([]);
    expect(complaints(await check(files, home.policy))).toEqual([]);
    const other = await cosignerFromSeed('other.example', new Uint8Array(32).fill(1));
    expect(
      complaints(
        await check(
          files,
          await policyOf(
            home.policyText.replace('quorum none', `witness a ${other.vkey}\nquorum a`),
          ),
        ),
      ),
    ).toEqual(['checkpoint: CHECKPOINT_QUORUM']);
    files.set('receipt.tlog-proof', utf8(receipt.replace(/(— w1\.example \S{20})./u, '$1x')));
    expect((await check(files, strict)).status).not.toBe('verified');
  });
});

describe('probity witness', () => {
  async function run(
    args: string[],
    until?: (said: string) => Promise<void>,
  ): Promise<{ exit: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    let told: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      told = resolve;
    });
    const stop = new AbortController();
    const asked = ready.then(() => until?.(out)).finally(() => stop.abort());
    const exit = await witnessCommand(args, {
      stdout: (text) => {
        out += text;
        told();
      },
      stderr: (text) => {
        err += text;
      },
      interrupted: stop.signal,
    });
    told();
    await asked;
    return { exit, out, err };
  }

  it('serves until it is stopped, and prints its line for a policy', async () => {
    const place = join(folder, 'cli');
    const { exit } = await run(
      ['--log', key.vkey, '--data', place, '--port', '0', '--name', 'cli.example', '--json'],
      async (said) => {
        const { url, vkey } = JSON.parse(said) as { url: string; vkey: string };
        expect((await add(0, [], await grow(await newLog(), 'a'), url)).status).toBe(200);
        expect(await parseVkey(vkey, nodeCrypto.sha256)).toMatchObject({
          name: 'cli.example',
          type: 4,
        });
      },
    );
    expect(exit).toBe(0);
    expect((await run(['--log', key.vkey, '--data', place, '--port', '0'])).out).toMatch(
      /for a policy: witness cli\.example cli\.example\+/u,
    );
  });

  it('refuses what is no log', async () => {
    expect((await run([])).err).toContain('OPTION_INVALID');
    expect((await run(['--log', cosigner.vkey])).err).toContain('OPTION_INVALID');
    expect((await run(['--log', key.vkey, '--port', 'x'])).exit).toBe(2);
    expect((await run(['--help'])).out).toContain('probity witness');
  });
});
