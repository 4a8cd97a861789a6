import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import {
  type Auth,
  type Authenticate,
  type CallerOf,
  createAuthenticate,
  createHostCheck,
  type HostCheck,
} from '../auth/index.ts';
import type { Gateway } from '../gateway/index.ts';
import { isForeignOrigin } from '../mcp/index.ts';
import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type AddressOf, createAddressOf, type ProxyTrust } from './caller-address.ts';
import { createExchange, type Exchange, securityHeaders } from './exchange.ts';
import { serveGraphql } from './graphql-endpoint.ts';
import type { Health } from './health.ts';
import { createMetrics, type Figure, type Metrics } from './metrics.ts';
import { originOf } from './origin.ts';
import { createPages, type PublicDocument } from './pages.ts';
import { sendError, sendRpcError, statusFor } from './send-error.ts';
import type { Traffic } from './traffic.ts';

/** One of the two MCP endpoints answers a request whose body nobody has read. */
export type McpHandler = (
  endpoint: 'MAIN' | 'INTENT',
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  origin: Origin,
  /** Why the token that was sent lets nobody in. */
  tokenProblem?: string,
) => Promise<void>;

export interface AppOptions {
  readonly gateway: Gateway;
  /** Verifies a bearer token. */
  readonly callerOf: CallerOf;
  readonly mcp: McpHandler | undefined;
  /** Sign-in pages and the OAuth server. */
  readonly auth?: Auth | undefined;
  /** Asked by `/healthz` and `/readyz`. */
  readonly health: Health;
  readonly publicUrl: string;
  readonly allowedHosts: readonly string[];
  readonly maxBodyBytes: number;
  readonly log: Logger;
  /** Proxies that say for whom they ask; none unless given. */
  readonly proxyTrust?: ProxyTrust | undefined;
  /** How much may be asked for; no limit unless given. */
  readonly traffic?: Traffic | undefined;
  /** Opens the metrics and the details of the health report to other computers. */
  readonly metricsToken?: string | undefined;
  /** What other parts of the server count. */
  readonly figures?: readonly Figure[] | undefined;
  /** Further documents that anybody may read, by path. */
  readonly documents?: ReadonlyMap<string, PublicDocument> | undefined;
}

interface Parts {
  readonly options: AppOptions;
  readonly addressOf: AddressOf;
  readonly authenticate: Authenticate;
  readonly isOwnHost: HostCheck;
  readonly metrics: Metrics;
  readonly pages: (exchange: Exchange) => Promise<void>;
}

/** Everything that is served over HTTP, as a listener for `node:http`. */
export function createApp(options: AppOptions): RequestListener {
  const { publicUrl, allowedHosts, health, log, figures, metricsToken, auth, documents, traffic } = options;
  const metrics = createMetrics(figures ?? [], traffic);
  const parts: Parts = {
    options,
    addressOf: createAddressOf(options.proxyTrust),
    authenticate: createAuthenticate(options.callerOf),
    isOwnHost: createHostCheck(publicUrl, allowedHosts),
    metrics,
    pages: createPages({ health, registry: metrics.registry, log, metricsToken, documents, paths: auth?.paths ?? [] }),
  };
  return (request, response) => {
    void serve(parts, createExchange(request, response, parts.addressOf));
  };
}

async function serve(parts: Parts, exchange: Exchange): Promise<void> {
  try {
    await route(parts, exchange);
  } catch (error) {
    answerUnexpected(parts, exchange, error);
  }
  record(parts, exchange);
}

async function route(parts: Parts, exchange: Exchange): Promise<void> {
  const { path, request } = exchange;
  if (!parts.isOwnHost(request.headers.host)) return refuseHost(parts, exchange);
  if (unlimited.has(path)) return parts.pages(exchange);
  const leave = parts.options.traffic?.enterAddress(exchange);
  try {
    await serveLimited(parts, exchange);
  } finally {
    leave?.();
  }
}

/** Asked by machines that watch the server, who must hear of it even when it is busy. */
const unlimited: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

async function serveLimited(parts: Parts, exchange: Exchange): Promise<void> {
  const { path } = exchange;
  if (path === '/graphql' && !isPageVisit(exchange)) {
    if (isForeignOrigin(exchange.request.headers.origin, parts.isOwnHost)) return refuseOrigin(exchange);
    return serveGraphql({ ...parts.options, authenticate: parts.authenticate }, exchange);
  }
  if (path === '/mcp') return serveMcp(parts, exchange, 'MAIN');
  if (path === '/intent/mcp') return serveMcp(parts, exchange, 'INTENT');
  if (parts.options.auth?.owns(path) === true) return serveAuth(parts.options.auth, exchange);
  return parts.pages(exchange);
}

/** A person opens the address in a browser, without a document. */
function isPageVisit({ request, search }: Exchange): boolean {
  const { method, headers } = request;
  return method === 'GET' && headers.accept?.includes('text/html') === true && !/[?&]query=/.test(search);
}

function refuseHost({ options }: Parts, exchange: Exchange): void {
  const error = new AppError('BAD_INPUT', `Host: this server is ${options.publicUrl}; send requests there`, {
    details: { url: options.publicUrl },
  });
  sendError(exchange, error, 421, { Connection: 'close' });
}

function refuseOrigin(exchange: Exchange): void {
  const message =
    'Origin: requests of pages of other sites are refused; send the request from a program, or from a page of this server';
  sendError(exchange, new AppError('FORBIDDEN', message), 403);
}

async function serveMcp(parts: Parts, exchange: Exchange, endpoint: 'MAIN' | 'INTENT'): Promise<void> {
  const { mcp, traffic } = parts.options;
  if (mcp === undefined) return parts.pages(exchange);
  const { request, response } = exchange;
  response.setHeader('X-Request-Id', exchange.requestId);
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const origin: Origin = { ...originOf(exchange), via: 'MCP' };
  const { caller, problem } = await mcpCaller(parts.authenticate, exchange, origin);
  const leave = traffic?.enterCaller(caller, exchange);
  try {
    // A client that goes away ends what it asked for, also a stream that nobody would end otherwise.
    await Promise.race([mcp(endpoint, request, response, caller, origin, problem), once(response, 'close')]);
  } finally {
    leave?.();
  }
}

// A bad token is answered by the MCP side, in its protocol's own form: to it the caller is a stranger.
async function mcpCaller(
  authenticate: Authenticate,
  exchange: Exchange,
  origin: Origin,
): Promise<{ caller: Caller; problem?: string }> {
  try {
    const caller = await authenticate(exchange.request.headers.authorization, exchange.path, origin);
    exchange.caller = caller;
    return { caller };
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED')
      return { caller: anonymous, problem: error.message };
    throw error;
  }
}

function serveAuth(auth: Auth, exchange: Exchange): Promise<void> {
  exchange.response.setHeader('X-Request-Id', exchange.requestId);
  return auth.handle(exchange.request, exchange.response, originOf(exchange));
}

function answerUnexpected(parts: Parts, exchange: Exchange, error: unknown): void {
  const { log } = parts.options;
  const shown = maskError(error, exchange.requestId);
  if (shown.code === 'INTERNAL') log.error({ err: error, requestId: exchange.requestId }, 'a request failed');
  if (exchange.response.headersSent) exchange.response.destroy();
  else if (exchange.path.endsWith('/mcp')) sendRpcError(exchange, shown, statusFor(shown));
  else sendError(exchange, shown, statusFor(shown));
}

const knownRoutes: ReadonlySet<string> = new Set([
  '/graphql',
  '/mcp',
  '/intent/mcp',
  '/healthz',
  '/readyz',
  '/metrics',
]);

/** One line for each request. Never a header, a query string or a body: they may hold secrets. */
function record({ options, metrics }: Parts, exchange: Exchange): void {
  const { request, response, requestId, path } = exchange;
  const callerId = exchange.caller?.principal.id;
  const milliseconds = performance.now() - exchange.startedAt;
  const route = knownRoutes.has(path) ? path : 'other';
  metrics.observe(route, response.statusCode, milliseconds);
  const line = { requestId, method: request.method, route, status: response.statusCode, milliseconds, callerId };
  // Writing a line costs about as much as a small answer: what went well is in the metrics, and in the log at `debug`.
  if (response.statusCode < 400) options.log.debug(line, 'request');
  else options.log.info(line, 'request');
}
