import type { Context } from 'koa';

import {
  endOtherSessions,
  endOwnSession,
  hasPassword,
  listOwnSessions,
  type SignedIn,
} from '../domain/people/index.ts';
import { AppError } from '../shared/errors.ts';
import { showPage } from './page-answer.ts';
import { accountPage } from './pages/account-page.ts';
import { passwordPage } from './pages/password-page.ts';
import type { Services } from './services.ts';
import { askToSignIn, expectedProblem, HOME, whoIsSignedIn } from './sign-in-routes.ts';

/** What somebody sees who signed in without coming from a client: what they are signed in with. */
export async function showAccount(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const { domain } = services;
  const page = accountPage({
    csrf: services.forms.tokenFor(context),
    username: person.username,
    hasPassword: await hasPassword(domain, person.userId),
    sessions: await listOwnSessions(domain, services.requestOf(context, person)),
    now: domain.clock.now(),
  });
  showPage(context, page);
}

/** Ends the session that a button stands for, or all others. */
export async function takeSessionEnd(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const fields = await services.forms.read(context);
  const request = services.requestOf(context, person);
  const id = fields.get('end') ?? '';
  await (id === 'others' ? endOtherSessions(services.domain, request) : endUnlessEnded(services, request, id));
  context.status = 303;
  context.redirect(HOME);
}

/** Two clicks on one button, or a session that has just ended by itself, are no error. */
async function endUnlessEnded({ domain }: Services, request: Parameters<typeof endOwnSession>[1], id: string) {
  try {
    await endOwnSession(domain, request, id);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'NO_SUCH') throw error;
  }
}

export async function showPassword(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  await requirePassword(services, person);
  showPage(
    context,
    passwordPage({ csrf: services.forms.tokenFor(context), username: person.username, problem: undefined }),
  );
}

async function requirePassword({ domain }: Services, { userId }: SignedIn): Promise<void> {
  if (await hasPassword(domain, userId)) return;
  throw new AppError('CONFLICT', 'You have no password here: change it where your company signs you in.');
}

export async function takePassword(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  const sessionToken = services.sessionCookie.read(context);
  if (person === undefined || sessionToken === undefined) return askToSignIn(context);
  const fields = await services.forms.read(context);
  await requirePassword(services, person);
  const [current, password] = [fields.get('current') ?? '', fields.get('password') ?? ''];
  try {
    if (password !== fields.get('repeated')) throw new AppError('BAD_INPUT', 'password: the two are not the same');
    const change = { userId: person.userId, current, password, sessionToken };
    await services.changePassword(services.requestOf(context, person), change);
    context.status = 303;
    context.redirect(HOME);
  } catch (error) {
    const problem = expectedProblem(context, error);
    showPage(context, passwordPage({ csrf: services.forms.tokenFor(context), username: person.username, problem }));
  }
}
