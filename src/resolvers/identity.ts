import type { ApiKeyResolvers, MutationResolvers, QueryResolvers } from '../../generated/resolvers.ts';
import {
  createApiKey,
  deleteApiKey,
  exchangeApiKey,
  findApiKey,
  listApiKeys,
  listRoleBindings,
  rotateApiKey,
  updateApiKey,
} from '../domain/identity/index.ts';
import { allowedRedirectHosts, setAllowedRedirectHosts } from '../domain/oauth/index.ts';
import { exchangeGithubToken } from '../domain/people/index.ts';
import { may } from '../shared/caller.ts';

export const identityQueries = {
  viewer: (_root, _args, { caller }) => {
    const { kind, id, name } = caller.principal;
    return kind === 'ANONYMOUS' ? null : { id, name, admin: may(caller, 'SPACE_ADMIN', 'root') };
  },
  // Empty: existing clients then unlock every feature.
  debugInfo: () => ({ selfHostedVersion: '' }),
  apiKeys: (_root, _args, context) => listApiKeys(context.domain, context),
  apiKey: (_root, { id }, context) => findApiKey(context.domain, context, id),
  oauthRedirectAllowedHosts: (_root, _args, context) => allowedRedirectHosts(context.domain),
} satisfies Partial<QueryResolvers>;

export const identityMutations = {
  apiKeyUser: (_root, { id, secret }, context) => exchangeApiKey(context.domain, context, { id, secret }),
  oauthUser: (_root, { token }, context) => exchangeGithubToken(context.domain, context, token),
  accountSetOAuthRedirectAllowlist: (_root, { hosts }, context) =>
    setAllowedRedirectHosts(context.domain, context, hosts),
  apiKeyCreate: (_root, { input }, context) => createApiKey(context.domain, context, input),
  apiKeyUpdate: (_root, { id, input }, context) => updateApiKey(context.domain, context, id, input),
  apiKeyRotate: (_root, { id, graceSeconds }, context) => rotateApiKey(context.domain, context, id, graceSeconds ?? 0),
  apiKeyDelete: (_root, { id }, context) => deleteApiKey(context.domain, context, id),
} satisfies Partial<MutationResolvers>;

export const ApiKey: ApiKeyResolvers = {
  apiKeyRoleBindings: (key, _args, context) => listRoleBindings(context.domain, context, 'API_KEY', key.id),
};
