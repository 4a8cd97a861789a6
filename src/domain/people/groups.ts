import type { Db } from '../../storage/database.ts';
import { invariant } from '../../shared/errors.ts';
import { findUsers, type UserRow } from '../../storage/people.ts';
import { findUserGroup, findUserGroups, type UserGroupRow } from '../../storage/user-groups.ts';
import type { DomainContext } from '../context.ts';
import { type AccessRule, findMemberships, findRulesByActor, groupsOf } from '../identity/index.ts';
import { toUserRecords, type UserRecord } from './user-record.ts';

/** A group as the API shows it. */
export interface GroupRecord {
  readonly id: string;
  readonly groupName: string;
  readonly description: string;
  readonly accessRules: readonly AccessRule[];
}

export function listGroups(context: DomainContext): Promise<GroupRecord[]> {
  return context.storage.read(async (db) => toGroupRecords(db, await findUserGroups(db)));
}

/** Those of the ids that there are. */
export async function findGroups(context: DomainContext, ids: readonly string[]): Promise<GroupRecord[]> {
  return (await listGroups(context)).filter(({ id }) => ids.includes(id));
}

export function findGroup(context: DomainContext, id: string): Promise<GroupRecord | null> {
  return context.storage.read(async (db) => {
    const row = await findUserGroup(db, id);
    return row === undefined ? null : toGroupRecord(db, row);
  });
}

/** Everybody in a group: put there, or named so by the identity provider at their last sign-in. */
export function listMembers(context: DomainContext, groupId: string): Promise<UserRecord[]> {
  return context.storage.read(async (db) => {
    const memberships = await findMemberships(db);
    const isMember = (user: UserRow): boolean => groupsOf(memberships, user).some(({ id }) => id === groupId);
    return toUserRecords(db, (await findUsers(db)).filter(isMember), context.clock.now());
  });
}

async function toGroupRecords(db: Db, rows: readonly UserGroupRow[]): Promise<GroupRecord[]> {
  const rules = await findRulesByActor(db, 'GROUP');
  return rows.map(({ id, name, description }) => ({
    id,
    groupName: name,
    description,
    accessRules: rules.get(id) ?? [],
  }));
}

export async function toGroupRecord(db: Db, row: UserGroupRow): Promise<GroupRecord> {
  const [record] = await toGroupRecords(db, [row]);
  invariant(record !== undefined, 'a record for each row');
  return record;
}
