import { AppError, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { deleteBindingsOf } from '../../storage/identity.ts';
import { deleteAccessRulesOf } from '../../storage/access-rules.ts';
import {
  deleteInvitationsOf,
  deleteUser as deleteRow,
  findUser as findRow,
  findUsers,
  findUsersById,
  updateUser as updateRow,
  type UserRow,
} from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import {
  type AccessRule,
  actorsOfUser,
  checkActors,
  keepingRootAdmin,
  replaceAccessRules,
  rightsChanged,
} from '../identity/index.ts';
import { endSessionsOf } from './end-sessions.ts';
import { toUserRecord, toUserRecords, type UserRecord } from './user-record.ts';

export function listUsers(context: DomainContext): Promise<UserRecord[]> {
  return context.storage.read(async (db) => toUserRecords(db, await findUsers(db), context.clock.now()));
}

/** Those of the ids that there are. */
export function findUsersWith(context: DomainContext, ids: readonly string[]): Promise<UserRecord[]> {
  return context.storage.read(async (db) => toUserRecords(db, await findUsersById(db, ids), context.clock.now()));
}

export async function findUser(context: DomainContext, id: string): Promise<UserRecord | null> {
  return (await findUsersWith(context, [id]))[0] ?? null;
}

/** Puts other access rules in the place of the user's. */
export function updateUser(
  context: DomainContext,
  request: Request,
  { id, accessRules }: { readonly id: string; readonly accessRules: readonly AccessRule[] },
): Promise<UserRecord> {
  return changeUser(context, request, {
    id,
    action: 'user.update',
    data: { accessRules: accessRules.map(({ space, spaceAccessLevel }) => `${spaceAccessLevel} ${space}`) },
    change: (db) => replaceAccessRules(db, request.caller, { actorKind: 'USER', actorId: id }, accessRules),
  });
}

/** The user's sessions and what they consented to end at once; they are let in again by `activateUser` alone. */
export function deactivateUser(context: DomainContext, request: Request, id: string): Promise<UserRecord> {
  return changeUser(context, request, {
    id,
    action: 'user.deactivate',
    async change(db) {
      await updateRow(db, id, { disabled: true });
      await deleteInvitationsOf(db, id);
      await endSessionsOf(db, id, context.clock.now());
    },
  });
}

/**
 * Somebody who had never accepted their invitation needs a new one.
 *
 * @throws FORBIDDEN when the user would get more than the caller holds
 */
export function activateUser(context: DomainContext, request: Request, id: string): Promise<UserRecord> {
  const change = async (db: Db): Promise<void> => {
    await checkActors(db, request.caller, await actorsOfUser(db, await requireUser(db, id)));
    await updateRow(db, id, { disabled: false });
  };
  return changeUser(context, request, { id, action: 'user.activate', change });
}

interface UserChange {
  readonly id: string;
  readonly action: string;
  readonly data?: Readonly<Record<string, string[]>>;
  readonly change: (db: Db) => Promise<void>;
}

async function changeUser(
  context: DomainContext,
  request: Request,
  { id, action, data = {}, change }: UserChange,
): Promise<UserRecord> {
  const record = await context.storage.transaction(async (db) => {
    const { username } = await requireUser(db, id);
    await keepingRootAdmin(db, () => change(db));
    const affected = { type: 'USER', id };
    await recordAudit(db, context, request, { action, affected, data: { username, ...data } });
    return toUserRecord(db, await requireUser(db, id), context.clock.now());
  });
  await rightsChanged(context);
  return record;
}

export async function requireUser(db: Db, id: string): Promise<UserRow> {
  const user = await findRow(db, id);
  if (user === undefined) throw noSuch('managedUser', id);
  return user;
}

/**
 * Deletes a user with everything that let them in; their name stays in the history.
 *
 * @returns the user as they were
 * @throws CONFLICT for the last admin of the root space, and for oneself
 */
export async function deleteUser(context: DomainContext, request: Request, id: string): Promise<UserRecord> {
  if (request.caller.principal.id === id)
    throw new AppError('CONFLICT', 'id: this is you; have another admin delete you');
  const record = await context.storage.transaction(async (db) => {
    const user = await requireUser(db, id);
    const before = await toUserRecord(db, user, context.clock.now());
    await keepingRootAdmin(db, () => removeUser(db, id, context.clock.now()));
    const affected = { type: 'USER', id };
    await recordAudit(db, context, request, { action: 'user.delete', affected, data: { username: user.username } });
    return before;
  });
  await rightsChanged(context);
  return record;
}

async function removeUser(db: Db, id: string, now: Date): Promise<void> {
  await endSessionsOf(db, id, now);
  await deleteBindingsOf(db, 'USER', id);
  await deleteAccessRulesOf(db, 'USER', id);
  await deleteRow(db, id);
}
