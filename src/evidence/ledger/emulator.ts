import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../errors/index.ts';
import { EmulatedNode, RpcRefusal, type LedgerFaults } from './emulatedNode.ts';

export type { LedgerFaults } from './emulatedNode.ts';

/**
 * A node that carries the unmodified SDK end to end, for installations without a ledger, for
 * development and for tests. It has no Move VM, no consensus and no other nodes, and forgets all
 * when it ends: what it accepts proves nothing, and says so in its name.
 */
export interface Emulator {
  readonly url: string;
  /** To be changed at any time. */
  readonly faults: LedgerFaults;
  /** Transactions taken, and those that wanted a coin twice. */
  counts(): { readonly transactions: number; readonly equivocations: number };
  close(): Promise<void>;
}

const MAX_BODY = 1_000_000;

export const NO_FAULTS: Readonly<LedgerFaults> = {
  down: false,
  delayMs: 0,
  loseAnswers: 0,
  forget: 0,
  staleCoins: false,
  broke: false,
};

/** Starts an emulated node, on 127.0.0.1 unless told otherwise; port 0 takes a free one. */
export async function startEmulator(
  options: {
    readonly port?: number;
    readonly host?: string;
    readonly now?: () => number;
    readonly faults?: Partial<LedgerFaults>;
  } = {},
): Promise<Emulator> {
  const faults: LedgerFaults = { ...NO_FAULTS, ...options.faults };
  const node = new EmulatedNode(options.now ?? Date.now, faults);
  const host = options.host ?? '127.0.0.1';
  const server = createServer((request, response) => void serve(node, faults, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Fault('PORT_TAKEN', `the emulated ledger cannot listen on port ${options.port ?? 0}`, {
          cause,
        }),
      ),
    );
    server.listen(options.port ?? 0, host, resolve);
  });
  server.unref();
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    faults,
    counts: () => ({ transactions: node.transactions, equivocations: node.equivocations }),
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function serve(
  node: EmulatedNode,
  faults: LedgerFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url === '/admin/faults') return administer(node, faults, request, response);
  if (faults.down) return void request.socket.destroy();
  if (faults.delayMs > 0) await sleep(faults.delayMs);
  let id: unknown = null;
  let answer: object;
  try {
    const call = JSON.parse(await readBody(request)) as {
      id?: unknown;
      method?: string;
      params?: unknown[];
    };
    id = call.id ?? null;
    answer = { result: node.call(call.method ?? '', call.params ?? []) };
    if (faults.loseAnswers > 0 && call.method === 'iota_executeTransactionBlock') {
      faults.loseAnswers -= 1;
      return void request.socket.destroy();
    }
  } catch (cause) {
    answer = {
      error: {
        code: cause instanceof RpcRefusal ? -32002 : -32600,
        message: cause instanceof Error ? cause.message : 'bad request',
      },
    };
  }
  reply(response, 200, { jsonrpc: '2.0', id, ...answer });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/**
 * `GET` shows faults and counts, `POST` with a JSON object changes what it names; `null` takes
 * `reject` or `chainId` away.
 */
async function administer(
  node: EmulatedNode,
  faults: LedgerFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const shown = (): object => ({
    faults,
    transactions: node.transactions,
    equivocations: node.equivocations,
  });
  if (request.method === 'GET') return reply(response, 200, shown());
  // A page in a browser may not send this type to another origin without asking first.
  if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json')
    return reply(response, 405, { error: 'POST a JSON object' });
  let wrong: string | undefined;
  try {
    wrong = applyFaults(faults, JSON.parse(await readBody(request)));
  } catch {
    wrong = 'the body is not JSON';
  }
  return wrong === undefined
    ? reply(response, 200, shown())
    : reply(response, 400, { error: wrong });
}

const KINDS: Readonly<Record<keyof LedgerFaults, 'boolean' | 'number' | 'string'>> = {
  down: 'boolean',
  delayMs: 'number',
  loseAnswers: 'number',
  forget: 'number',
  staleCoins: 'boolean',
  broke: 'boolean',
  reject: 'string',
  chainId: 'string',
};

export const isFaultName = (name: string): name is keyof LedgerFaults => Object.hasOwn(KINDS, name);

/** Reads one fault as a command line writes it; nothing when it is none. */
export function faultFrom(
  name: keyof LedgerFaults,
  text: string | undefined,
): Partial<LedgerFaults> | undefined {
  const kind = KINDS[name];
  if (kind === 'boolean') return text === undefined ? { [name]: true } : undefined;
  if (kind === 'string') return text === undefined ? undefined : { [name]: text };
  return /^\d{1,7}$/u.test(text ?? '') ? { [name]: Number(text) } : undefined;
}

/** Applies all or nothing; says what is wrong. */
function applyFaults(faults: LedgerFaults, wanted: unknown): string | undefined {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    return 'a JSON object is needed';
  for (const [name, value] of Object.entries(wanted)) {
    if (!isFaultName(name))
      return `${name} is no fault; there are ${Object.keys(KINDS).join(', ')}`;
    const gone = value === null && KINDS[name] === 'string';
    if (
      !gone &&
      (typeof value !== KINDS[name] ||
        (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)))
    )
      return `${name} takes a ${KINDS[name]}`;
  }
  for (const [name, value] of Object.entries(wanted)) {
    if (value === null) delete faults[name as 'reject'];
    else Object.assign(faults, { [name]: value });
  }
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY) throw new RpcRefusal('request too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
