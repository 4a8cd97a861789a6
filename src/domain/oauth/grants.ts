import type { Db } from '../../storage/database.ts';
import { deleteOAuthGrant, findOAuthGrantsOf } from '../../storage/oauth-grants.ts';
import { deleteOAuthRecord, deleteOAuthRecordsOfGrant } from '../../storage/oauth-records.ts';
import { oauthRecordId } from '../identity/index.ts';

/**
 * Takes back what somebody consented to, with every token that came of it. Tell the other servers afterwards, by
 * `rightsChanged`.
 */
export async function endGrant(db: Db, grantId: string): Promise<void> {
  for (const kind of ['AuthorizationCode', 'RefreshToken']) await deleteOAuthRecordsOfGrant(db, kind, grantId);
  await deleteOAuthRecord(db, oauthRecordId('Grant', grantId));
  await deleteOAuthGrant(db, grantId);
}

/** Ends every grant of a user but one. */
export async function endGrantsOf(db: Db, userId: string, now: Date, except?: string): Promise<void> {
  for (const { id } of await findOAuthGrantsOf(db, userId, now)) if (id !== except) await endGrant(db, id);
}
