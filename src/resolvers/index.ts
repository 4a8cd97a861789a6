// The GraphQL API, field by field: thin functions that call the domain or Intent. Access is not decided here.
import type { MutationResolvers, QueryResolvers, Resolvers } from '../../generated/resolvers.ts';
import { auditQueries } from './audit.ts';
import { catalogMutationResolvers, catalogOperationResolvers, ProviderHit } from './catalog.ts';
import { cloudIntegrationMutations, cloudIntegrationQueries } from './cloud-integrations.ts';
import { discoverQueries } from './discover.ts';
import { encryptionMutations } from './encryption.ts';
import { ApiKey, identityMutations, identityQueries } from './identity.ts';
import { IntentChangeSet, intentMutations, IntentOperation, intentQueries, IntentResource } from './intent.ts';
import { ManagedUserGroup, peopleMutations, peopleQueries } from './people.ts';
import { Policy, policyMutations, policyQueries } from './policies.ts';
import { IntentProject, projectMutations, projectQueries } from './projects.ts';
import { providerQueries } from './providers.ts';
import { ApiKeyRoleBinding, roleMutations, roleQueries, UserGroupRoleBinding, UserRoleBinding } from './roles.ts';
import { Decimal, JsonScalar } from './scalars.ts';
import { Space, spaceMutations, spaceQueries } from './spaces.ts';
import { tokenMutations, tokenQueries } from './tokens.ts';

const Query = {
  ...auditQueries,
  ...cloudIntegrationQueries,
  ...discoverQueries,
  ...identityQueries,
  ...intentQueries,
  ...peopleQueries,
  ...policyQueries,
  ...projectQueries,
  ...providerQueries,
  ...roleQueries,
  ...spaceQueries,
  ...tokenQueries,
} satisfies QueryResolvers;
const Mutation = {
  ...cloudIntegrationMutations,
  ...encryptionMutations,
  ...identityMutations,
  ...intentMutations,
  ...peopleMutations,
  ...policyMutations,
  ...projectMutations,
  ...roleMutations,
  ...spaceMutations,
  ...tokenMutations,
} satisfies MutationResolvers;

const written: Resolvers = {
  Query,
  Mutation,
  ApiKey,
  ApiKeyRoleBinding,
  IntentChangeSet,
  IntentOperation,
  IntentProject,
  IntentResource,
  ManagedUserGroup,
  Policy,
  ProviderHit,
  Space,
  UserGroupRoleBinding,
  UserRoleBinding,
};

export const resolvers = {
  ...written,
  Mutation: { ...Mutation, ...catalogMutationResolvers },
  ...catalogOperationResolvers,
  Decimal,
  JSON: JsonScalar,
};
export type { ResolverContext } from './context.ts';
export { createLoaders } from './loaders.ts';
export { spaceOf, type SpaceOf } from './space-of.ts';
