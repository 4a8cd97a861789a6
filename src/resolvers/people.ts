import type { ManagedUserGroupResolvers, MutationResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import {
  activateUser,
  addMember,
  createGroup,
  deactivateUser,
  deleteGroup,
  deleteUser,
  endAllSessions,
  endAnySession,
  endOtherSessions,
  endOwnSession,
  findGroup,
  findUser,
  inviteUser,
  listGroups,
  listMembers,
  listOwnSessions,
  listSessionsOf,
  listUsers,
  removeMember,
  renewInvitation,
  resetPassword,
  updateGroup,
  updateUser,
} from '../domain/people/index.ts';

export const peopleQueries = {
  managedUsers: (_root, _args, { domain }) => listUsers(domain),
  managedUser: (_root, { id }, { domain }) => findUser(domain, id),
  managedUserGroups: (_root, _args, { domain }) => listGroups(domain),
  managedUserGroup: (_root, { id }, { domain }) => findGroup(domain, id),
  sessions: (_root, _args, context) => listOwnSessions(context.domain, context),
  managedUserSessions: (_root, { id }, context) => listSessionsOf(context.domain, context, id),
} satisfies Partial<QueryResolvers>;

export const peopleMutations = {
  managedUserInvite: (_root, { input }, context) => inviteUser(context.domain, context, input),
  managedUserInvitationRenew: (_root, { id }, context) => renewInvitation(context.domain, context, id),
  managedUserPasswordReset: (_root, { id }, context) => resetPassword(context.domain, context, id),
  managedUserUpdate: (_root, { input }, context) => updateUser(context.domain, context, input),
  managedUserDeactivate: (_root, { id }, context) => deactivateUser(context.domain, context, id),
  managedUserActivate: (_root, { id }, context) => activateUser(context.domain, context, id),
  managedUserDelete: (_root, { id }, context) => deleteUser(context.domain, context, id),
  managedUserGroupCreate: (_root, { input }, context) => createGroup(context.domain, context, input),
  managedUserGroupUpdate: (_root, { input }, context) => updateGroup(context.domain, context, input),
  managedUserGroupDelete: (_root, { id }, context) => deleteGroup(context.domain, context, id),
  managedUserGroupMemberAdd: (_root, { group, user }, context) => addMember(context.domain, context, group, user),
  managedUserGroupMemberRemove: (_root, { group, user }, context) => removeMember(context.domain, context, group, user),
  sessionEnd: (_root, { id }, context) => endOwnSession(context.domain, context, id),
  sessionsEndOthers: (_root, _args, context) => endOtherSessions(context.domain, context),
  managedUserSessionEnd: (_root, { id }, context) => endAnySession(context.domain, context, id),
  managedUserSessionsEnd: (_root, { id }, context) => endAllSessions(context.domain, context, id),
} satisfies Partial<MutationResolvers>;

export const ManagedUserGroup: ManagedUserGroupResolvers = {
  members: ({ id }, _args, { domain }) => listMembers(domain, id),
};
