import { createHash } from 'node:crypto';

import type { Db } from '../../storage/database.ts';
import { findOAuthRecord } from '../../storage/oauth-records.ts';

/** Under which id a record of the OAuth server is stored: who reads the table learns no code and no token. */
export function oauthRecordId(kind: string, id: string): string {
  return createHash('sha256').update(`${kind}:${id}`).digest('hex');
}

/** Whether what a user consented to was not revoked since. */
export async function grantIsAlive(db: Db, grantId: string, now: Date): Promise<boolean> {
  return (await findOAuthRecord(db, oauthRecordId('Grant', grantId), now)) !== undefined;
}

const GRANT_PREFIX = 'grant:';

/** The session of whoever came by an OAuth grant: stable over refresh. */
export const grantSession = (grantId: string): string => GRANT_PREFIX + grantId;

/** The grant that a session is, if it is one. */
export function grantOf(session: string): string | undefined {
  return session.startsWith(GRANT_PREFIX) ? session.slice(GRANT_PREFIX.length) : undefined;
}
