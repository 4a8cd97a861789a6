import type { IncomingMessage } from 'node:http';

import { oauthPaths } from './metadata.ts';

const SESSION_COOKIE = /^sluice_oauth(?:\.legacy)?(?:\.sig)?=/;

/**
 * Shows the OAuth server the request as if it had come to the public URL, whatever a proxy in front has made of it: the
 * addresses in its answers are made from this. Who is signed in is for our own session to say, so the library's is
 * taken away; and a client that names no scope asks for both.
 */
export function prepareRequest(request: IncomingMessage, publicUrl: string): void {
  const { host, protocol } = new URL(publicUrl);
  const { headers } = request;
  headers.host = host;
  headers['x-forwarded-host'] = host;
  headers['x-forwarded-proto'] = protocol.slice(0, -1);
  delete headers['x-forwarded-for'];
  const cookies = headers.cookie?.split(/; */).filter((cookie) => !SESSION_COOKIE.test(cookie));
  if (cookies !== undefined) headers.cookie = cookies.join('; ');
  request.url = withScope(request.url ?? '/');
}

function withScope(path: string): string {
  const at = path.indexOf('?');
  if (at === -1 || path.slice(0, at) !== oauthPaths.authorization) return path;
  const query = new URLSearchParams(path.slice(at + 1));
  if (query.has('scope') && query.get('scope') !== '') return path;
  query.set('scope', 'mcp:read mcp:write');
  return `${path.slice(0, at)}?${query.toString()}`;
}
