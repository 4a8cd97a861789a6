import type { QueryResolvers } from '../../generated/resolvers.ts';
import { describeDataSource, describeProvider, describeResource } from '../domain/providers/index.ts';
import { listDocuments, readDocument, searchProviders } from '../domain/providers/index.ts';

export const providerQueries = {
  providerSearch: (_root, { query }, context) => searchProviders(context.domain, context, query),
  providerFind: async (_root, { query }, context) => {
    const [provider] = await searchProviders(context.domain, context, query);
    return { query, provider: provider ?? null };
  },
  provider: (_root, args, context) => describeProvider(context.domain, context, args),
  providerDocument: (_root, args, context) => readDocument(context.domain, context, args),
  providerDocuments: (_root, args, context) => listDocuments(context.domain, context, args),
  providerResource: (_root, args, context) => describeResource(context.domain, context, args),
  providerDataSource: (_root, args, context) => describeDataSource(context.domain, context, args),
} satisfies Partial<QueryResolvers>;
