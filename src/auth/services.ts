import type { Context } from 'koa';
import type Provider from 'oidc-provider';

import type { DomainContext, Request } from '../domain/context.ts';
import type { ChangePassword, SignedIn, SignIn, SsoAdmission } from '../domain/people/index.ts';
import type { Origin } from '../shared/caller.ts';
import type { Cookie } from './cookies.ts';
import type { Forms } from './forms.ts';
import type { GuessLimit } from './guess-limit.ts';
import type { RateLimit } from './oauth/rate-limit.ts';
import type { SsoAttempts } from './sso/sso-attempts.ts';
import type { Sso } from './sso/sso.ts';

/** The way in by the company's sign-in service. */
export interface SingleSignOn {
  /** What the button calls it. */
  readonly name: string;
  readonly sso: Sso;
  readonly attempts: SsoAttempts;
  readonly admission: SsoAdmission;
  /** Beginning writes a row, and strangers can. */
  readonly mayBegin: RateLimit;
}

/** What the pages stand on. */
export interface Services {
  readonly domain: DomainContext;
  readonly provider: Provider;
  readonly signIn: SignIn;
  readonly changePassword: ChangePassword;
  /** Undefined when people sign in with passwords only. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** Of the codes that devices show. */
  readonly codeGuesses: GuessLimit;
  readonly sessionCookie: Cookie;
  readonly forms: Forms;
  /** How the request came, for the audit trail. */
  originOf(context: Context): Origin;
  /** On whose behalf: nobody's yet, or the person's who is signed in. */
  requestOf(context: Context, person?: SignedIn): Request;
}

/** Answers one path; `rest` is what the path has behind the fixed part. */
export type Route = (services: Services, context: Context, rest: string) => Promise<void> | void;
