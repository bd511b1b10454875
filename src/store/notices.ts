import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

const CHANNEL = 'probity_run';
const RETRY_MS = 1_000;

/**
 * Hints that a run has changed, over a connection of its own. A hint may be lost while the
 * connection is rebuilt, so every watcher also looks at the row now and then.
 */
export class Notices {
  private readonly databaseUrl: string;
  private readonly listeners = new Map<string, Set<() => void>>();
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private closed = false;

  constructor(databaseUrl: string) {
    this.databaseUrl = databaseUrl;
  }

  /** Calls back when the run may have changed, until the returned function is called. */
  onRun(runId: string, listener: () => void): () => void {
    const listeners = this.listeners.get(runId) ?? new Set();
    this.listeners.set(runId, listeners.add(listener));
    this.connecting ??= this.keepConnected();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(runId) === listeners)
        this.listeners.delete(runId);
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.client?.end().catch(() => undefined);
    await this.connecting;
  }

  private async keepConnected(): Promise<void> {
    while (!this.closed) {
      await this.listenOnce().catch(() => undefined);
      if (!this.closed) await sleep(RETRY_MS, undefined, { ref: false });
    }
  }

  /** Resolves or rejects when the connection is gone. */
  private async listenOnce(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      application_name: 'probity notices',
    });
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ payload }) => this.tell(payload));
    await client.connect();
    this.client = client;
    if (this.closed) return client.end();
    await client.query(`LISTEN "${CHANNEL}"`);
    for (const runId of this.listeners.keys()) this.tell(runId);
    await ended;
  }

  private tell(runId: string | undefined): void {
    for (const listener of this.listeners.get(runId ?? '') ?? []) listener();
  }
}
