import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findBindings, findRoles } from '../../storage/identity.ts';
import { findUsers, lockAdmins, type UserRow } from '../../storage/people.ts';
import { bindingsOfRules } from './access-rules.ts';
import { actorKey, findMemberships, groupsOf } from './actors.ts';
import { placeOf } from './grants.ts';

/**
 * Makes a change after which there must still be a person who can do everything: otherwise nobody could let anybody
 * back in. One such change at a time, or two at once would each leave the other's admin.
 *
 * @throws CONFLICT when the last one would be gone; the transaction must then end with it
 */
export async function keepingRootAdmin<T>(db: Db, change: () => Promise<T>): Promise<T> {
  await lockAdmins(db);
  const hadOne = await hasRootAdmin(db);
  const result = await change();
  if (!hadOne || (await hasRootAdmin(db))) return result;
  throw new AppError(
    'CONFLICT',
    'this would leave nobody who is admin of the root space; make somebody else admin there first',
  );
}

/** Whether anybody who can sign in is admin of the root space. */
export async function hasRootAdmin(db: Db): Promise<boolean> {
  const users = (await findUsers(db)).filter(canSignIn);
  if (users.length === 0) return false;
  const holders = await rootAdminActors(db);
  const memberships = await findMemberships(db);
  return users.some(
    (user) =>
      holders.has(actorKey('USER', user.id)) ||
      groupsOf(memberships, user).some(({ id }) => holders.has(actorKey('GROUP', id))),
  );
}

/** An invitation that nobody has accepted signs nobody in. */
export function canSignIn(user: UserRow): boolean {
  return !user.disabled && (user.passwordHash !== undefined || user.ssoSubject !== undefined);
}

async function rootAdminActors(db: Db): Promise<ReadonlySet<string>> {
  const roles = await findRoles(db);
  const adminRoles = new Set(roles.filter(({ actions }) => actions.includes('SPACE_ADMIN')).map(({ id }) => id));
  const bindings = [...(await findBindings(db)), ...(await bindingsOfRules(db, roles))];
  const atRoot = bindings.filter((held) => placeOf(held) === 'root' && adminRoles.has(held.roleId));
  return new Set(atRoot.map(({ actorKind, actorId }) => actorKey(actorKind, actorId)));
}
