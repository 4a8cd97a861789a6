import { type ClientMetadata, errors } from 'oidc-provider';

import { mayRedirectTo } from '../../domain/oauth/index.ts';
import { isDeceiving } from '../../shared/deceiving-text.ts';
import { DEVICE_GRANT } from './metadata.ts';

const GRANTS = ['authorization_code', 'refresh_token', DEVICE_GRANT];
const MAX_NAME_LENGTH = 100;
const MAX_REDIRECTS = 10;

/**
 * What a client may ask for itself, whether it registers, names a metadata document or was registered before. Changes
 * what it asked for where the standard lets the server choose.
 *
 * @param hosts redirect hosts that are allowed now
 * @throws OIDCProviderError `invalid_redirect_uri` or `invalid_client_metadata`
 */
export function applyClientPolicy(client: Partial<ClientMetadata>, hosts: readonly string[]): void {
  // People consent to scopes for each session; a client is not narrowed for ever by what it registered with.
  delete client.scope;
  // Desktop programs listen on whatever port is free: only for native clients may the port differ.
  client.application_type = 'native';
  // Whatever a client may prove, it is a public one here.
  client.token_endpoint_auth_method = 'none';
  if (client.grant_types !== undefined) client.grant_types = client.grant_types.filter((type) => GRANTS.includes(type));
  checkName(client.client_name);
  checkRedirects(client.redirect_uris, hosts);
}

// What turns the direction of text or cannot be seen lets a name rewrite the page that asks for consent.
function checkName(name: unknown): void {
  if (typeof name === 'string' && (isDeceiving(name) || !name.isWellFormed())) {
    throw new errors.InvalidClientMetadata('client_name must have no control characters and no marks of direction');
  }
  if (typeof name === 'string' && name.length > MAX_NAME_LENGTH) {
    throw new errors.InvalidClientMetadata(`client_name must have at most ${MAX_NAME_LENGTH} characters`);
  }
}

function checkRedirects(uris: unknown, hosts: readonly string[]): void {
  if (!Array.isArray(uris)) return; // the library says what is wrong
  if (uris.length > MAX_REDIRECTS) {
    throw refusedRedirect(`redirect_uris must be at most ${MAX_REDIRECTS}`);
  }
  for (const uri of uris) {
    if (typeof uri === 'string' && mayRedirectTo(uri, hosts)) continue;
    throw refusedRedirect(
      'redirect_uris must be http on localhost, 127.0.0.1 or [::1], or lie on a host that an administrator has allowed',
    );
  }
}

// The error code of RFC 7591; the library's own class for it has one fixed text.
function refusedRedirect(text: string): errors.OIDCProviderError {
  return new errors.CustomOIDCProviderError('invalid_redirect_uri', text);
}
