import type { Db } from './database.ts';
import { UserGroupEntity, UserGroupMemberEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

export type UserGroupRow = Row<typeof UserGroupEntity>;
export type UserGroupMemberRow = Row<typeof UserGroupMemberEntity>;

const groups = tableOf(UserGroupEntity);
const members = tableOf(UserGroupMemberEntity);

/** By name. */
export function findUserGroups(db: Db): Promise<UserGroupRow[]> {
  return groups.find(db, {}, { orderBy: { name: 'asc' } });
}

export function findUserGroup(db: Db, id: string): Promise<UserGroupRow | undefined> {
  return groups.findOne(db, { id });
}

/** @returns false when the name is taken */
export function insertUserGroup(db: Db, group: UserGroupRow): Promise<boolean> {
  return groups.insertUnlessTaken(db, group);
}

export function updateUserGroup(db: Db, id: string, changes: Partial<UserGroupRow>): Promise<boolean> {
  return groups.update(db, id, changes);
}

/** Deletes the group with its memberships. */
export async function deleteUserGroup(db: Db, id: string): Promise<void> {
  await groups.remove(db, { id });
}

export function findUserGroupMembers(db: Db): Promise<UserGroupMemberRow[]> {
  return members.find(db, {}, { orderBy: { id: 'asc' } });
}

export function findMembershipsOf(db: Db, userId: string): Promise<UserGroupMemberRow[]> {
  return members.find(db, { userId });
}

export function findUserGroupsByName(db: Db, names: readonly string[]): Promise<UserGroupRow[]> {
  return groups.find(db, { name: { $in: [...names] } });
}

/** @returns false when the user is a member already */
export function insertUserGroupMember(db: Db, member: UserGroupMemberRow): Promise<boolean> {
  return members.insertUnlessTaken(db, member);
}

/** @returns whether the user was one */
export async function deleteUserGroupMember(db: Db, groupId: string, userId: string): Promise<boolean> {
  return (await members.remove(db, { groupId, userId })) === 1;
}
