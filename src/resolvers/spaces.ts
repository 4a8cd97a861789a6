import type { MutationResolvers, QueryResolvers, SpaceResolvers } from '../../generated/resolvers.ts';
import { accessLevel, createSpace, deleteSpace, findSpace, listSpaces, updateSpace } from '../domain/spaces/index.ts';

export const spaceQueries = {
  space: (_root, { id }, context) => findSpace(context.domain, context, id),
  spaces: (_root, _args, context) => listSpaces(context.domain, context),
} satisfies Partial<QueryResolvers>;

export const spaceMutations = {
  spaceCreate: (_root, { input }, context) => createSpace(context.domain, context, input),
  spaceUpdate: (_root, { space, input }, context) => updateSpace(context.domain, context, space, input),
  spaceDelete: (_root, { space }, context) => deleteSpace(context.domain, context, space),
} satisfies Partial<MutationResolvers>;

export const Space: SpaceResolvers = {
  accessLevel: (space, _args, { caller }) => accessLevel(caller, space.id),
};
