import { type ClientMetadata, errors, type ResourceServer } from 'oidc-provider';

import { resourcesOf, SIGNING_ALGORITHM, TOKEN_SECONDS } from '../../domain/identity/index.ts';
import { DEVICE_GRANT } from './metadata.ts';

/** Our own command line: it has no address to be sent back to, and shows a code instead. */
export const commandLine: ClientMetadata = {
  client_id: 'sluice-cli',
  client_name: 'The Sluice command line',
  redirect_uris: [],
  response_types: [],
  grant_types: [DEVICE_GRANT, 'refresh_token'],
  token_endpoint_auth_method: 'none',
};

/**
 * What a token may be for: one MCP endpoint, or, for our own command line alone, the whole server, as its tokens always
 * were.
 *
 * @throws OIDCProviderError `invalid_target`
 */
export function grantedResource(
  publicUrl: string,
  resource: string,
  { clientId, accessTokenSeconds }: { readonly clientId: string; readonly accessTokenSeconds: number },
): ResourceServer {
  const isWhole = resource === publicUrl && clientId === commandLine.client_id;
  if (!isWhole && !resourcesOf(publicUrl).includes(resource)) {
    throw new errors.InvalidTarget('resource must be one of this server');
  }
  return {
    scope: 'mcp:read mcp:write',
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: isWhole ? TOKEN_SECONDS : accessTokenSeconds,
    jwt: { sign: { alg: SIGNING_ALGORITHM } },
  };
}
