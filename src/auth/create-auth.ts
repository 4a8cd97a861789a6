import type { IncomingMessage, ServerResponse } from 'node:http';

import Koa, { type Context } from 'koa';

import type { Request } from '../domain/context.ts';
import {
  browserSessionId,
  createPasswordChange,
  createSignIn,
  type SignedIn,
  type SsoAdmission,
} from '../domain/people/index.ts';
import { anonymous, type Origin } from '../shared/caller.ts';
import { AppError, maskError } from '../shared/errors.ts';
import { showAccount, showPassword, takePassword, takeSessionEnd } from './account-routes.ts';
import { showCliLogin, showFailure, showSuccess, takeCliLogin } from './cli-login-routes.ts';
import { showConsent, takeConsent } from './consent-routes.ts';
import { createCookie } from './cookies.ts';
import { showDevice, takeDevice } from './device-routes.ts';
import { createForms } from './forms.ts';
import { createGuessLimit } from './guess-limit.ts';
import { showInvitation, takeInvitation } from './invitation-routes.ts';
import { createOAuth, type OAuth, type OAuthOptions } from './oauth/create-oauth.ts';
import { devicePath } from './oauth/metadata.ts';
import { pageHeaders, showProblem } from './page-answer.ts';
import { createRateLimit } from './oauth/rate-limit.ts';
import type { Route, Services, SingleSignOn } from './services.ts';
import { createSsoAttempts } from './sso/sso-attempts.ts';
import { createSso, type SsoOptions } from './sso/sso.ts';
import { beginSso, finishSso } from './sso-routes.ts';
import { showSignIn, takeSignIn, takeSignOut } from './sign-in-routes.ts';

/** Everything over HTTP by which people and their assistants come in. */
export interface Auth {
  /** Whether a path is one of these. */
  owns(path: string): boolean;
  /** These paths, for people who look for the right one; those that end in a slash go on. */
  readonly paths: readonly string[];
  handle(request: IncomingMessage, response: ServerResponse, origin: Origin): Promise<void>;
}

interface PageRoutes {
  readonly path: string;
  /** Whether the path goes on behind that. */
  readonly open: boolean;
  readonly GET?: Route;
  readonly POST?: Route;
}

const SSO_CALLBACK = '/sign-in/sso/callback';

const routes: readonly PageRoutes[] = [
  { path: '/sign-in', open: false, GET: showSignIn, POST: takeSignIn },
  { path: '/sign-in/sso', open: false, GET: beginSso },
  { path: SSO_CALLBACK, open: false, GET: finishSso },
  { path: '/sign-out', open: false, POST: takeSignOut },
  { path: '/account', open: false, GET: showAccount },
  { path: '/account/sessions', open: false, POST: takeSessionEnd },
  { path: '/account/password', open: false, GET: showPassword, POST: takePassword },
  { path: '/invitation/', open: true, GET: showInvitation, POST: takeInvitation },
  { path: '/cli_login', open: false, GET: showCliLogin, POST: takeCliLogin },
  { path: devicePath, open: false, GET: showDevice, POST: takeDevice },
  { path: '/auth_success', open: false, GET: showSuccess },
  { path: '/auth_failure', open: false, GET: showFailure },
  { path: '/oauth/consent/', open: true, GET: showConsent, POST: takeConsent },
];

/** Single sign-on, as the operator has set it. */
export interface SsoSettings extends SsoAdmission, Omit<SsoOptions, 'redirectUri' | 'outboundAllow' | 'log'> {
  readonly name: string;
}

export interface AuthOptions extends OAuthOptions {
  /** Undefined: people sign in with passwords only. */
  readonly sso?: SsoSettings | undefined;
  /** Hosts that may lie in private networks. */
  readonly outboundAllow?: readonly string[];
}

export async function createAuth(options: AuthOptions): Promise<Auth> {
  const oauth = await createOAuth(options);
  const origins = new WeakMap<IncomingMessage, Origin>();
  const services = servicesOf(options, oauth, origins);
  const pages = new Koa();
  pages.silent = true; // errors are logged below, once
  pages.use((context) => servePage(services, context));
  const servePages = pages.callback();
  return {
    paths: [...routes.map(({ path }) => path), ...oauth.paths],
    owns: (path) => oauth.owns(path) || routeOf(path) !== undefined,
    async handle(request, response, origin) {
      for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
      origins.set(request, origin);
      const [path = ''] = (request.url ?? '').split('?');
      await (routeOf(path) === undefined ? oauth.handle(request, response, origin) : servePages(request, response));
    },
  };
}

function servicesOf(options: AuthOptions, oauth: OAuth, origins: WeakMap<IncomingMessage, Origin>): Services {
  const { context: domain } = options;
  const { publicUrl } = domain;
  const sessionCookie = createCookie('sluice_session', publicUrl);
  const originOf = (context: Context): Origin => {
    const origin = origins.get(context.req);
    if (origin === undefined) throw new Error('a request came in without its origin');
    return { ...origin, via: 'UI' };
  };
  return {
    domain,
    provider: oauth.provider,
    signIn: createSignIn(domain),
    changePassword: createPasswordChange(domain),
    singleSignOn: singleSignOnOf(options),
    codeGuesses: createGuessLimit(domain.clock),
    sessionCookie,
    forms: createForms(publicUrl, createCookie('sluice_form', publicUrl), sessionCookie),
    originOf,
    requestOf: (context, person) => ({
      caller: callerFor(person, sessionCookie.read(context)),
      origin: originOf(context),
    }),
  };
}

function singleSignOnOf({ context, sso, outboundAllow = [] }: AuthOptions): SingleSignOn | undefined {
  if (sso === undefined) return undefined;
  const { publicUrl, log } = context;
  const redirectUri = `${publicUrl}${SSO_CALLBACK}`;
  return {
    name: sso.name,
    sso: createSso({ ...sso, redirectUri, outboundAllow, log }),
    attempts: createSsoAttempts(context, createCookie('sluice_sso', publicUrl)),
    admission: sso,
    mayBegin: createRateLimit(),
  };
}

function callerFor(person: SignedIn | undefined, token: string | undefined): Request['caller'] {
  if (person === undefined) return anonymous;
  const principal = { kind: 'USER', id: person.userId, name: person.username } as const;
  return { ...anonymous, principal, session: token === undefined ? '' : `browser:${browserSessionId(token)}` };
}

function routeOf(path: string): PageRoutes | undefined {
  return routes.find((route) => (route.open ? path.startsWith(route.path) : path === route.path));
}

async function servePage(services: Services, context: Context): Promise<void> {
  try {
    const found = routeOf(context.path);
    const method = context.method === 'HEAD' ? 'GET' : context.method;
    const route = method === 'GET' || method === 'POST' ? found?.[method] : undefined;
    if (found === undefined || route === undefined) throw new AppError('BAD_INPUT', 'There is no such page.');
    if (method === 'GET' && isElsewhere(services, context)) return;
    await route(services, context, decodeRest(context.path.slice(found.path.length)));
  } catch (error) {
    const reference = String(context.res.getHeader('X-Request-Id') ?? '');
    const shown = maskError(error, reference);
    if (shown.code === 'INTERNAL') services.domain.log.error({ err: error, reference }, 'a page failed');
    showProblem(context, shown);
  }
}

/** Cookies and forms belong to one host name: a visit under another one goes on to the public URL. */
function isElsewhere({ domain }: Services, context: Context): boolean {
  if (context.host === new URL(domain.publicUrl).host) return false;
  context.redirect(`${domain.publicUrl}${context.url}`);
  return true;
}

function decodeRest(text: string): string {
  return /^[\w-]{1,200}$/.test(text) ? text : '';
}
