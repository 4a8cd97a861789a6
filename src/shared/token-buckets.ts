import { LRUCache } from 'lru-cache';

/** Lets something happen so often for each name: at a steady rate, and a number of times at once. */
export interface TokenBuckets {
  /**
   * Takes as many tokens as something costs. One that costs more than there are is let through as long as there are
   * any, and those after it wait until the debt is paid off.
   *
   * @returns 0 when it is let through; else the whole seconds to wait, and nothing was taken
   */
  readonly take: (name: string, cost?: number) => number;
}

export interface BucketOptions {
  /** 0 lets everything through. */
  readonly perSecond: number;
  readonly burst: number;
  /** Names that are remembered; of more, the one that was silent longest begins anew. */
  readonly maxNames?: number;
  /** Tests move time by hand. */
  readonly nowMs?: () => number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const MAX_NAMES = 50_000; // about 10 MB

export function createTokenBuckets(options: BucketOptions): TokenBuckets {
  const { perSecond, burst, maxNames = MAX_NAMES, nowMs = () => performance.now() } = options;
  if (perSecond === 0) return { take: () => 0 };
  const buckets = new LRUCache<string, Bucket>({ max: maxNames });
  return {
    take(name, cost = 1) {
      const now = nowMs();
      const bucket = buckets.get(name) ?? { tokens: burst, atMs: now };
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1000) * perSecond);
      bucket.atMs = now;
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
      // A debt is never larger than what a whole bucket holds: nobody waits longer than for a full one.
      bucket.tokens = Math.max(-burst, bucket.tokens - cost);
      buckets.set(name, bucket);
      return 0;
    },
  };
}
