import type { MutationResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import {
  attachAwsIntegration,
  createAwsIntegration,
  deleteAwsIntegration,
  detachAwsIntegration,
  findAwsIntegration,
  findAwsIntegrationByName,
  listAwsIntegrations,
  updateAwsIntegration,
} from '../domain/cloud/index.ts';

export const cloudIntegrationQueries = {
  awsIntegration: (_root, { id }, context) => findAwsIntegration(context.domain, id),
  awsIntegrationByName: (_root, { name }, context) => findAwsIntegrationByName(context.domain, context, name),
  awsIntegrations: (_root, _args, context) => listAwsIntegrations(context.domain, context),
} satisfies Partial<QueryResolvers>;

export const cloudIntegrationMutations = {
  awsIntegrationCreate: (_root, args, context) => createAwsIntegration(context.domain, context, args),
  awsIntegrationUpdate: (_root, args, context) => updateAwsIntegration(context.domain, context, args),
  awsIntegrationDelete: (_root, { id }, context) => deleteAwsIntegration(context.domain, context, id),
  awsIntegrationIntentProjectAttach: (_root, args, context) => attachAwsIntegration(context.domain, context, args),
  awsIntegrationIntentProjectDetach: (_root, args, context) => detachAwsIntegration(context.domain, context, args),
} satisfies Partial<MutationResolvers>;
