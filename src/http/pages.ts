import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import Koa, { type Context } from 'koa';
import type { Registry } from 'prom-client';

import { refusalMessage } from '../gateway/index.ts';
import { AppError, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { isFromHere } from './caller-address.ts';
import { type Exchange, securityHeaders } from './exchange.ts';
import { editorPage } from './graphiql.ts';
import type { Health } from './health.ts';
import { statusFor } from './send-error.ts';

/** Makes a document that anybody may read, as JSON. */
export type PublicDocument = () => Promise<object>;

export interface PageOptions {
  readonly health: Health;
  readonly registry: Registry;
  readonly log: Logger;
  /** Opens to other computers what only this one sees otherwise. */
  readonly metricsToken: string | undefined;
  readonly documents: ReadonlyMap<string, PublicDocument> | undefined;
  /** Paths that others serve, for the answer to unknown ones. */
  readonly paths: readonly string[];
}

type Page = (context: Context, exchange: Exchange) => Promise<void> | void;

/** Everything that is not hot: pages for people and for machines that watch the server, and the answer to unknown paths. */
export function createPages(options: PageOptions): (exchange: Exchange) => Promise<void> {
  const pages = pageTable(options);
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const app = new Koa();
  app.silent = true; // errors are logged below, once
  app.use((context) => servePage(context, { pages, exchanges, options }));
  const handle = app.callback();
  return async (exchange) => {
    const { request, response, requestId } = exchange;
    exchanges.set(request, exchange);
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.setHeader('X-Request-Id', requestId);
    await handle(request, response);
  };
}

function pageTable({ health, registry, metricsToken, documents }: PageOptions): ReadonlyMap<string, Page> {
  const isWatcher = createWatcherCheck(metricsToken);
  return new Map<string, Page>([
    ['/', showIndex],
    ['/graphql', showEditor],
    ['/healthz', (context, exchange) => showHealth(context, health, isWatcher(exchange))],
    ['/readyz', (context) => showHealth(context, health, false)],
    ['/metrics', (context, exchange) => showMetrics(context, registry, isWatcher(exchange))],
    ...[...(documents ?? [])].map(([path, make]): [string, Page] => [path, (context) => showDocument(context, make)]),
  ]);
}

interface Serving {
  readonly pages: ReadonlyMap<string, Page>;
  readonly exchanges: WeakMap<IncomingMessage, Exchange>;
  readonly options: PageOptions;
}

async function servePage(context: Context, { pages, exchanges, options }: Serving): Promise<void> {
  const { log } = options;
  try {
    const [page, exchange] = [pages.get(context.path), exchanges.get(context.req)];
    if (page === undefined || exchange === undefined) return showUnknown(context, [...pages.keys(), ...options.paths]);
    if (context.method !== 'GET' && context.method !== 'HEAD') return showMethod(context);
    await page(context, exchange);
  } catch (error) {
    const requestId = requestIdOf(context.res);
    const shown = maskError(error, requestId);
    if (shown.code === 'INTERNAL') log.error({ err: error, requestId }, 'a page failed');
    showError(context, shown, statusFor(shown));
  }
}

function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader('X-Request-Id') ?? '');
}

function showError(context: Context, error: AppError, status: number): void {
  context.status = status;
  context.body = { errors: [{ message: refusalMessage(error), extensions: { ...error.details, code: error.code } }] };
}

function showUnknown(context: Context, known: readonly string[]): void {
  const paths = [...known, '/mcp', '/intent/mcp'];
  const path = context.path.slice(0, 200);
  showError(
    context,
    new AppError('NO_SUCH', `no such path: ${JSON.stringify(path)}; there are ${paths.join(', ')}`),
    404,
  );
}

function showMethod(context: Context): void {
  context.set('Allow', 'GET, HEAD');
  showError(context, new AppError('BAD_INPUT', `${context.method}: ${context.path} takes GET`), 405);
}

function showIndex(context: Context): void {
  context.body = {
    name: 'sluice',
    api: '/graphql',
    mcp: ['/mcp', '/intent/mcp'],
    health: '/healthz',
    metrics: '/metrics',
  };
}

async function showHealth(context: Context, health: Health, detailed: boolean): Promise<void> {
  const report = await health();
  context.status = report.ready ? 200 : 503;
  context.body = detailed ? report : { ready: report.ready };
}

/** Whether a request is from this computer, or holds the token of those who watch the server from elsewhere. */
function createWatcherCheck(token: string | undefined): (exchange: Exchange) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  return ({ request, remoteAddress }) => {
    if (isFromHere(request, remoteAddress)) return true;
    return expected !== undefined && timingSafeEqual(expected, digest(request.headers.authorization ?? ''));
  };
}

async function showMetrics(context: Context, registry: Registry, watches: boolean): Promise<void> {
  if (!watches) {
    const advice =
      'ask from the computer that the server runs on, or send "Authorization: Bearer <SLUICE_METRICS_TOKEN>"';
    const error = new AppError('UNAUTHENTICATED', `unauthorized: metrics are not for everybody; ${advice}`);
    context.set('WWW-Authenticate', 'Bearer');
    return showError(context, error, 401);
  }
  context.type = registry.contentType;
  context.body = await registry.metrics();
}

async function showDocument(context: Context, make: PublicDocument): Promise<void> {
  context.body = await make();
  context.set('Cache-Control', 'public, max-age=300');
}

async function showEditor(context: Context): Promise<void> {
  const page = await editorPage();
  context.set('Content-Security-Policy', page.contentSecurityPolicy);
  context.set('Cache-Control', 'private, max-age=0, must-revalidate');
  context.set('ETag', page.etag);
  context.set('Vary', 'Accept, Accept-Encoding');
  context.type = 'text/html; charset=utf-8';
  if (context.get('If-None-Match') === page.etag) {
    context.status = 304;
  } else if (context.acceptsEncodings('gzip') === 'gzip') {
    context.set('Content-Encoding', 'gzip');
    context.body = page.compressed;
  } else {
    context.body = page.html;
  }
}
