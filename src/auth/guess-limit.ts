import { LRUCache } from 'lru-cache';

import type { Clock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';

const LIMIT = 10;
const WINDOW_MS = 15 * 60 * 1000;

/** How often something short may be guessed wrong, by a person and from an address. */
export interface GuessLimit {
  /** To be called before a guess is looked at, so that guesses at the same time count too. @throws RATE_LIMITED */
  count(names: readonly string[]): void;
  /** Takes a guess back that was right. */
  forgive(names: readonly string[]): void;
}

interface Guesses {
  readonly count: number;
  readonly sinceMs: number;
}

export function createGuessLimit(clock: Clock): GuessLimit {
  const guesses = new LRUCache<string, Guesses>({ max: 50_000 });
  const recent = (name: string, nowMs: number): Guesses => {
    const found = guesses.get(name);
    return found !== undefined && nowMs - found.sinceMs < WINDOW_MS ? found : { count: 0, sinceMs: nowMs };
  };
  const add = (names: readonly string[], step: 1 | -1): void => {
    const nowMs = clock.now().getTime();
    for (const name of names) {
      const { count, sinceMs } = recent(name, nowMs);
      guesses.set(name, { count: Math.max(0, count + step), sinceMs });
    }
  };
  return {
    count(names) {
      const nowMs = clock.now().getTime();
      if (names.some((name) => recent(name, nowMs).count >= LIMIT)) {
        throw new AppError('RATE_LIMITED', 'Too many wrong codes. Wait a quarter of an hour and try again.');
      }
      add(names, 1);
    },
    forgive: (names) => add(names, -1),
  };
}
