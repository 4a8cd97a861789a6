import type { IncomingMessage, ServerResponse } from 'node:http';

import { toNodeHandler, type NodeMcpRequestHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type AuthInfo, type McpServer, type Server } from '@modelcontextprotocol/server';

import type { Caller, Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import {
  type AllowsHost,
  badRequest,
  refuseForeignHost,
  refuseNarrowScope,
  refusePacked,
  refuseStranger,
  type HttpRefusal,
} from './guard-request.ts';
import { readBody } from './read-body.ts';
import { parseNarrowing, type ToolShelf } from './tool-list.ts';
import type { RequestScope } from './tool-server.ts';
import type { Endpoint } from './tool.ts';

export interface DoorOptions {
  /** Whether this server answers under a host, port included. */
  readonly allowsHost: AllowsHost;
  readonly maxBodyBytes: number;
  readonly log: Logger;
  /** Where an endpoint's protected-resource document is; absent while there is no OAuth server. */
  readonly metadataUrl?: (endpoint: Endpoint) => string;
  /** The tools at this moment. */
  readonly shelf: () => ToolShelf;
  /** Makes the server of one request; `modern` for the 2026-07-28 revision. */
  readonly serverFor: (scope: RequestScope, modern: boolean) => Server | McpServer;
}

export interface HttpDoor {
  handle(exchange: Exchange): Promise<void>;
  toolsChanged(): void;
  close(): Promise<void>;
}

export interface Exchange {
  readonly endpoint: Endpoint;
  /** Nothing has read its body yet. */
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly origin: Origin;
  /** Why the token that was sent lets nobody in; undefined when it does, or none was sent. */
  readonly tokenProblem?: string | undefined;
}

/** What stands between HTTP and the servers: who may come in at all, and one fresh server for each that may. */
export function createHttpDoor(options: DoorOptions): HttpDoor {
  const { log, serverFor, maxBodyBytes } = options;
  const handler = createMcpHandler(({ authInfo, era }) => serverFor(parseScope(authInfo), era === 'modern'), {
    maxRequestBodySize: maxBodyBytes,
    onerror: (error) => log.debug({ err: error }, 'an MCP request was refused'),
  });
  const answer = toNodeHandler(handler, { onerror: (error) => log.error({ err: error }, 'an MCP request failed') });
  return {
    handle: (exchange) => handle(options, answer, exchange),
    toolsChanged: () => handler.notify.toolsChanged(),
    close: () => handler.close(),
  };
}

async function handle(options: DoorOptions, answer: NodeMcpRequestHandler, exchange: Exchange): Promise<void> {
  const { endpoint, request, response, caller, tokenProblem } = exchange;
  const shelf = options.shelf();
  const metadataUrl = options.metadataUrl?.(endpoint);
  const early =
    refuseForeignHost(request.headers, options.allowsHost) ??
    refuseStranger(caller, request.headers, metadataUrl, tokenProblem) ??
    refusePacked(request.headers);
  if (early !== undefined) return refuse(response, early);
  const only = readNarrowing(request.url ?? '/', shelf, endpoint);
  if (only instanceof AppError) return refuse(response, badRequest(only.message));
  if (request.method !== 'POST') return answer(toRequest(exchange, only), response);
  const body = await readBody(request, options.maxBodyBytes);
  if (!body.ok) return refuse(response, body.refusal);
  const narrow = refuseNarrowScope(body.message, caller, shelf, endpoint, metadataUrl);
  if (narrow !== undefined) return refuse(response, narrow);
  return answer(toRequest(exchange, only), response, body.message);
}

function readNarrowing(url: string, shelf: ToolShelf, endpoint: Endpoint): ReadonlySet<string> | undefined | AppError {
  try {
    return parseNarrowing(url, shelf, endpoint);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** The SDK hands `auth` through to the server of this request, and to no other. */
function toRequest({ endpoint, request, caller, origin }: Exchange, only: ReadonlySet<string> | undefined) {
  const scope: RequestScope = { endpoint, caller, origin, only };
  const auth: AuthInfo = { token: '', clientId: caller.principal.id, scopes: [...caller.scopes], extra: { scope } };
  const { method = 'GET', url = '/', headers } = request;
  return { method, url, headers, auth, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() };
}

function parseScope(auth: AuthInfo | undefined): RequestScope {
  const scope = auth?.extra?.['scope'];
  if (scope === undefined) throw new Error('an MCP request came in without its scope');
  return scope as RequestScope;
}

function refuse(response: ServerResponse, refusal: HttpRefusal): void {
  const body: Json = { jsonrpc: '2.0', error: { code: refusal.rpcCode, message: refusal.message }, id: null };
  response.writeHead(refusal.status, {
    'content-type': 'application/json',
    ...(refusal.challenge === undefined ? {} : { 'www-authenticate': refusal.challenge }),
    // What was not read of a refused body must not be taken for the next request.
    ...(refusal.status === 413 ? { connection: 'close' } : {}),
  });
  response.end(JSON.stringify(body));
}
