import { Bell } from './bell.ts';

/** What becomes due by and by, and is carried out by whoever claims it. */
interface DueWork<Claim> {
  claim(): Promise<Claim | undefined>;
  carryOut(claim: Claim, stop: AbortSignal): Promise<void>;
  /** Told of what went wrong: the next one is claimed all the same. */
  failed(error: unknown): void;
  /** Rings where something may be due; gives what ends that. */
  watch?(ring: () => void): () => void;
}

/** Under way in one process. */
const SLOTS = 8;
/** How long no news is no news: retries become due without a hint. */
const LOOK_EVERY_MS = 2_000;

/** Carries out what is due until stopped; what is under way then is told to stop. */
export function startDueLoop<Claim>(work: DueWork<Claim>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const underWay = new Set<Promise<void>>();
  const bell = new Bell();
  const unwatch = work.watch?.(() => bell.ring());
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      if (underWay.size >= SLOTS) {
        await Promise.race(underWay);
        continue;
      }
      const claim = await work.claim().catch((error: unknown) => {
        work.failed(error);
        return undefined;
      });
      if (!claim) {
        if (!signal.aborted) await bell.wait(LOOK_EVERY_MS);
        continue;
      }
      const done = work
        .carryOut(claim, signal)
        .catch((error: unknown) => work.failed(error))
        .finally(() => {
          underWay.delete(done);
          // Its organisation may have one more under way now.
          bell.ring();
        });
      underWay.add(done);
    }
    await Promise.all(underWay);
  };
  const running = run();
  return async () => {
    stopping.abort();
    unwatch?.();
    bell.ring();
    await running;
  };
}
