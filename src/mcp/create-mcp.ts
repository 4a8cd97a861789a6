import type { IncomingMessage, ServerResponse } from 'node:http';

import { toNodeHandler, type NodeMcpRequestHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type AuthInfo,
  type McpHttpHandler,
  type McpRequestContext,
} from '@modelcontextprotocol/server';

import type { Caller, Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import type { CallServices } from './call-tool.ts';
import {
  type AllowsHost,
  badRequest,
  refuseForeignHost,
  refuseNarrowScope,
  refuseStranger,
  type HttpRefusal,
} from './guard-request.ts';
import { readBody } from './read-body.ts';
import { createToolServer, type RequestScope } from './tool-server.ts';
import { createToolShelf, parseNarrowing, type ToolShelf } from './tool-list.ts';
import type { Endpoint, ArgumentChecks, Tool } from './tool.ts';

export interface McpOptions {
  readonly gateway: CallServices['gateway'];
  readonly tools: readonly Tool[];
  readonly checks: ArgumentChecks;
  /** Whether this server answers under a host, port included. */
  readonly allowsHost: AllowsHost;
  readonly maxBodyBytes: number;
  readonly version: string;
  readonly log: Logger;
  /** Where an endpoint's protected-resource document is; absent while there is no OAuth server. */
  readonly metadataUrl?: (endpoint: Endpoint) => string;
}

export interface Mcp {
  /** Answers one HTTP request to `/mcp` (MAIN) or `/intent/mcp` (INTENT). Nothing has read its body yet. */
  handle(
    endpoint: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    origin: Origin,
  ): Promise<void>;
  /** Puts other tools in place and tells the clients that listen. */
  replaceTools(tools: readonly Tool[], checks: ArgumentChecks): void;
  /** Ends the streams of clients that listen. */
  close(): Promise<void>;
}

interface Serving {
  readonly shelf: ToolShelf;
  readonly services: CallServices;
}

/** Both MCP endpoints. 2025-era clients are served without sessions, so any replica can answer any request. */
export function createMcp(options: McpOptions): Mcp {
  const { gateway, version, log } = options;
  const serve = (tools: readonly Tool[], checks: ArgumentChecks): Serving => ({
    shelf: createToolShelf(tools),
    services: { gateway, checks, version, log },
  });
  let serving = serve(options.tools, options.checks);
  const handler = createMcpHandler((context) => serverFor(serving, context), {
    maxRequestBodySize: options.maxBodyBytes,
    onerror: (error) => log.debug({ err: error }, 'an MCP request was refused'),
  });
  const answer = toNodeHandler(handler, { onerror: (error) => log.error({ err: error }, 'an MCP request failed') });
  return {
    handle: (endpoint, request, response, caller, origin) =>
      handle(options, serving.shelf, answer, { endpoint, request, response, caller, origin }),
    replaceTools(tools, checks) {
      serving = serve(tools, checks);
      handler.notify.toolsChanged();
    },
    close: () => closeHandler(handler),
  };
}

async function closeHandler(handler: McpHttpHandler): Promise<void> {
  await handler.close();
}

function serverFor({ shelf, services }: Serving, context: McpRequestContext) {
  return createToolServer(shelf, services, parseScope(context), context.era === 'modern');
}

interface Exchange {
  readonly endpoint: Endpoint;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly origin: Origin;
}

async function handle(
  options: McpOptions,
  shelf: ToolShelf,
  answer: NodeMcpRequestHandler,
  exchange: Exchange,
): Promise<void> {
  const { endpoint, request, response, caller, origin } = exchange;
  const metadataUrl = options.metadataUrl?.(endpoint);
  const early =
    refuseForeignHost(request.headers, options.allowsHost) ?? refuseStranger(caller, request.headers, metadataUrl);
  if (early !== undefined) return refuse(response, early);
  const only = readNarrowing(request.url ?? '/', shelf, endpoint);
  if (only instanceof AppError) return refuse(response, badRequest(only.message));
  if (request.method !== 'POST') return answer(toRequest(request, { endpoint, caller, origin, only }), response);
  const body = await readBody(request, options.maxBodyBytes);
  if (!body.ok) return refuse(response, body.refusal);
  const narrow = refuseNarrowScope(body.message, caller, shelf, endpoint, metadataUrl);
  if (narrow !== undefined) return refuse(response, narrow);
  return answer(toRequest(request, { endpoint, caller, origin, only }), response, body.message);
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
function toRequest(request: IncomingMessage, scope: RequestScope) {
  const auth: AuthInfo = {
    token: '',
    clientId: scope.caller.principal.id,
    scopes: [...scope.caller.scopes],
    extra: { scope },
  };
  const { method = 'GET', url = '/', headers } = request;
  return { method, url, headers, auth, [Symbol.asyncIterator]: () => request[Symbol.asyncIterator]() };
}

function parseScope(context: McpRequestContext): RequestScope {
  const scope = context.authInfo?.extra?.['scope'];
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
