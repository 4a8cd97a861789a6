import type { ServerResponse } from 'node:http';

import Koa, { type Context } from 'koa';
import type { Registry } from 'prom-client';

import { refusalMessage } from '../gateway/index.ts';
import { AppError, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type Exchange, securityHeaders } from './exchange.ts';
import { editorPage } from './graphiql.ts';
import type { Health } from './health.ts';
import { statusFor } from './send-error.ts';

export interface PageOptions {
  readonly health: Health;
  readonly registry: Registry;
  readonly log: Logger;
}

type Page = (context: Context) => Promise<void> | void;

/** Everything that is not hot: pages for people and for machines that watch the server, and the answer to unknown paths. */
export function createPages(options: PageOptions): (exchange: Exchange) => Promise<void> {
  const pages = pageTable(options);
  const app = new Koa();
  app.silent = true; // errors are logged below, once
  app.use((context) => servePage(context, pages, options.log));
  const handle = app.callback();
  return async ({ request, response, requestId }) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    response.setHeader('X-Request-Id', requestId);
    await handle(request, response);
  };
}

function pageTable({ health, registry }: PageOptions): ReadonlyMap<string, Page> {
  return new Map<string, Page>([
    ['/', showIndex],
    ['/graphql', showEditor],
    ['/healthz', (context) => showHealth(context, health, true)],
    ['/readyz', (context) => showHealth(context, health, false)],
    ['/metrics', (context) => showMetrics(context, registry)],
  ]);
}

async function servePage(context: Context, pages: ReadonlyMap<string, Page>, log: Logger): Promise<void> {
  try {
    const page = pages.get(context.path);
    if (page === undefined) return showUnknown(context, pages);
    if (context.method !== 'GET' && context.method !== 'HEAD') return showMethod(context);
    await page(context);
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

function showUnknown(context: Context, pages: ReadonlyMap<string, Page>): void {
  const paths = [...pages.keys(), '/mcp', '/intent/mcp'];
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

async function showMetrics(context: Context, registry: Registry): Promise<void> {
  context.type = registry.contentType;
  context.body = await registry.metrics();
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
