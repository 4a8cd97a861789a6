import type { MutationResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import { createPersonalToken, deletePersonalToken, listPersonalTokens, narrowToken } from '../domain/identity/index.ts';

export const tokenQueries = {
  personalAccessTokens: (_root, { everyone }, context) =>
    listPersonalTokens(context.domain, context, everyone === true),
} satisfies Partial<QueryResolvers>;

export const tokenMutations = {
  accessTokenNarrow: (_root, narrowing, context) => narrowToken(context.domain, context, narrowing),
  personalAccessTokenCreate: (_root, { input }, context) => createPersonalToken(context.domain, context, input),
  personalAccessTokenDelete: (_root, { id }, context) => deletePersonalToken(context.domain, context, id),
} satisfies Partial<MutationResolvers>;
