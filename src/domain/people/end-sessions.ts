import type { Db } from '../../storage/database.ts';
import { deleteBrowserSessionsOf } from '../../storage/people.ts';
import { deletePersonalToken, findPersonalTokens } from '../../storage/personal-tokens.ts';
import { endGrantsOf } from '../oauth/index.ts';

/** What is left alone, when somebody ends all their other sessions. */
export interface KeptSession {
  readonly browser?: string | undefined;
  readonly grant?: string | undefined;
  readonly token?: string | undefined;
}

/** Ends whatever a user is signed in with, personal tokens included. Tell the other servers afterwards, by `rightsChanged`. */
export async function endSessionsOf(db: Db, userId: string, now: Date, kept: KeptSession = {}): Promise<void> {
  await deleteBrowserSessionsOf(db, userId, kept.browser);
  await endGrantsOf(db, userId, now, kept.grant);
  for (const { id } of await findPersonalTokens(db, { ownerKind: 'USER', ownerId: userId })) {
    if (id !== kept.token) await deletePersonalToken(db, id);
  }
}
