import { deleteEndedOAuthGrants } from '../../storage/oauth-grants.ts';
import { deleteEndedLogins } from '../../storage/logins.ts';
import { deleteEndedOAuthRecords } from '../../storage/oauth-records.ts';
import { deleteEndedBrowserSessions } from '../../storage/people.ts';
import { deleteEndedPersonalTokens } from '../../storage/personal-tokens.ts';
import type { DomainContext } from '../context.ts';

const INTERVAL_MS = 10 * 60 * 1000; // what has ended is refused at once; this only frees its space

/** Removes what has ended, now and then. @returns stops it */
export function startCleaning({ storage, clock, log }: DomainContext): () => void {
  const clean = (): void => {
    const now = clock.now();
    storage
      .transaction(async (db) => {
        await deleteEndedOAuthRecords(db, now);
        await deleteEndedOAuthGrants(db, now);
        await deleteEndedBrowserSessions(db, now);
        await deleteEndedPersonalTokens(db, now);
        await deleteEndedLogins(db, now);
      })
      .catch((error: unknown) => log.error({ err: error }, 'ended sign-ins could not be removed; trying again later'));
  };
  const timer = setInterval(clean, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
