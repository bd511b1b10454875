/** What a key has, and how long until it has enough. */
export interface Charged {
  readonly limit: number;
  readonly left: number;
  /** 0 where there was enough. */
  readonly waitS: number;
}

/** Seconds of the rate that a key may save up. */
const BURST_S = 10;
/** Keys that are remembered: of one that is forgotten the bucket is full. */
const REMEMBERED = 10_000;

/**
 * A leaky bucket for each key: it holds the cost of ten seconds, and fills up at the rate. In this
 * process: of several that answer, each has its own.
 */
export class KeyBudget {
  readonly limit: number;
  private readonly perSecond: number;
  private readonly buckets = new Map<string, { left: number; at: number }>();

  /** `perSecond`: 0 for no limit. `least`: what a full bucket holds at least. */
  constructor(perSecond: number, least = 0) {
    this.perSecond = perSecond;
    this.limit = Math.max(perSecond * BURST_S, least);
  }

  /** Takes a cost, if there is enough; else it takes nothing. */
  take(key: string, cost: number, nowMs: number = Date.now()): Charged {
    const { limit } = this;
    if (this.perSecond === 0) return { limit, left: limit, waitS: 0 };
    const bucket = this.filled(key, nowMs);
    if (bucket.left < cost) {
      const missing = Math.min(cost, limit) - bucket.left;
      return {
        limit,
        left: Math.floor(bucket.left),
        waitS: Math.max(1, Math.ceil(missing / this.perSecond)),
      };
    }
    bucket.left -= cost;
    return { limit, left: Math.floor(bucket.left), waitS: 0 };
  }

  /** What was asked for and not used. */
  giveBack(key: string, cost: number, nowMs: number = Date.now()): number {
    if (this.perSecond === 0) return this.limit;
    const bucket = this.filled(key, nowMs);
    bucket.left = Math.min(this.limit, bucket.left + cost);
    return Math.floor(bucket.left);
  }

  private filled(key: string, nowMs: number): { left: number; at: number } {
    const known = this.buckets.get(key);
    if (!known) {
      if (this.buckets.size >= REMEMBERED)
        this.buckets.delete(this.buckets.keys().next().value ?? '');
      const full = { left: this.limit, at: nowMs };
      this.buckets.set(key, full);
      return full;
    }
    const gained = (Math.max(0, nowMs - known.at) / 1_000) * this.perSecond;
    known.left = Math.min(this.limit, known.left + gained);
    known.at = nowMs;
    return known;
  }
}

/** So many wrong keys from one address within a minute, and it is not listened to for a minute. */
const WRONG = 20;
const MINUTE_MS = 60_000;

/**
 * Wrong keys by address. Not of loopback: there a proxy may stand before everybody
 * (`PROBITY_TRUST_PROXY` tells them apart).
 */
export class WrongKeys {
  private readonly counts = new Map<string, { count: number; since: number }>();

  /** Seconds for which an address is not listened to; 0: it is. */
  lockedS(address: string | undefined, nowMs: number = Date.now()): number {
    const known = this.of(address, nowMs);
    if (!known || known.count < WRONG) return 0;
    return Math.max(1, Math.ceil((known.since + MINUTE_MS - nowMs) / 1_000));
  }

  note(address: string | undefined, nowMs: number = Date.now()): void {
    if (address === undefined || isLoopback(address)) return;
    const known = this.of(address, nowMs);
    if (!known) {
      if (this.counts.size >= REMEMBERED) this.counts.clear();
      this.counts.set(address, { count: 1, since: nowMs });
      return;
    }
    known.count += 1;
    // Locked from the last one that counted on.
    if (known.count === WRONG) known.since = nowMs;
  }

  private of(address: string | undefined, nowMs: number) {
    const known = address === undefined ? undefined : this.counts.get(address);
    return known && known.since + MINUTE_MS > nowMs ? known : undefined;
  }
}

const isLoopback = (address: string): boolean =>
  address === '::1' || /^(::ffff:)?127\./u.test(address);
