import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { deleteAccessRulesOf } from '../../storage/access-rules.ts';
import { deleteBindingsOf } from '../../storage/identity.ts';
import {
  deleteUserGroup,
  deleteUserGroupMember,
  findUserGroup,
  insertUserGroup,
  insertUserGroupMember,
  updateUserGroup,
  type UserGroupRow,
} from '../../storage/user-groups.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import {
  type AccessRule,
  actorKey,
  checkActors,
  keepingRootAdmin,
  replaceAccessRules,
  rightsChanged,
} from '../identity/index.ts';
import { type GroupRecord, toGroupRecord } from './groups.ts';
import { requireUser } from './users.ts';

export interface NewGroup {
  readonly groupName: string;
  readonly description: string;
  readonly accessRules: readonly AccessRule[];
}

const MAX_NAME_LENGTH = 200; // distinguished names of directories get long
const MAX_DESCRIPTION_LENGTH = 2_000;

/** @throws CONFLICT when the name is taken, BAD_INPUT naming the field */
export async function createGroup(context: DomainContext, request: Request, input: NewGroup): Promise<GroupRecord> {
  const group: UserGroupRow = {
    id: newUlid(),
    name: parseGroupName(input.groupName),
    description: parseDescription(input.description),
    createdAt: context.clock.now(),
  };
  return changeGroup(context, request, group, {
    action: 'user-group.create',
    accessRules: input.accessRules,
    async change(db) {
      if (!(await insertUserGroup(db, group)))
        throw new AppError('CONFLICT', 'groupName: there is such a group already');
      await replaceAccessRules(db, request.caller, { actorKind: 'GROUP', actorId: group.id }, input.accessRules);
    },
  });
}

export interface GroupChanges {
  readonly id: string;
  readonly description: string;
  readonly accessRules: readonly AccessRule[];
}

/** Puts another description and other access rules in place; the name stays. */
export async function updateGroup(
  context: DomainContext,
  request: Request,
  { id, description, accessRules }: GroupChanges,
): Promise<GroupRecord> {
  const group = { ...(await requireGroup(context, id)), description: parseDescription(description) };
  return changeGroup(context, request, group, {
    action: 'user-group.update',
    accessRules,
    async change(db) {
      if (!(await updateUserGroup(db, id, { description: group.description }))) throw noSuch('managedUserGroup', id);
      await replaceAccessRules(db, request.caller, { actorKind: 'GROUP', actorId: id }, accessRules);
    },
  });
}

/** Its members lose what they had through it. @returns the group as it was */
export async function deleteGroup(context: DomainContext, request: Request, id: string): Promise<GroupRecord> {
  const group = await requireGroup(context, id);
  const before = await context.storage.read((db) => toGroupRecord(db, group));
  await changeGroup(context, request, group, {
    action: 'user-group.delete',
    async change(db) {
      await deleteBindingsOf(db, 'GROUP', id);
      await deleteAccessRulesOf(db, 'GROUP', id);
      await deleteUserGroup(db, id);
    },
  });
  return before;
}

/** Puts a user into a group. Once more does nothing. @throws FORBIDDEN when the group holds more than the caller */
export async function addMember(
  context: DomainContext,
  request: Request,
  groupId: string,
  userId: string,
): Promise<GroupRecord> {
  return changeMembers(context, request, 'user-group.add-member', { groupId, userId }, async (db) => {
    await checkActors(db, request.caller, new Set([actorKey('GROUP', groupId)]));
    await insertUserGroupMember(db, { id: newUlid(), groupId, userId });
  });
}

/** @throws NO_SUCH when nobody put the user there; what the identity provider says is changed there */
export async function removeMember(
  context: DomainContext,
  request: Request,
  groupId: string,
  userId: string,
): Promise<GroupRecord> {
  return changeMembers(context, request, 'user-group.remove-member', { groupId, userId }, async (db) => {
    if (await deleteUserGroupMember(db, groupId, userId)) return;
    throw new AppError(
      'NO_SUCH',
      'no such member: nobody put the user into the group; groups of the identity provider are changed there',
    );
  });
}

async function changeMembers(
  context: DomainContext,
  request: Request,
  action: string,
  { groupId, userId }: { readonly groupId: string; readonly userId: string },
  change: (db: Db) => Promise<void>,
): Promise<GroupRecord> {
  const group = await requireGroup(context, groupId);
  return changeGroup(context, request, group, {
    action,
    member: userId,
    async change(db) {
      await requireUser(db, userId);
      await change(db);
    },
  });
}

interface GroupChange {
  readonly action: string;
  readonly accessRules?: readonly AccessRule[];
  readonly member?: string;
  readonly change: (db: Db) => Promise<void>;
}

async function changeGroup(
  context: DomainContext,
  request: Request,
  group: UserGroupRow,
  { action, accessRules, member, change }: GroupChange,
): Promise<GroupRecord> {
  const record = await context.storage.transaction(async (db) => {
    await keepingRootAdmin(db, () => change(db));
    await recordAudit(db, context, request, {
      action,
      affected: { type: 'USER_GROUP', id: group.id },
      ...(member === undefined ? {} : { related: { type: 'USER', id: member } }),
      data: {
        name: group.name,
        accessRules: accessRules?.map(({ space, spaceAccessLevel }) => `${spaceAccessLevel} ${space}`),
      },
    });
    return toGroupRecord(db, group);
  });
  await rightsChanged(context);
  return record;
}

async function requireGroup({ storage }: DomainContext, id: string): Promise<UserGroupRow> {
  const group = await storage.read((db) => findUserGroup(db, id));
  if (group === undefined) throw noSuch('managedUserGroup', id);
  return group;
}

function parseGroupName(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= MAX_NAME_LENGTH) return name;
  throw badInput('groupName', `must have 1 to ${MAX_NAME_LENGTH} characters`);
}

function parseDescription(text: string): string {
  if (text.length <= MAX_DESCRIPTION_LENGTH) return text;
  throw badInput('description', `must have at most ${MAX_DESCRIPTION_LENGTH} characters`);
}
