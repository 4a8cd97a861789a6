import { LRUCache } from 'lru-cache';

import { AppError } from '../shared/errors.ts';

const MEMORY_MS = 15 * 60 * 1000;

/** Something whose failures are counted, and how many of them make the next attempt wait. */
export interface Counted {
  readonly id: string;
  readonly limit: number;
}

/** Counts failed attempts for a quarter of an hour. */
export interface FailureLimit {
  /**
   * Counts an attempt before its outcome is known, so that attempts at the same time count too.
   *
   * @returns takes it back, when the attempt was good
   * @throws RATE_LIMITED after too many failures
   */
  begin(counted: readonly Counted[]): () => void;
}

export function createFailureLimit(): FailureLimit {
  const failures = new LRUCache<string, number>({ max: 50_000, ttl: MEMORY_MS });
  const add = (counted: readonly Counted[], step: 1 | -1): void => {
    for (const { id } of counted) failures.set(id, Math.max(0, (failures.get(id) ?? 0) + step));
  };
  return {
    begin(counted) {
      if (counted.some(({ id, limit }) => (failures.get(id) ?? 0) >= limit)) {
        throw new AppError('RATE_LIMITED', 'Too many attempts. Wait a quarter of an hour and try again.', {
          details: { retryAfterSeconds: MEMORY_MS / 1000 },
        });
      }
      add(counted, 1);
      return () => add(counted, -1);
    },
  };
}
