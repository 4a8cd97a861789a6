import type { QueryResolvers } from '../../generated/resolvers.ts';

export const discoverQueries = {
  discover: (_root, args, { describe }) => describe(args),
} satisfies Partial<QueryResolvers>;
