import type { Db } from '../../storage/database.ts';
import type { DomainContext } from '../context.ts';

const USE_STEP_MS = 60_000; // how exactly a last use is known, and how rarely it is written

/**
 * To be called at each use of a session or token, for the lists of them. Nobody waits for it: a request goes on when it
 * cannot be written.
 */
export function createUseCounter(
  { storage, clock, log }: DomainContext,
  lastUsedAt: Date | undefined,
  write: (db: Db, now: Date) => Promise<unknown>,
): () => void {
  let writtenMs = lastUsedAt?.getTime() ?? 0;
  return () => {
    const now = clock.now();
    if (now.getTime() - writtenMs < USE_STEP_MS) return;
    writtenMs = now.getTime();
    storage
      .transaction((db) => write(db, now))
      .catch((error: unknown) => log.error({ err: error }, 'the use of a session or token could not be written'));
  };
}
