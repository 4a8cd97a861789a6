/** Source: RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const SCOPES = ['mcp:read', 'mcp:write'];

/** Paths of the OAuth server. */
export const oauthPaths = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  device_authorization: '/oauth/device_authorization',
  jwks: '/oauth/jwks',
} as const;

/** The page at which people enter the code of a device. */
export const devicePath = '/device';

/** Paths of the two resources that tokens are for. */
export const resourcePaths = ['/mcp', '/intent/mcp'] as const;
export type ResourcePath = (typeof resourcePaths)[number];

const RESOURCE_PREFIX = '/.well-known/oauth-protected-resource';
const SERVER_PREFIX = '/.well-known/oauth-authorization-server';

/** Where a client learns which server gives out tokens for an endpoint. */
export function resourceMetadataUrl(publicUrl: string, path: ResourcePath): string {
  return `${publicUrl}${RESOURCE_PREFIX}${path}`;
}

/**
 * The documents by which clients find their way in, by path. The issuer is the public URL itself; clients that put an
 * endpoint's path behind the well-known one find the same document there.
 */
export function metadataDocuments(publicUrl: string): ReadonlyMap<string, object> {
  const server = serverMetadata(publicUrl);
  const resources = resourcePaths.map((path) => [RESOURCE_PREFIX + path, resourceMetadata(publicUrl, path)] as const);
  const servers = ['', ...resourcePaths].map((path) => [SERVER_PREFIX + path, server] as const);
  return new Map<string, object>([...resources, ...servers]);
}

/** Source: RFC 8414, with RFC 8628, RFC 9207 and OAuth client ID metadata documents. */
function serverMetadata(publicUrl: string): object {
  return {
    issuer: publicUrl,
    authorization_endpoint: publicUrl + oauthPaths.authorization,
    token_endpoint: publicUrl + oauthPaths.token,
    registration_endpoint: publicUrl + oauthPaths.registration,
    revocation_endpoint: publicUrl + oauthPaths.revocation,
    device_authorization_endpoint: publicUrl + oauthPaths.device_authorization,
    jwks_uri: publicUrl + oauthPaths.jwks,
    scopes_supported: SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  };
}

/** Source: RFC 9728. */
function resourceMetadata(publicUrl: string, path: ResourcePath): object {
  return {
    resource: publicUrl + path,
    resource_name: path === '/mcp' ? 'Sluice' : 'Sluice Intent',
    authorization_servers: [publicUrl],
    scopes_supported: SCOPES,
    bearer_methods_supported: ['header'],
  };
}
