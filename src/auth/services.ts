import type { Context } from 'koa';
import type Provider from 'oidc-provider';

import type { DomainContext, Request } from '../domain/context.ts';
import type { ChangePassword, SignedIn, SignIn } from '../domain/people/index.ts';
import type { Origin } from '../shared/caller.ts';
import type { Cookie } from './cookies.ts';
import type { Forms } from './forms.ts';

/** What the pages stand on. */
export interface Services {
  readonly domain: DomainContext;
  readonly provider: Provider;
  readonly signIn: SignIn;
  readonly changePassword: ChangePassword;
  readonly sessionCookie: Cookie;
  readonly forms: Forms;
  /** How the request came, for the audit trail. */
  originOf(context: Context): Origin;
  /** On whose behalf: nobody's yet, or the person's who is signed in. */
  requestOf(context: Context, person?: SignedIn): Request;
}

/** Answers one path; `rest` is what the path has behind the fixed part. */
export type Route = (services: Services, context: Context, rest: string) => Promise<void> | void;
