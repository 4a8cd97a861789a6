import type { IncomingMessage } from 'node:http';

import Provider, { type Configuration, errors, interactionPolicy, type JWK } from 'oidc-provider';

import type { DomainContext } from '../../domain/context.ts';
import { openSigningKeys, SIGNING_ALGORITHM } from '../../domain/identity/index.ts';
import { cookieKeys, GRANT_SECONDS } from '../../domain/oauth/index.ts';
import { findActiveUser } from '../../domain/people/index.ts';
import type { SafeFetch } from '../../outbound/index.ts';
import type { Origin } from '../../shared/caller.ts';
import { createAdapter } from './adapter.ts';
import { applyClientPolicy } from './client-policy.ts';
import { fetchClientDocument } from './client-document.ts';
import { commandLine, grantedResource } from './resources.ts';
import { devicePath, oauthPaths } from './metadata.ts';
import { judgeToken } from './judge-token.ts';
import { createRateLimit } from './rate-limit.ts';

export interface ProviderOptions {
  readonly context: DomainContext;
  readonly accessTokenSeconds: number;
  /** For the documents that clients name as their id. */
  readonly fetchDocument: SafeFetch;
  /** How a request came. */
  readonly originOf: (request: IncomingMessage) => Origin;
  /** Redirect hosts that are allowed now. */
  readonly redirectHosts: () => readonly string[];
  /** Shows what is wrong to the person at the browser. */
  readonly renderError: NonNullable<Configuration['renderError']>;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const lives = {
  AuthorizationCode: MINUTE,
  DeviceCode: 10 * MINUTE, // to find a browser and type it there
  Interaction: 30 * MINUTE, // to read a consent page, with a sign-in before it
  Session: 60 * MINUTE,
  RefreshToken: 14 * DAY, // unused for so long
  Grant: GRANT_SECONDS,
};

/** The OAuth server: authorization code with PKCE, and codes for devices, for public clients; nothing else. */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const { context } = options;
  const keys = await openSigningKeys(context, 'oauth-signing-keys');
  const provider = new Provider(context.publicUrl, {
    adapter: (kind) => createAdapter(context, kind),
    jwks: { keys: keys.map(({ created_at: _made, ...jwk }) => jwk as JWK) }, // the library's own name for the same
    cookies: cookiesFor(context, await cookieKeys(context)),
    routes: { ...oauthPaths, code_verification: devicePath, end_session: '/oauth/end' },
    clients: [commandLine],
    ...clientSettings(options),
    ...tokenSettings(options),
    ...signInSettings(context),
    features: featuresFor(options),
    renderError: options.renderError,
  });
  // Its own view of the request is the one that `prepareRequest` gives it: the public URL.
  provider.proxy = true;
  return provider;
}

function cookiesFor({ publicUrl }: DomainContext, keys: string[]): NonNullable<Configuration['cookies']> {
  const secure = publicUrl.startsWith('https:');
  const one = { httpOnly: true, sameSite: 'lax', signed: true, secure } as const;
  const names = { session: 'sluice_oauth', interaction: 'sluice_oauth_page', resume: 'sluice_oauth_resume' };
  return { keys, names, short: one, long: one };
}

function clientSettings({ redirectHosts, fetchDocument }: ProviderOptions): Configuration {
  return {
    clientAuthMethods: ['none'],
    clientDefaults: {
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: SIGNING_ALGORITHM,
    },
    // A property that no client sends: the library asks the validator for it whenever it makes a client.
    extraClientMetadata: {
      properties: ['sluice_policy'],
      validator: (_context, _key, _value, client) => applyClientPolicy(client, redirectHosts()),
    },
    fetch: (url) => fetchClientDocument(fetchDocument, url instanceof Request ? url.url : url.toString()),
  };
}

function tokenSettings({ context, accessTokenSeconds, originOf }: ProviderOptions): Configuration {
  return {
    scopes: [],
    responseTypes: ['code'],
    pkce: { required: () => true },
    enabledJWA: { idTokenSigningAlgValues: [SIGNING_ALGORITHM] },
    rotateRefreshToken: true,
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    allowOmittingSingleRegisteredRedirectUri: false,
    // The token check asks whether the consent behind a token still stands.
    extraTokenClaims: (_context, token) => ({ grant_id: 'grantId' in token ? token.grantId : undefined }),
    ttl: { ...lives, AccessToken: accessTokenSeconds },
    // With a token it is about to be exchanged; without one, the library only wants to know who this is.
    findAccount: async ({ req }, id, token) => {
      const user = await findActiveUser(context, id);
      if (user !== undefined && token !== undefined) await judgeToken(context, originOf(req), id, token);
      return user === undefined ? undefined : { accountId: id, claims: () => ({ sub: id }) };
    },
  };
}

/** Each authorization asks the person at the browser: our own session says who that is, never the library's. */
function signInSettings({ publicUrl }: DomainContext): Configuration {
  return {
    interactions: { policy: interactionPolicy.base(), url: (_context, { uid }) => `${publicUrl}/oauth/consent/${uid}` },
    loadExistingGrant: ({ oidc }) => {
      const grantId = oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId);
    },
  };
}

function featuresFor({
  context,
  accessTokenSeconds,
  originOf,
}: ProviderOptions): NonNullable<Configuration['features']> {
  const mayFetch = createRateLimit();
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: false },
    registration: { enabled: true },
    // Its pages are ours: see device-routes.ts. Who decides there is shown where the code was asked for.
    deviceFlow: { enabled: true, deviceInfo: ({ req }) => ({ remoteAddress: originOf(req).remoteAddress }) },
    revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02', allowFetch: ({ ip }) => mayFetch(ip) },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, _client, oneOf) => chooseResource(oneOf),
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource, client) =>
        grantedResource(context.publicUrl, resource, { clientId: client.clientId, accessTokenSeconds }),
    },
  };
}

/** A token is for exactly one resource, and the client says which. */
function chooseResource(oneOf: readonly string[] | undefined): string {
  const [only, ...more] = oneOf ?? [];
  if (only === undefined) throw new errors.InvalidTarget('resource is missing; name the MCP endpoint to be used');
  if (more.length > 0) throw new errors.InvalidTarget('resource must be a single one');
  return only;
}
