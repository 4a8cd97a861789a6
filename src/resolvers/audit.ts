import type { QueryResolvers } from '../../generated/resolvers.ts';
import { checkpointJson, lastCheckpoint, searchAudit } from '../domain/audit/index.ts';

export const auditQueries = {
  searchAuditTrailEntries: (_root, { input }, context) => searchAudit(context.domain, context, input),
  auditTrailCheckpoint: async (_root, _args, context) => {
    const checkpoint = await lastCheckpoint(context.domain.storage);
    return checkpoint === undefined ? null : JSON.stringify(checkpointJson(checkpoint));
  },
} satisfies Partial<QueryResolvers>;
