import type { Context } from 'koa';

import { acceptInvitation, beginSession, findOpenInvitation, type OpenInvitation } from '../domain/people/index.ts';
import { AppError } from '../shared/errors.ts';
import { showPage } from './page-answer.ts';
import { invitationPage } from './pages/invitation-page.ts';
import type { Services } from './services.ts';
import { expectedProblem, goOn, HOME } from './sign-in-routes.ts';

export async function showInvitation(services: Services, context: Context, secret: string): Promise<void> {
  const invitation = await requireOpen(services, secret);
  const csrf = services.forms.tokenFor(context);
  showPage(context, invitationPage({ csrf, invited: invitation.username, username: '', problem: undefined }));
}

async function requireOpen({ domain }: Services, secret: string): Promise<OpenInvitation> {
  const invitation = await findOpenInvitation(domain, secret);
  if (invitation !== undefined) return invitation;
  throw new AppError(
    'NO_SUCH',
    'This link was used already or has ended. Ask whoever invited you for a new one; while there is no administrator, starting the server prints one.',
  );
}

export async function takeInvitation(services: Services, context: Context, secret: string): Promise<void> {
  const fields = await services.forms.read(context);
  const invitation = await requireOpen(services, secret);
  const [username, password] = [fields.get('username') ?? '', fields.get('password') ?? ''];
  const request = services.requestOf(context);
  try {
    if (password !== fields.get('repeated')) throw new AppError('BAD_INPUT', 'password: the two are not the same');
    const user = await acceptInvitation(services.domain, request, secret, { username, password });
    const session = await beginSession(services.domain, request, user, services.sessionCookie.read(context));
    goOn(services, context, session, HOME);
  } catch (error) {
    const problem = expectedProblem(context, error);
    const csrf = services.forms.tokenFor(context);
    showPage(context, invitationPage({ csrf, invited: invitation.username, username, problem }));
  }
}
