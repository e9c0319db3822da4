/** Limits how often each client may call, with a token bucket per client. */

export interface Clock {
  now(): number;
}

export interface Limits {
  /** Calls that may come at once. */
  burst: number;
  /** Calls per second in the long run. */
  rate: number;
}

interface Bucket {
  tokens: number;
  updated: number;
}

export type Verdict = { allowed: true } | { allowed: false; retryAfterMs: number };

const systemClock: Clock = { now: () => Date.now() };

export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly limits: Limits,
    private readonly clock: Clock = systemClock,
  ) {
    if (limits.burst < 1 || limits.rate <= 0) {
      throw new RangeError("burst must be at least 1 and rate positive");
    }
  }

  /** Takes one token of the client's bucket, or says when there will be one. */
  take(client: string): Verdict {
    const bucket = this.refill(client);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return { allowed: true };
    }
    const missing = 1 - bucket.tokens;
    return { allowed: false, retryAfterMs: Math.ceil((missing / this.limits.rate) * 1000) };
  }

  /** Forgets clients whose buckets are full again; returns how many. */
  prune(): number {
    let removed = 0;
    for (const client of [...this.buckets.keys()]) {
      const bucket = this.refill(client);
      if (bucket.tokens >= this.limits.burst) {
        this.buckets.delete(client);
        removed += 1;
      }
    }
    return removed;
  }

  private refill(client: string): Bucket {
    const now = this.clock.now();
    let bucket = this.buckets.get(client);
    if (bucket === undefined) {
      bucket = { tokens: this.limits.burst, updated: now };
      this.buckets.set(client, bucket);
    }
    const elapsed = (now - bucket.updated) / 1000;
    bucket.tokens = Math.min(this.limits.burst, bucket.tokens + elapsed * this.limits.rate);
    bucket.updated = now;
    return bucket;
  }
}
