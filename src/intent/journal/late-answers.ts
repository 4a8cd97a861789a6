import { LRUCache } from 'lru-cache';

import type { KnownObject } from '../provider/plan-change.ts';

const MAX_KEPT = 100;

/**
 * What providers said when the project had been taken from its session meanwhile. Nothing of it may be written: whoever
 * holds the project now may have settled it. As long as this server lives, it tells who resumes the operation which
 * object to read.
 */
export class LateAnswers {
  readonly #kept = new LRUCache<string, KnownObject>({ max: MAX_KEPT });

  keep(operation: string, object: KnownObject): void {
    this.#kept.set(operation, object);
  }

  find(operation: string): KnownObject | undefined {
    return this.#kept.get(operation);
  }
}
