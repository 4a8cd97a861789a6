import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Context } from 'koa';
import type Provider from 'oidc-provider';

import type { DomainContext } from '../../domain/context.ts';
import { allowedRedirectHosts, mayRedirectTo } from '../../domain/oauth/index.ts';
import { createSafeFetch, type SafeFetch } from '../../outbound/index.ts';
import type { Origin } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import { createTokenBuckets } from '../../shared/token-buckets.ts';
import { showProblem } from '../page-answer.ts';
import { createProvider } from './create-provider.ts';
import { metadataDocuments, oauthPaths } from './metadata.ts';
import { prepareRequest } from './prepare-request.ts';
import { createRateLimit } from './rate-limit.ts';
import { recordEvents } from './record-events.ts';

export interface OAuthOptions {
  readonly context: DomainContext;
  /** Life of an access token. */
  readonly accessTokenSeconds: number;
  /** Tests give documents of their own. */
  readonly fetchDocument?: SafeFetch;
}

export interface OAuth {
  readonly provider: Provider;
  owns(path: string): boolean;
  readonly paths: readonly string[];
  handle(request: IncomingMessage, response: ServerResponse, origin: Origin): Promise<void>;
}

const POLL_SECONDS = 3;
const DOCUMENT_LIMITS = { timeoutMs: 2_500, maxBytes: 5_120 };
// A client asks once for each sign-in and refresh; whoever guesses codes and tokens asks more often.
const TOKEN_REQUESTS = { perSecond: 10, burst: 300 };
const tokenPaths: readonly string[] = [oauthPaths.token, oauthPaths.revocation];
const serverPaths: readonly string[] = Object.values(oauthPaths);

/** The OAuth server and the documents by which clients find it. */
export async function createOAuth(options: OAuthOptions): Promise<OAuth> {
  const { context, accessTokenSeconds, fetchDocument = createSafeFetch(DOCUMENT_LIMITS) } = options;
  const hosts = createHostList(context);
  const origins = new WeakMap<IncomingMessage, Origin>();
  const provider = await createProvider({
    context,
    accessTokenSeconds,
    fetchDocument,
    originOf: (request) => originIn(origins, request),
    redirectHosts: () => hosts.now,
    renderError: (ctx, out) => {
      const { status } = ctx;
      showProblem(ctx, new AppError('BAD_INPUT', explain(out)));
      ctx.status = status;
    },
  });
  provider.use((ctx, next) => {
    const problem = problemOf(ctx, hosts.now);
    return problem === undefined ? next() : showProblem(ctx, new AppError('BAD_INPUT', problem));
  });
  // How often a device may ask whether the person has decided; the library leaves it to the default of the standard.
  provider.on('device_authorization.success', (_ctx, body: Record<string, unknown>) => {
    body['interval'] = POLL_SECONDS;
  });
  recordEvents(provider, context, (request) => originIn(origins, request));
  const mayRegister = createRateLimit();
  const mayAskForCode = createRateLimit();
  const tokenRequests = createTokenBuckets(TOKEN_REQUESTS);
  const documents = metadataDocuments(context.publicUrl);
  const serve = provider.callback();
  return {
    provider,
    paths: [...serverPaths, ...documents.keys()],
    owns: (path) => documents.has(path) || path.startsWith('/oauth/'),
    async handle(request, response, origin) {
      const [path = ''] = (request.url ?? '').split('?');
      const document = documents.get(path);
      if (document !== undefined) return sendDocument(request, response, document);
      if (!isServerPath(path)) return sendUnknown(response);
      const address = origin.remoteAddress ?? '';
      if (path === oauthPaths.registration && !mayRegister(address)) return sendTooMany(response);
      if (path === oauthPaths.device_authorization && !mayAskForCode(address)) return sendTooMany(response);
      if (tokenPaths.includes(path) && tokenRequests.take(address) > 0) return sendTooMany(response);
      await hosts.refresh();
      origins.set(request, origin);
      prepareRequest(request, context.publicUrl);
      await serve(request, response);
    },
  };
}

function originIn(origins: WeakMap<IncomingMessage, Origin>, request: IncomingMessage): Origin {
  return origins.get(request) ?? { via: 'UI', requestId: '', remoteAddress: undefined, client: undefined };
}

/** What is wrong with a request for access, beyond what the library sees to. */
function problemOf(ctx: Context, hosts: readonly string[]): string | undefined {
  if (ctx.path !== oauthPaths.authorization) return undefined;
  const query = new URLSearchParams(ctx.querystring);
  const uri = query.get('redirect_uri');
  // A client that registered when its host was still listed is turned away once it is not.
  if (uri !== null && !mayRedirectTo(uri, hosts)) {
    return 'The request was refused: it would lead to a host that is not allowed.';
  }
  // The library knows ways to answer that our metadata does not offer.
  const isOther = query.getAll('response_mode').some((mode) => mode !== 'query');
  return isOther ? 'The request was refused: response_mode must be query.' : undefined;
}

/** The library serves more than we offer: what is not in our metadata is not there. */
function isServerPath(path: string): boolean {
  return serverPaths.includes(path) || path.startsWith(`${oauthPaths.authorization}/`);
}

function explain({
  error,
  error_description: description,
}: {
  error: string;
  error_description?: string | undefined;
}): string {
  return description === undefined ? `The request was refused: ${error}.` : `The request was refused: ${description}.`;
}

interface HostList {
  readonly now: readonly string[];
  refresh(): Promise<void>;
}

/** The library asks for the list where it cannot wait, so it is brought up to date before each request. */
function createHostList(context: DomainContext): HostList {
  let [now, epoch]: [readonly string[], number | undefined] = [[], undefined];
  return {
    get now() {
      return now;
    },
    async refresh() {
      const { epoch: current } = context.rights;
      if (epoch === current) return;
      now = await allowedRedirectHosts(context);
      epoch = current;
    },
  };
}

function sendDocument(request: IncomingMessage, response: ServerResponse, document: object): void {
  const allowed = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS';
  response.setHeader('Access-Control-Allow-Origin', '*'); // public, and the same for everybody
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  if (!allowed) response.setHeader('Allow', 'GET, HEAD, OPTIONS');
  const text = allowed ? JSON.stringify(document) : '{"error":"invalid_request"}';
  response.writeHead(allowed ? 200 : 405, {
    'Content-Type': 'application/json',
    'Cache-Control': 'public, max-age=300',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function sendTooMany(response: ServerResponse): void {
  response.writeHead(429, { 'Content-Type': 'application/json', 'Retry-After': '60' });
  response.end('{"error":"temporarily_unavailable","error_description":"too many requests; wait a minute"}');
}

function sendUnknown(response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'application/json' });
  response.end('{"error":"invalid_request","error_description":"there is no such endpoint"}');
}
