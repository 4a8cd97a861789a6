import type { MutationResolvers, PolicyResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import { findSample, listSamples } from '../domain/evaluation/index.ts';
import { loginInputSchema } from '../domain/login/index.ts';
import {
  createPolicy,
  deletePolicy,
  findPolicy,
  listAttachments,
  listPolicies,
  searchPolicies,
  simulatePolicy,
  updatePolicy,
} from '../domain/policies/index.ts';
import { spaceDetails } from './space-details.ts';

export const policyQueries = {
  policy: (_root, { id }, context) => findPolicy(context.domain, context, id),
  policies: (_root, _args, context) => listPolicies(context.domain, context),
  intentPolicies: (_root, _args, context) => listPolicies(context.domain, context, { type: 'INTENT' }),
  searchPolicies: (_root, { input }, context) => searchPolicies(context.domain, context, input),
  loginPolicyInputSchema: () => loginInputSchema,
} satisfies Partial<QueryResolvers>;

export const policyMutations = {
  policyCreatev2: (_root, { input }, context) => createPolicy(context.domain, context, input),
  policyUpdatev2: (_root, { id, input }, context) => updatePolicy(context.domain, context, id, input),
  policyDelete: (_root, { id }, context) => deletePolicy(context.domain, context, id),
  policySimulate: (_root, args, context) => simulatePolicy(context.domain, context, args),
} satisfies Partial<MutationResolvers>;

export const Policy: PolicyResolvers = {
  spaceDetails,
  attachedIntentProjects: ({ id }, _args, context) => listAttachments(context.domain, { policy: id }),
  evaluationRecords: ({ id }, _args, context) => listSamples(context.domain, context, id),
  evaluationSample: ({ id }, { key }, context) => findSample(context.domain, context, id, key),
};
