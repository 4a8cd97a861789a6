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
import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { originOf, serveGraphql } from './graphql-endpoint.ts';
import type { Health } from './health.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createPages } from './pages.ts';
import { sendError, statusFor } from './send-error.ts';

/** One of the two MCP endpoints answers a request whose body nobody has read. */
export type McpHandler = (
  endpoint: 'MAIN' | 'INTENT',
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  origin: Origin,
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
}

interface Parts {
  readonly options: AppOptions;
  readonly authenticate: Authenticate;
  readonly isOwnHost: HostCheck;
  readonly metrics: Metrics;
  readonly pages: (exchange: Exchange) => Promise<void>;
}

/** Everything that is served over HTTP, as a listener for `node:http`. */
export function createApp(options: AppOptions): RequestListener {
  const metrics = createMetrics();
  const parts: Parts = {
    options,
    authenticate: createAuthenticate(options.callerOf),
    isOwnHost: createHostCheck(options.publicUrl, options.allowedHosts),
    metrics,
    pages: createPages({ health: options.health, registry: metrics.registry, log: options.log }),
  };
  return (request, response) => {
    void serve(parts, createExchange(request, response));
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
  if (path === '/graphql' && !isPageVisit(exchange)) {
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

async function serveMcp(parts: Parts, exchange: Exchange, endpoint: 'MAIN' | 'INTENT'): Promise<void> {
  const { mcp } = parts.options;
  if (mcp === undefined) return parts.pages(exchange);
  exchange.response.setHeader('X-Request-Id', exchange.requestId);
  const caller = await mcpCaller(parts.authenticate, exchange);
  return mcp(endpoint, exchange.request, exchange.response, caller, { ...originOf(exchange), via: 'MCP' });
}

// A bad token is answered by the MCP side, in its protocol's own form: to it the caller is a stranger.
async function mcpCaller(authenticate: Authenticate, exchange: Exchange): Promise<Caller> {
  try {
    const caller = await authenticate(exchange.request.headers.authorization, exchange.path);
    exchange.callerId = caller.principal.id;
    return caller;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return anonymous;
    throw error;
  }
}

function serveAuth(auth: Auth, exchange: Exchange): Promise<void> {
  exchange.response.setHeader('X-Request-Id', exchange.requestId);
  return auth.handle(exchange.request, exchange.response, originOf(exchange));
}

function answerUnexpected({ options }: Parts, exchange: Exchange, error: unknown): void {
  const shown = maskError(error, exchange.requestId);
  if (shown.code === 'INTERNAL') options.log.error({ err: error, requestId: exchange.requestId }, 'a request failed');
  if (exchange.response.headersSent) exchange.response.destroy();
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
  const { request, response, requestId, path, callerId } = exchange;
  const milliseconds = performance.now() - exchange.startedAt;
  const route = knownRoutes.has(path) ? path : 'other';
  metrics.observe(route, response.statusCode, milliseconds);
  const line = { requestId, method: request.method, route, status: response.statusCode, milliseconds, callerId };
  // Writing a line costs about as much as a small answer: what went well is in the metrics, and in the log at `debug`.
  if (response.statusCode < 400) options.log.debug(line, 'request');
  else options.log.info(line, 'request');
}
