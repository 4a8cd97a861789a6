import { LRUCache } from 'lru-cache';

const WINDOW_MS = 60_000;
const LIMIT = 60; // a person connects a handful of clients; each writes a row here or has a document fetched elsewhere

/** Whether one more from that address is let through: for what strangers could cause in any number. */
export type RateLimit = (address: string) => boolean;

export function createRateLimit(limit = LIMIT): RateLimit {
  const counts = new LRUCache<string, number>({ max: 50_000, ttl: WINDOW_MS, noUpdateTTL: true });
  return (address) => {
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    return count <= limit;
  };
}
