import type { IncomingHttpHeaders } from 'node:http';

import type { Caller } from '../shared/caller.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { scopeCovers, type Endpoint, type Tool } from './tool.ts';
import type { ToolShelf } from './tool-list.ts';

/** A request that is refused before any server is made for it. */
export interface HttpRefusal {
  readonly status: number;
  readonly message: string;
  readonly rpcCode: number;
  readonly challenge?: string;
}

const REFUSED = -32_000;
const INVALID_REQUEST = -32_600;
const PACKED = /^(?!identity$)./i;

/** Whether a `Host` header, or the host of an `Origin`, is one of this server's own. */
export type AllowsHost = (host: string | undefined) => boolean;

/**
 * A page in somebody's browser can make the browser send requests here, under a name of its own that resolves to this
 * machine. Such a request carries that name as Host, or the page's Origin. Programs send no Origin.
 */
export function refuseForeignHost(headers: IncomingHttpHeaders, allowsHost: AllowsHost): HttpRefusal | undefined {
  if (!allowsHost(headers.host)) {
    return { status: 421, rpcCode: REFUSED, message: 'this server does not answer under that Host' };
  }
  if (!isForeignOrigin(headers.origin, allowsHost)) return undefined;
  return { status: 403, rpcCode: REFUSED, message: 'requests from that Origin are refused' };
}

/** Whether a page of another site had its visitor's browser send the request. */
export function isForeignOrigin(origin: string | undefined, allowsHost: AllowsHost): boolean {
  return origin !== undefined && !allowsHost(hostOf(origin));
}

// Browsers write an origin in its one normal form. `null`, the origin of sandboxed pages, and whatever else is not the
// normal form of a web address has no host.
function hostOf(origin: string): string | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url?.origin === origin && /^https?:$/.test(url.protocol) ? url.host : undefined;
}

/**
 * @param metadataUrl where the endpoint's protected-resource document is, once there is one
 * @param tokenProblem what is wrong with the token that was sent, where that is known
 */
export function refuseStranger(
  caller: Caller,
  headers: IncomingHttpHeaders,
  metadataUrl: string | undefined,
  tokenProblem: string | undefined,
): HttpRefusal | undefined {
  if (caller.principal.kind !== 'ANONYMOUS') return undefined;
  const sent = headers.authorization !== undefined;
  const message = sent
    ? (tokenProblem ??
      'unauthorized: the token is wrong or has ended; get a new one (sluice profile export-token prints one) and connect again')
    : 'unauthorized: send the header "Authorization: Bearer <token>"';
  const error = sent ? { error: 'invalid_token', error_description: message } : {};
  return {
    status: 401,
    rpcCode: REFUSED,
    message,
    challenge: challengeOf({ ...error, scope: 'mcp:read mcp:write' }, metadataUrl),
  };
}

/** A call outside the token's scopes is an HTTP matter: the client answers the challenge by asking for a wider token. */
export function refuseNarrowScope(
  message: Json,
  caller: Caller,
  shelf: ToolShelf,
  endpoint: Endpoint,
  metadataUrl: string | undefined,
): HttpRefusal | undefined {
  const messages = Array.isArray(message) ? message : [message];
  const tool = messages
    .map((one: Json) => calledTool(one, shelf, endpoint))
    .find((called) => called !== undefined && !scopeCovers(caller.scopes, called.scope));
  if (tool === undefined) return undefined;
  const text = `unauthorized: ${tool.name} needs a token with the scope ${tool.scope}`;
  const challenge = challengeOf(
    { error: 'insufficient_scope', scope: tool.scope, error_description: text },
    metadataUrl,
  );
  return { status: 403, rpcCode: REFUSED, message: text, challenge };
}

function calledTool(message: Json, shelf: ToolShelf, endpoint: Endpoint): Tool | undefined {
  if (!isJsonObject(message) || message['method'] !== 'tools/call' || !isJsonObject(message['params']))
    return undefined;
  const name = message['params']['name'];
  return typeof name === 'string' ? shelf.find(endpoint, name) : undefined;
}

/** Packed bodies are not read: what they unpack to has no length that could be told from the request. */
export function refusePacked({ 'content-encoding': encoding }: IncomingHttpHeaders): HttpRefusal | undefined {
  if (encoding === undefined || !PACKED.test(encoding)) return undefined;
  const message = 'Content-Encoding: bodies are read as they are; send it unpacked';
  return { status: 415, rpcCode: INVALID_REQUEST, message };
}

export function badRequest(message: string): HttpRefusal {
  return { status: 400, rpcCode: INVALID_REQUEST, message };
}

function challengeOf(parameters: Readonly<Record<string, string>>, metadataUrl: string | undefined): string {
  const all = {
    realm: 'sluice',
    ...parameters,
    ...(metadataUrl === undefined ? {} : { resource_metadata: metadataUrl }),
  };
  const quoted = Object.entries(all).map(([key, value]) => `${key}="${value.replaceAll(/["\\]/g, "'")}"`);
  return `Bearer ${quoted.join(', ')}`;
}
