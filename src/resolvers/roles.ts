import { actionCategories } from '../../generated/actions.ts';
import type {
  ApiKeyRoleBindingResolvers,
  MutationResolvers,
  QueryResolvers,
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

export const roleQueries = {
  actionCategories: () => actionCategories,
  roles: (_root, _args, context) => listRoles(context.domain, context),
  role: (_root, { id }, context) => findRole(context.domain, context, id),
  apiKeyRoleBinding: (_root, { id }, context) => findRoleBinding(context.domain, context, 'API_KEY', id),
  userRoleBinding: (_root, { id }, context) => findRoleBinding(context.domain, context, 'USER', id),
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
} satisfies Partial<MutationResolvers>;

export const ApiKeyRoleBinding: ApiKeyRoleBindingResolvers = {
  apiKeyID: ({ actorId }) => actorId,
};

export const UserRoleBinding: UserRoleBindingResolvers = {
  userID: ({ actorId }) => actorId,
};
