import type { Db } from './database.ts';
import { PersonalTokenEntity } from './entities/personal-tokens.ts';
import { type Row, tableOf } from './table.ts';

export type PersonalTokenRow = Row<typeof PersonalTokenEntity>;

const tokens = tableOf(PersonalTokenEntity);

export function insertPersonalToken(db: Db, token: PersonalTokenRow): Promise<void> {
  return tokens.insert(db, token);
}

export function findPersonalToken(db: Db, id: string): Promise<PersonalTokenRow | undefined> {
  return tokens.findOne(db, { id });
}

export function findPersonalTokenByHash(db: Db, tokenHash: Uint8Array): Promise<PersonalTokenRow | undefined> {
  return tokens.findOne(db, { tokenHash });
}

/** Newest first; of everybody unless an owner is named. */
export function findPersonalTokens(
  db: Db,
  owner: Partial<Pick<PersonalTokenRow, 'ownerKind' | 'ownerId'>>,
): Promise<PersonalTokenRow[]> {
  return tokens.find(db, owner, { orderBy: { id: 'desc' } });
}

export function countPersonalTokens(
  db: Db,
  { ownerKind, ownerId }: Pick<PersonalTokenRow, 'ownerKind' | 'ownerId'>,
): Promise<number> {
  return tokens.count(db, { ownerKind, ownerId });
}

export function updatePersonalToken(db: Db, id: string, changes: Partial<PersonalTokenRow>): Promise<boolean> {
  return tokens.update(db, id, changes);
}

/** @returns whether there was one */
export async function deletePersonalToken(db: Db, id: string): Promise<boolean> {
  return (await tokens.remove(db, { id })) === 1;
}

export function deletePersonalTokensOf(
  db: Db,
  ownerKind: PersonalTokenRow['ownerKind'],
  ownerId: string,
): Promise<number> {
  return tokens.remove(db, { ownerKind, ownerId });
}

export function deleteEndedPersonalTokens(db: Db, now: Date): Promise<number> {
  return tokens.remove(db, { expiresAt: { $lte: now } });
}
