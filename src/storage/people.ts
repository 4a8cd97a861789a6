import type { Db } from './database.ts';
import { BrowserSessionEntity, InvitationEntity, UserEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

export type UserRow = Row<typeof UserEntity>;
export type BrowserSessionRow = Row<typeof BrowserSessionEntity>;
export type InvitationRow = Row<typeof InvitationEntity>;

const users = tableOf(UserEntity);
const sessions = tableOf(BrowserSessionEntity);
const invitations = tableOf(InvitationEntity);

const ADMIN_LOCK = 7_582_003; // any number, the same for all servers that share a database

export function findUser(db: Db, id: string): Promise<UserRow | undefined> {
  return users.findOne(db, { id });
}

/** Within a transaction: one change at a time of who is admin of everything, on all servers. */
export async function lockAdmins(db: Db): Promise<void> {
  await db.em.execute('select pg_advisory_xact_lock(?)', [ADMIN_LOCK]);
}

/** @param username in lower case */
export function findUserByName(db: Db, username: string): Promise<UserRow | undefined> {
  return users.findOne(db, { username });
}

/** By name. */
export function findUsers(db: Db): Promise<UserRow[]> {
  return users.find(db, {}, { orderBy: { username: 'asc' } });
}

export function findUsersById(db: Db, ids: readonly string[]): Promise<UserRow[]> {
  return users.find(db, { id: { $in: [...ids] } }, { orderBy: { username: 'asc' } });
}

export function findUserBySso(db: Db, ssoIssuer: string, ssoSubject: string): Promise<UserRow | undefined> {
  return users.findOne(db, { ssoIssuer, ssoSubject });
}

/** Deletes the user with their sessions, invitations and memberships. */
export async function deleteUser(db: Db, id: string): Promise<void> {
  await users.remove(db, { id });
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

/** Newest first. */
export function findBrowserSessionsOf(db: Db, userId: string, now: Date): Promise<BrowserSessionRow[]> {
  return sessions.find(db, { userId, expiresAt: { $gt: now } }, { orderBy: { createdAt: 'desc' } });
}

export async function touchBrowserSession(db: Db, id: string, lastUsedAt: Date): Promise<void> {
  await sessions.update(db, id, { lastUsedAt });
}

/** @returns how many there were */
export function deleteBrowserSessionsOf(db: Db, userId: string, except?: string): Promise<number> {
  return sessions.remove(db, except === undefined ? { userId } : { userId, id: { $ne: except } });
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

/** Those that still work, newest first. */
export function findInvitationsOf(db: Db, userIds: readonly string[], now: Date): Promise<InvitationRow[]> {
  return invitations.find(db, { userId: { $in: [...userIds] }, expiresAt: { $gt: now } });
}

export async function deleteInvitationsOf(db: Db, userId: string): Promise<void> {
  await invitations.remove(db, { userId });
}

/** Those that are for the first person. */
export async function deleteFirstInvitations(db: Db): Promise<void> {
  await invitations.remove(db, { userId: null });
}
