import type { Db } from './database.ts';
import { OAuthGrantEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

/** What a person consented to: the readable side of the OAuth server's own record of a grant. */
export type OAuthGrantRow = Row<typeof OAuthGrantEntity>;

const grants = tableOf(OAuthGrantEntity);

export function findOAuthGrant(db: Db, id: string): Promise<OAuthGrantRow | undefined> {
  return grants.findOne(db, { id });
}

/** Newest first. */
export function findOAuthGrantsOf(db: Db, userId: string, now: Date): Promise<OAuthGrantRow[]> {
  return grants.find(db, { userId, expiresAt: { $gt: now } }, { orderBy: { createdAt: 'desc' } });
}

export function insertOAuthGrant(db: Db, grant: OAuthGrantRow): Promise<void> {
  return grants.insert(db, grant);
}

export async function touchOAuthGrant(db: Db, id: string, lastUsedAt: Date): Promise<void> {
  await grants.update(db, id, { lastUsedAt });
}

export async function deleteOAuthGrant(db: Db, id: string): Promise<void> {
  await grants.remove(db, { id });
}

export function deleteEndedOAuthGrants(db: Db, now: Date): Promise<number> {
  return grants.remove(db, { expiresAt: { $lte: now } });
}
