import type { Db } from './database.ts';
import { BrowserSessionEntity, InvitationEntity, UserEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

export type UserRow = Row<typeof UserEntity>;
export type BrowserSessionRow = Row<typeof BrowserSessionEntity>;
export type InvitationRow = Row<typeof InvitationEntity>;

const users = tableOf(UserEntity);
const sessions = tableOf(BrowserSessionEntity);
const invitations = tableOf(InvitationEntity);

export function findUser(db: Db, id: string): Promise<UserRow | undefined> {
  return users.findOne(db, { id });
}

/** @param username in lower case */
export function findUserByName(db: Db, username: string): Promise<UserRow | undefined> {
  return users.findOne(db, { username });
}

export function countUsers(db: Db): Promise<number> {
  return users.count(db, {});
}

/** @returns false when the name is taken */
export function insertUser(db: Db, user: UserRow): Promise<boolean> {
  return users.insertUnlessTaken(db, user);
}

export function updateUser(db: Db, id: string, changes: Partial<UserRow>): Promise<boolean> {
  return users.update(db, id, changes);
}

export function findBrowserSession(db: Db, id: string, now: Date): Promise<BrowserSessionRow | undefined> {
  return sessions.findOne(db, { id, expiresAt: { $gt: now } });
}

export function insertBrowserSession(db: Db, session: BrowserSessionRow): Promise<void> {
  return sessions.insert(db, session);
}

/** @returns whether there was one */
export async function deleteBrowserSession(db: Db, id: string): Promise<boolean> {
  return (await sessions.remove(db, { id })) === 1;
}

export function deleteEndedBrowserSessions(db: Db, now: Date): Promise<number> {
  return sessions.remove(db, { expiresAt: { $lte: now } });
}

export function insertInvitation(db: Db, invitation: InvitationRow): Promise<void> {
  return invitations.insert(db, invitation);
}

export function findInvitation(db: Db, id: string, now: Date): Promise<InvitationRow | undefined> {
  return invitations.findOne(db, { id, expiresAt: { $gt: now } });
}

/** @returns whether this call took it: of two at once only one does */
export async function takeInvitation(db: Db, id: string): Promise<boolean> {
  return (await invitations.remove(db, { id })) === 1;
}

export async function deleteInvitations(db: Db): Promise<void> {
  await invitations.remove(db, {});
}
