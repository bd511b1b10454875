import { lookup as resolve } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Fault } from '../errors/index.ts';
import { isPublicAddress } from './addresses.ts';
import { hostOf, isAllowed, targetProblem, type TargetRules } from './target.ts';

export interface Posted {
  readonly status: number;
  /** What `Retry-After` asks for, in seconds. */
  readonly retryAfterS?: number;
}

/** An answer with its body, of at most as many bytes as were asked for. */
export interface Answered extends Posted {
  readonly body: Uint8Array;
}

export interface PostOptions {
  readonly rules: TargetRules;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Who is where; for tests. */
  readonly resolve?: (host: string) => Promise<readonly { address: string; family: number }[]>;
}

/** What is read of an answer to what was posted, and thrown away: only its status counts. */
const READ_BYTES = 64 * 1024;

/** What is asked of whom: a method, its headers and, but for GET, a body. */
interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Posts a body to whom it may be sent. The name is resolved once, each of its addresses is judged,
 * and the connection goes to the one that was judged: a name that leads elsewhere a moment later
 * leads nowhere. Redirects are answers like any other; proxies of the environment are not asked.
 * Throws `TARGET_REFUSED`, `TARGET_UNAVAILABLE` or `TIMEOUT`.
 */
export const postPinned = (
  text: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: PostOptions,
): Promise<Posted> =>
  pinned(text, options, async (...to) => {
    const response = await send({ method: 'POST', headers, body }, ...to);
    read(response, READ_BYTES).catch(() => undefined);
    return postedOf(response);
  });

/**
 * The same, with what is answered: at most so many bytes of it, else `TARGET_UNAVAILABLE`. A
 * redirect is an answer, and not followed.
 */
export const requestPinned = (
  text: string,
  asked: Asked,
  options: PostOptions & { readonly mostBytes: number },
): Promise<Answered> =>
  pinned(text, options, async (...to) => {
    const response = await send(asked, ...to);
    return { ...postedOf(response), body: await read(response, options.mostBytes) };
  });

interface Address {
  readonly address: string;
  readonly family: number;
}

/** Does what is to be done with an address that was judged, or says why nothing is. */
async function pinned<T>(
  text: string,
  options: PostOptions,
  work: (url: URL, address: Address, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { rules, timeoutMs } = options;
  const wrong = targetProblem(text, rules);
  if (wrong !== undefined) throw new Fault('TARGET_REFUSED', `the target is not ${wrong}`);
  const url = new URL(text);
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  try {
    const address = await orAborted(judgedAddress(url, options), signal);
    return await work(url, address, signal);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if (options.signal?.aborted)
      throw new Fault('CANCELLED', 'the sending was cancelled', { cause });
    if (deadline.aborted)
      throw new Fault('TIMEOUT', `no answer in ${timeoutMs / 1_000} s`, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    throw new Fault('TARGET_UNAVAILABLE', `the target does not answer (${code ?? 'no reason'})`, {
      retryable: true,
      cause,
    });
  }
}

/** Whoever holds a name up holds nobody up: the resolver knows no deadline. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  return new Promise((done, fail) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true });
    work.then(done, fail);
  });
}

/** The first of the addresses, if all of them may be reached. */
async function judgedAddress(url: URL, options: PostOptions): Promise<Address> {
  const host = hostOf(url);
  const family = isIP(host);
  const lookup = options.resolve ?? ((name: string) => resolve(name, { all: true }));
  const found = family === 0 ? await lookup(host) : [{ address: host, family }];
  const [first] = found;
  if (!first)
    throw new Fault('TARGET_UNAVAILABLE', 'the name of the target has no address', {
      retryable: true,
    });
  if (!isAllowed(url, options.rules) && !found.every(({ address }) => isPublicAddress(address)))
    throw new Fault('TARGET_REFUSED', 'the target has an address that is not on the internet');
  return first;
}

function send(
  { method, headers, body }: Asked,
  url: URL,
  { address, family }: Address,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const lookup: LookupFunction = (_host, wanted, found) =>
    wanted.all ? found(null, [{ address, family }]) : found(null, address, family);
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const options: RequestOptions = {
    method,
    // A connection of its own, made now: one that is kept was judged for something else.
    agent: false,
    lookup,
    signal,
    headers: { ...headers, ...length, connection: 'close' },
  };
  return new Promise((answered, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    request.once('error', reject);
    request.once('response', answered);
    request.end(body);
  });
}

/** A body of at most so many bytes; whatever sends more is cut off. */
function read(response: IncomingMessage, most: number): Promise<Uint8Array> {
  return new Promise((done, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    response.on('error', reject);
    response.on('data', (part: Buffer) => {
      length += part.length;
      if (length > most) response.destroy(new Error(`more than ${most} bytes`));
      else parts.push(part);
    });
    response.on('end', () => done(Buffer.concat(parts)));
    response.on('close', () => reject(new Error('the answer was cut off')));
  });
}

function postedOf({ statusCode = 0, headers }: IncomingMessage): Posted {
  const after = headers['retry-after'];
  return /^\d{1,6}$/u.test(after ?? '')
    ? { status: statusCode, retryAfterS: Number(after) }
    : { status: statusCode };
}
