import type { QueryResolvers } from '../../generated/resolvers.ts';
import { searchAudit } from '../domain/audit/index.ts';

export const auditQueries = {
  searchAuditTrailEntries: (_root, { input }, context) => searchAudit(context.domain, context, input),
} satisfies Partial<QueryResolvers>;
