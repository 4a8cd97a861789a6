import { actionCategories } from '../../generated/actions.ts';
import type {
  ApiKeyRoleBindingResolvers,
  MutationResolvers,
  QueryResolvers,
  UserGroupRoleBindingResolvers,
  UserRoleBindingResolvers,
} from '../../generated/resolvers.ts';
import {
  cloneRole,
  createRole,
  createRoleBinding,
  createRoleBindings,
  deleteRole,
  deleteRoleBinding,
  findRole,
  findRoleBinding,
  listRoles,
  updateRole,
} from '../domain/identity/index.ts';
import { invariant } from '../shared/errors.ts';

export const roleQueries = {
  actionCategories: () => actionCategories,
  roles: (_root, _args, context) => listRoles(context.domain, context),
  role: (_root, { id }, context) => findRole(context.domain, context, id),
  apiKeyRoleBinding: (_root, { id }, context) => findRoleBinding(context.domain, context, 'API_KEY', id),
  userRoleBinding: (_root, { id }, context) => findRoleBinding(context.domain, context, 'USER', id),
  userGroupRoleBinding: (_root, { id }, context) => findRoleBinding(context.domain, context, 'GROUP', id),
} satisfies Partial<QueryResolvers>;

export const roleMutations = {
  roleCreate: (_root, { input }, context) => createRole(context.domain, context, input),
  roleUpdate: (_root, { id, input: { Actions, ...input } }, context) =>
    updateRole(context.domain, context, id, { ...input, actions: input.actions ?? Actions }),
  roleClone: (_root, args, context) => cloneRole(context.domain, context, args),
  roleDelete: (_root, { id }, context) => deleteRole(context.domain, context, id),
  apiKeyRoleBindingCreate: (_root, { input: { apiKeyID, ...input } }, context) =>
    createRoleBinding(context.domain, context, { ...input, kind: 'API_KEY', actorId: apiKeyID }),
  apiKeyRoleBindingDelete: (_root, { id }, context) => deleteRoleBinding(context.domain, context, 'API_KEY', id),
  userRoleBindingBatchCreate: (_root, { input: { bindings } }, context) =>
    createRoleBindings(
      context.domain,
      context,
      bindings.map(({ userID, ...input }) => ({ ...input, kind: 'USER', actorId: userID })),
    ),
  userRoleBindingDelete: (_root, { id }, context) => deleteRoleBinding(context.domain, context, 'USER', id),
  userGroupRoleBindingCreate: (_root, { input: { userGroupID, ...input } }, context) =>
    createRoleBinding(context.domain, context, { ...input, kind: 'GROUP', actorId: userGroupID }),
  userGroupRoleBindingDelete: (_root, { id }, context) => deleteRoleBinding(context.domain, context, 'GROUP', id),
} satisfies Partial<MutationResolvers>;

export const ApiKeyRoleBinding: ApiKeyRoleBindingResolvers = {
  apiKeyID: ({ actorId }) => actorId,
};

export const UserRoleBinding: UserRoleBindingResolvers = {
  userID: ({ actorId }) => actorId,
  user: ({ actorId }, _args, { loaders }) => present(loaders.user.load(actorId)),
};

export const UserGroupRoleBinding: UserGroupRoleBindingResolvers = {
  userGroup: ({ actorId }, _args, { loaders }) => present(loaders.userGroup.load(actorId)),
};

/** Whoever is deleted loses their roles with them. */
async function present<T>(found: Promise<T | undefined>): Promise<T> {
  const holder = await found;
  invariant(holder !== undefined, 'whoever holds a role is there');
  return holder;
}
