import { open, readFile, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Fault } from '../../errors/index.ts';
import { fromUtf8 } from '../formats/encoding.ts';
import { openFolder } from '../log/files.ts';
import type { TrustedKey } from '../formats/policy.ts';
import type { Cosigner } from './cosigner.ts';
import { MAX_REQUEST_BYTES } from './protocol.ts';
import { Witness } from './witness.ts';

export interface RunningWitness {
  /** The submission prefix. */
  readonly url: string;
  close(): Promise<void>;
}

export interface WitnessOptions {
  readonly logs: readonly TrustedKey[];
  readonly cosigner: Cosigner;
  /** Where it remembers what it cosigned: whoever loses this folder must make a new key. */
  readonly folder: string;
  readonly host?: string;
  readonly port?: number;
  readonly now?: () => number;
  /** Requests of one address in a second, on average; ten seconds' worth at once. */
  readonly perSecond?: number;
  readonly onFault?: (cause: unknown) => void;
}

const PER_SECOND = 10;
const BURST_S = 10;
const ADDRESSES = 10_000;

/**
 * Serves `add-checkpoint` (https://c2sp.org/tlog-witness). One process for a folder: throws
 * DATA_DIR when another has it.
 */
export async function startWitness(options: WitnessOptions): Promise<RunningWitness> {
  const release = await lockFolder(options.folder);
  const witness = new Witness(options);
  const bucket = new Buckets(options.perSecond ?? PER_SECOND, options.now ?? Date.now);
  const server = createServer((request, response) => {
    serve(witness, bucket, request, response).catch((cause: unknown) => {
      options.onFault?.(cause);
      if (!response.headersSent)
        answer(response, 500, 'this witness cannot keep what it sees, so it cosigns nothing');
    });
  });
  server.requestTimeout = 15_000;
  server.headersTimeout = 10_000;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new Fault('PORT_TAKEN', `the witness cannot listen on port ${options.port ?? 0}`, {
            cause,
          }),
        ),
      );
      server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
    });
  } catch (error) {
    await release();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const host = options.host ?? '127.0.0.1';
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await release();
  };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close };
}

async function serve(
  witness: Witness,
  bucket: Buckets,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== '/add-checkpoint')
    return answer(response, 404, 'there is nothing at this address');
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST');
    return answer(response, 405, 'checkpoints are added with POST');
  }
  if (!bucket.take(request.socket.remoteAddress ?? '')) {
    response.setHeader('Retry-After', '1');
    return answer(response, 429, 'too many requests');
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('Connection', 'close');
    return answer(response, 413, `a request has at most ${MAX_REQUEST_BYTES} bytes`);
  }
  const text = fromUtf8(body);
  if (text === undefined) return answer(response, 400, 'not UTF-8');
  const { status, type, body: answerText } = await witness.addCheckpoint(text);
  response
    .writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
    .end(answerText);
}

function answer(response: ServerResponse, status: number, why: string): void {
  response
    .writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(`${why}\n`);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length <= MAX_REQUEST_BYTES) chunks.push(chunk as Buffer);
  }
  return length > MAX_REQUEST_BYTES ? undefined : Buffer.concat(chunks);
}

/** A bucket of requests for each address that fills with time. */
class Buckets {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  take(address: string): boolean {
    const at = this.#now();
    const full = this.#perSecond * BURST_S;
    const before = this.#buckets.get(address) ?? { left: full, at };
    const left = Math.min(full, before.left + ((at - before.at) / 1000) * this.#perSecond);
    this.#buckets.delete(address);
    this.#buckets.set(address, { left: left < 1 ? left : left - 1, at });
    if (this.#buckets.size > ADDRESSES)
      this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    return left >= 1;
  }
}

/** A file with our process id; one that a dead process left is taken over. */
async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await openFolder(folder);
  const file = join(folder, 'witness.pid');
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(process.pid)).finally(() => handle.close());
      return () => unlink(file).catch(() => undefined);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new Fault('DATA_DIR', `${folder} cannot be used`, { cause });
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (pid > 0 && isAlive(pid))
        throw new Fault('DATA_DIR', `a witness (process ${pid}) uses ${folder} already`);
      await unlink(file).catch(() => undefined);
    }
  }
  throw new Fault('DATA_DIR', `${folder} is wanted by several witnesses at once`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
