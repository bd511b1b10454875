import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/**
 * A headless Chromium over its DevTools protocol: one page, no extension, no network of its own.
 */
export interface Browser {
  /** Loads an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page, awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Gives files to an `<input type="file">`, as a user does. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  /** What the page tried to fetch since it was opened. */
  requests(): readonly string[];
  close(): Promise<void>;
}

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

export async function startBrowser(command: string): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'probity-chromium-'));
  const child = spawn(command, [...ARGUMENTS, `--user-data-dir=${folder}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const socket = new WebSocket(await debuggerAddress(child));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, { resolve(value: unknown): void; reject(cause: Error): void }>();
  const listeners = new Set<(method: string, params: Record<string, unknown>) => void>();
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as {
      id?: number;
      method?: string;
      params?: Record<string, unknown>;
      result?: unknown;
      error?: { message: string };
    };
    if (message.method !== undefined)
      for (const listener of listeners) listener(message.method, message.params ?? {});
    const asked = message.id === undefined ? undefined : waiting.get(message.id);
    if (asked === undefined) return;
    if (message.error) asked.reject(new Error(message.error.message));
    else asked.resolve(message.result);
  });
  let next = 0;
  const send = <T>(method: string, params: object = {}, sessionId?: string): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      next += 1;
      waiting.set(next, { resolve: resolve as (value: unknown) => void, reject });
      socket.send(
        JSON.stringify({
          id: next,
          method,
          params,
          ...(sessionId === undefined ? {} : { sessionId }),
        }),
      );
    });
  const { targetInfos } = await send<{ targetInfos: { targetId: string; type: string }[] }>(
    'Target.getTargets',
  );
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId;
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  const requests: string[] = [];
  listeners.add((method, params) => {
    if (method === 'Network.requestWillBeSent')
      requests.push((params['request'] as { url: string }).url);
  });
  for (const domain of ['Page', 'DOM', 'Network']) await send(`${domain}.enable`, {}, sessionId);
  return {
    open: async (url) => {
      requests.length = 0;
      const loaded = new Promise<void>((resolve) => {
        const listener = (method: string): void => {
          if (method !== 'Page.loadEventFired') return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      });
      await send('Page.navigate', { url }, sessionId);
      await loaded;
    },
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = await send<{
        result: { value: T };
        exceptionDetails?: { text: string };
      }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return result.value;
    },
    choose: async (selector, paths) => {
      const { root } = await send<{ root: { nodeId: number } }>('DOM.getDocument', {}, sessionId);
      const { nodeId } = await send<{ nodeId: number }>(
        'DOM.querySelector',
        { nodeId: root.nodeId, selector },
        sessionId,
      );
      await send('DOM.setFileInputFiles', { files: paths, nodeId }, sessionId);
    },
    requests: () => requests,
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await send('Browser.close').catch(() => undefined);
      socket.close();
      const timer = setTimeout(() => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      }, 5_000);
      await ended;
      clearTimeout(timer);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function debuggerAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const address = /DevTools listening on (ws:\S+)/u.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () =>
      reject(new Error(`Chromium ended before it listened: ${text.slice(-500)}`)),
    );
  });
}
