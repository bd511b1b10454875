import { createPostgresBackend, Queue, Worker, type Job, type JobsOptions } from 'bullmq';
import { Fault } from '../errors/index.ts';
import { ANCHOR_QUEUE, CHECK_QUEUE, type AnchorJob, type CheckJob } from './jobs.ts';

export { ANCHOR_QUEUE, CHECK_QUEUE, type AnchorJob, type CheckJob } from './jobs.ts';

/** Where the queue lives: in Redis when there is one, else beside the rows in Postgres. */
export interface QueuePlace {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
}

/**
 * What this file uses of a BullMQ queue and worker. Their own types differ by backend in ways that
 * do not concern us.
 */
interface AnyQueue {
  add(name: string, data: unknown, options: JobsOptions): Promise<unknown>;
  getJobCounts(...types: string[]): Promise<Record<string, number>>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

interface AnyWorker {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Done jobs leave no trace, so that the same id can be queued again when a sweep finds its row
 * unfinished.
 */
const TRANSIENT: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 5,
  backoff: { type: 'exponential', delay: 500 },
};
const POSTGRES_CONNECTIONS = 3;
const ANSWER_MS = 10_000;
const CLOSE_MS = 5_000;

/**
 * The sending side. Delivery is at least once; a job that is already waiting is not added again.
 */
export class Queues {
  private readonly check: AnyQueue;
  private readonly anchor: AnyQueue;

  constructor(place: QueuePlace) {
    this.check = openQueue(CHECK_QUEUE, place);
    this.anchor = openQueue(ANCHOR_QUEUE, place);
  }

  /** `turn` tells one delivery of a run from the next: the attempt that it is for. */
  async sendRun(runId: string, turn: string): Promise<void> {
    const data: CheckJob = { runId };
    await guarded(this.check.add('check', data, { ...TRANSIENT, jobId: `${runId}-${turn}` }));
  }

  async sendAnchor(turn: string, delayMs = 0): Promise<void> {
    const data: AnchorJob = {};
    await guarded(
      this.anchor.add('anchor', data, { ...TRANSIENT, jobId: `anchor-${turn}`, delay: delayMs }),
    );
  }

  /** Jobs that wait, by queue. Throws `QUEUE_UNAVAILABLE` when the queue does not answer. */
  async depth(): Promise<{ readonly check: number; readonly anchor: number }> {
    const [check, anchor] = await guarded(
      Promise.all(
        [this.check, this.anchor].map((queue) => queue.getJobCounts('waiting', 'delayed')),
      ),
    );
    const sum = (counts: Record<string, number> | undefined): number =>
      Object.values(counts ?? {}).reduce((total, each) => total + each, 0);
    return { check: sum(check), anchor: sum(anchor) };
  }

  async close(): Promise<void> {
    await Promise.all(
      [this.check, this.anchor].map((queue) =>
        guarded(queue.close(), CLOSE_MS).catch(() => undefined),
      ),
    );
  }
}

export interface ConsumerOptions {
  readonly concurrency: number;
  /** How long a consumer may be silent before its job is delivered to another. */
  readonly leaseMs: number;
  readonly onError: (error: Error) => void;
}

/**
 * The receiving side: calls `handle` for each delivery; one that throws is delivered again, later.
 */
export interface Consumer {
  ready(): Promise<void>;
  /** Takes nothing new and resolves when the deliveries in hand are done. */
  close(): Promise<void>;
}

export function consume<T>(
  name: string,
  place: QueuePlace,
  handle: (data: T) => Promise<void>,
  options: ConsumerOptions,
): Consumer {
  const settings = {
    concurrency: options.concurrency,
    lockDuration: options.leaseMs,
    stalledInterval: options.leaseMs,
    maxStalledCount: 100,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  const handler = (job: Job<T>): Promise<void> => handle(job.data);
  const worker = (place.redisUrl === undefined
    ? new Worker(name, handler, { ...settings, connection: postgres(place) }, createPostgresBackend)
    : new Worker(name, handler, {
        ...settings,
        connection: { ...redis(place.redisUrl), maxRetriesPerRequest: null },
      })) as unknown as AnyWorker;
  worker.on('error', options.onError);
  return {
    ready: async () => {
      await guarded(worker.waitUntilReady());
    },
    close: () => worker.close(),
  };
}

function openQueue(name: string, place: QueuePlace): AnyQueue {
  const queue = (place.redisUrl === undefined
    ? new Queue(name, { connection: postgres(place) }, createPostgresBackend)
    : new Queue(name, {
        connection: {
          ...redis(place.redisUrl),
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
        },
      })) as unknown as AnyQueue;
  // Reported by the call that fails; without a listener the event would end the process.
  queue.on('error', () => undefined);
  return queue;
}

function postgres({ databaseUrl }: QueuePlace) {
  return {
    connectionString: databaseUrl,
    max: POSTGRES_CONNECTIONS,
    migrate: true,
    keepAlive: true,
    application_name: 'probity queue',
  };
}

function redis(address: string) {
  const url = new URL(address);
  return {
    host: url.hostname.replace(/^\[|\]$/gu, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    tls: url.protocol === 'rediss:' ? {} : undefined,
    retryStrategy: (times: number): number => Math.min(times * 200, 5_000),
  };
}

/**
 * BullMQ waits for a Redis that is not there for as long as it takes; a caller of ours is told
 * after a while.
 */
async function guarded<T>(work: Promise<T>, timeoutMs: number = ANSWER_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    work.catch(() => undefined);
    throw new Fault('QUEUE_UNAVAILABLE', 'the queue cannot be reached', { retryable: true, cause });
  } finally {
    clearTimeout(timer);
  }
}
