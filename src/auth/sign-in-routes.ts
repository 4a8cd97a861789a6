import type { Context } from 'koa';

import { endSession, findSignedIn, type NewSession, SESSION_SECONDS, type SignedIn } from '../domain/people/index.ts';
import { AppError, errorCodes } from '../shared/errors.ts';
import { forPeople, showPage } from './page-answer.ts';
import { signInPage } from './pages/sign-in-page.ts';
import type { Services } from './services.ts';

export const HOME = '/account';
const LOCAL_PATH = /^\/(?![/\\])[\w\-./?=&%~+:]{0,2000}$/;

/** Only to a path of our own: a link must not lead people from our sign-in page to somebody else's. */
export function parseNext(text: string | null | undefined): string {
  return text != null && LOCAL_PATH.test(text) ? text : HOME;
}

/** Who is signed in at this browser. */
export async function whoIsSignedIn(services: Services, context: Context): Promise<SignedIn | undefined> {
  const token = services.sessionCookie.read(context);
  return token === undefined ? undefined : findSignedIn(services.domain, services.originOf(context), token);
}

/** Sends the browser to the sign-in page and back here afterwards. */
export function askToSignIn(context: Context): void {
  context.redirect(`/sign-in?next=${encodeURIComponent(context.url)}`);
}

export function showSignIn(services: Services, context: Context): void {
  const next = parseNext(new URLSearchParams(context.querystring).get('next'));
  showPage(context, signInPage({ ...frame(services, context), next, username: '', problem: undefined }));
}

function frame({ forms, singleSignOn }: Services, context: Context) {
  return { csrf: forms.tokenFor(context), ssoName: singleSignOn?.name };
}

export async function takeSignIn(services: Services, context: Context): Promise<void> {
  const fields = await services.forms.read(context);
  const [username, password] = [fields.get('username') ?? '', fields.get('password') ?? ''];
  const next = parseNext(fields.get('next'));
  try {
    const previous = services.sessionCookie.read(context);
    const session = await services.signIn(services.requestOf(context), { username, password }, previous);
    goOn(services, context, session, next);
  } catch (error) {
    const text = expectedProblem(context, error);
    showPage(context, signInPage({ ...frame(services, context), next, username, problem: text }));
  }
}

/** Lets the browser in. */
export function goOn(services: Services, context: Context, session: NewSession, next: string): void {
  services.sessionCookie.write(context, session.token, SESSION_SECONDS);
  context.status = 303;
  context.redirect(next);
}

/** What the person can do something about; anything else goes on to the error page. */
export function expectedProblem(context: Context, error: unknown): string {
  const shown = ['UNAUTHENTICATED', 'RATE_LIMITED', 'BAD_INPUT'];
  if (!(error instanceof AppError) || !shown.includes(error.code)) throw error;
  context.status = errorCodes[error.code].status;
  return forPeople(error.message);
}

export async function takeSignOut(services: Services, context: Context): Promise<void> {
  await services.forms.read(context);
  const token = services.sessionCookie.read(context);
  if (token !== undefined) await endSession(services.domain, services.requestOf(context), token);
  services.sessionCookie.clear(context);
  context.status = 303;
  context.redirect('/sign-in');
}
