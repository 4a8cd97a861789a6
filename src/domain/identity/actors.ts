import type { Db } from '../../storage/database.ts';
import type { ApiKeyRow, RoleBindingRow } from '../../storage/identity.ts';
import type { UserRow } from '../../storage/people.ts';
import {
  findMembershipsOf,
  findUserGroupMembers,
  findUserGroups,
  findUserGroupsByName,
  type UserGroupMemberRow,
  type UserGroupRow,
} from '../../storage/user-groups.ts';

/** Everything that a caller holds roles as: itself, and each of its groups. */
export type Actors = ReadonlySet<string>;

export function actorKey(kind: RoleBindingRow['actorKind'], id: string): string {
  return `${kind} ${id}`;
}

/** A key names its groups itself. */
export async function actorsOfKey(db: Db, key: ApiKeyRow): Promise<Actors> {
  const groups = key.teams.length === 0 ? [] : await findUserGroupsByName(db, key.teams);
  return new Set([actorKey('API_KEY', key.id), ...groups.map(({ id }) => actorKey('GROUP', id))]);
}

/** A user is in the groups that somebody put them in, and in those that the identity provider names. */
export async function actorsOfUser(db: Db, user: UserRow): Promise<Actors> {
  const named = user.ssoGroups.length === 0 ? [] : await findUserGroupsByName(db, user.ssoGroups);
  const joined = await findMembershipsOf(db, user.id);
  const ids = [...named.map(({ id }) => id), ...joined.map(({ groupId }) => groupId)];
  return new Set([actorKey('USER', user.id), ...ids.map((id) => actorKey('GROUP', id))]);
}

/** All groups and who is in them, for many users at once. */
export interface Memberships {
  readonly groups: readonly UserGroupRow[];
  readonly members: readonly UserGroupMemberRow[];
}

export async function findMemberships(db: Db): Promise<Memberships> {
  return { groups: await findUserGroups(db), members: await findUserGroupMembers(db) };
}

/** The groups of a user, by name. */
export function groupsOf({ groups, members }: Memberships, user: UserRow): readonly UserGroupRow[] {
  const joined = new Set(members.filter(({ userId }) => userId === user.id).map(({ groupId }) => groupId));
  return groups.filter(({ id, name }) => joined.has(id) || user.ssoGroups.includes(name));
}

/** Names of the teams that a user counts as, for policies: those of the identity provider and of the groups here. */
export async function teamsOfUser(db: Db, user: UserRow): Promise<string[]> {
  const joined = groupsOf(await findMemberships(db), user).map(({ name }) => name);
  return [...new Set([...user.ssoGroups, ...joined])].toSorted();
}
