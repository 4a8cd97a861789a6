import { hash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { PreparedOperation } from './prepare-document.ts';
import type { Execute } from './run-operation.ts';

/** An operation with the function that runs it. */
export interface CachedOperation {
  readonly prepared: PreparedOperation;
  readonly execute: Execute;
}

export interface OperationCache {
  get(key: string): CachedOperation | undefined;
  /** Whether the text was seen before, lately; remembers that it was seen now. */
  wasSeen(key: string): boolean;
  set(key: string, operation: CachedOperation): void;
  readonly size: number;
}

export interface CacheLimits {
  readonly entries: number;
  /** Upper bound for the documents and their compiled code together, estimated from the text. */
  readonly bytes: number;
  /** How many texts that came once are remembered. */
  readonly sightings: number;
}

export const defaultCacheLimits: CacheLimits = { entries: 2_000, bytes: 32 * 1024 * 1024, sightings: 10_000 };

// A parsed and compiled document takes about this many times the bytes of its text (measured on heap snapshots).
const BYTES_PER_CHARACTER = 60;
const BYTES_PER_ENTRY = 4_096;

/**
 * Keeps compiled operations by their text. A text is let in when it comes for the second time, so that a flood of
 * texts that come once neither costs compilation nor drives out what is used.
 */
export function createOperationCache(limits: CacheLimits): OperationCache {
  const operations = new LRUCache<string, CachedOperation>({
    max: limits.entries,
    maxSize: limits.bytes,
    sizeCalculation: (_operation, key) => BYTES_PER_ENTRY + key.length * BYTES_PER_CHARACTER,
  });
  const sightings = new LRUCache<string, true>({ max: limits.sightings });
  return {
    get: (key) => operations.get(key),
    wasSeen(key) {
      const digest = hash('sha1', key, 'base64'); // a name for the text, not a protection
      if (sightings.has(digest)) return true;
      sightings.set(digest, true);
      return false;
    },
    set: (key, operation) => {
      operations.set(key, operation);
    },
    get size() {
      return operations.size;
    },
  };
}
