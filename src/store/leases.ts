import type { Worker } from 'node:worker_threads';
import { startThread } from '../processes/thread.ts';
import type { RunClaim } from './runs.ts';

/** What the thread is told to keep, until it is told that it ends. */
export interface KeptLease {
  readonly claim: RunClaim;
  readonly leaseMs: number;
  /** When it is given up whatever happens, in milliseconds since the epoch. */
  readonly until: number;
  /** One word, 1 once it is lost: it can be read while nothing else is heard. */
  readonly lost: Int32Array;
}

/** A claim that is kept. */
export interface Kept {
  /** Whether it is ours no more, as of a second ago; also for who computes in one piece. */
  isLost(): boolean;
  end(): void;
}

export type ToLeases = { readonly keep: KeptLease } | { readonly end: RunClaim } | 'close';

/** Claims that are not ours any more: cancelled, taken by another, or not renewed for too long. */
export interface FromLeases {
  readonly lost: RunClaim;
}

const keyOf = ({ runId, attempt }: RunClaim): string => `${runId} ${attempt}`;

/**
 * Renews leases from a thread with a connection of its own. A check may compute for longer than a
 * lease in one piece: timers of its own thread would not go off meanwhile, and another worker would
 * take the run from one that is alive.
 */
export class Leases {
  private readonly databaseUrl: string;
  private readonly kept = new Map<string, { lease: KeptLease; onLost: () => void }>();
  private thread: Worker | undefined;
  private closed = false;

  constructor(databaseUrl: string) {
    this.databaseUrl = databaseUrl;
  }

  /**
   * Keeps a claim until that is ended, or for `mostMs`: a check that never comes
   * back is then given to another worker. `onLost` is called when it is not ours any more.
   */
  keep(claim: RunClaim, leaseMs: number, mostMs: number, onLost: () => void): Kept {
    const lost = new Int32Array(new SharedArrayBuffer(4));
    const lease: KeptLease = { claim, leaseMs, until: Date.now() + mostMs, lost };
    this.kept.set(keyOf(claim), { lease, onLost });
    this.say({ keep: lease });
    return {
      isLost: () => Atomics.load(lost, 0) === 1,
      end: () => {
        if (this.kept.delete(keyOf(claim))) this.say({ end: claim });
      },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    const { thread } = this;
    if (!thread) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    this.say('close');
    await ended;
  }

  private say(message: ToLeases): void {
    const thread = (this.thread ??= this.start());
    thread.postMessage(message);
  }

  private start(): Worker {
    const thread = startThread(new URL('leaseThread', import.meta.url), {
      workerData: this.databaseUrl,
    });
    thread.on('message', ({ lost }: FromLeases) => {
      const key = keyOf(lost);
      const known = this.kept.get(key);
      this.kept.delete(key);
      known?.onLost();
    });
    // It ends by itself only for a fault; what it kept is told to the next one.
    thread.on('error', () => undefined);
    thread.once('exit', () => {
      this.thread = undefined;
      if (!this.closed) for (const { lease } of this.kept.values()) this.say({ keep: lease });
    });
    thread.unref();
    return thread;
  }
}
