import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

/** With the id of a run, or of the organisation in which something was announced. */
const [CHANGED, ANNOUNCED] = ['probity_run', 'probity_announcement'];
const CHANNELS = [CHANGED, ANNOUNCED];
const ANY = '*';
const RETRY_MS = 1_000;

/**
 * Hints that a run has changed, or that something was announced, over a connection of its own. A
 * hint may be lost while the connection is rebuilt, so every watcher also looks at the rows now and
 * then.
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
    return this.on(runId, listener);
  }

  /** Calls back when something may have been announced in the organisation. */
  onAnnouncement(organisationId: string, listener: () => void): () => void {
    return this.on(organisationId, listener);
  }

  /** The same, of whatever organisation. */
  onAnyAnnouncement(listener: () => void): () => void {
    return this.on(ANY, listener);
  }

  private on(id: string, listener: () => void): () => void {
    const listeners = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, listeners.add(listener));
    this.connecting ??= this.keepConnected();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(id) === listeners) this.listeners.delete(id);
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
    client.on('notification', ({ channel, payload }) => {
      this.tell(payload);
      if (channel === ANNOUNCED) this.tell(ANY);
    });
    await client.connect();
    this.client = client;
    if (this.closed) return client.end();
    for (const channel of CHANNELS) await client.query(`LISTEN "${channel}"`);
    for (const id of this.listeners.keys()) this.tell(id);
    await ended;
  }

  private tell(id: string | undefined): void {
    for (const listener of this.listeners.get(id ?? '') ?? []) listener();
  }
}
