import type { Db } from './database.ts';
import { OAuthRecordEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

export type OAuthRecordRow = Row<typeof OAuthRecordEntity>;

const records = tableOf(OAuthRecordEntity, ['payload']);

export function findOAuthRecord(db: Db, id: string, now: Date): Promise<OAuthRecordRow | undefined> {
  return records.findOne(db, { id, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] });
}

export function findOAuthRecordByAlias(db: Db, alias: string, now: Date): Promise<OAuthRecordRow | undefined> {
  return records.findOne(db, { alias, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] });
}

/** Writes the record anew, whether it was there or not. */
export async function saveOAuthRecord(db: Db, record: OAuthRecordRow): Promise<void> {
  const { id, ...changes } = record;
  if (await records.insertUnlessTaken(db, record)) return;
  await records.update(db, id, changes);
}

/** @returns whether this call consumed it: of two at once only one does */
export function consumeOAuthRecord(db: Db, id: string, now: Date): Promise<boolean> {
  return records.update(db, id, { consumedAt: now }, { consumedAt: null });
}

export async function deleteOAuthRecord(db: Db, id: string): Promise<void> {
  await records.remove(db, { id });
}

export async function deleteOAuthRecordsOfGrant(db: Db, kind: string, grantId: string): Promise<void> {
  await records.remove(db, { kind, grantId });
}

export function deleteEndedOAuthRecords(db: Db, now: Date): Promise<number> {
  return records.remove(db, { expiresAt: { $lte: now } });
}
