import type { Context } from 'koa';

import { signInBySso } from '../domain/people/index.ts';
import { AppError } from '../shared/errors.ts';
import type { Services, SingleSignOn } from './services.ts';
import { goOn, parseNext } from './sign-in-routes.ts';

/** Sends the browser to the company's sign-in service. Only our own sign-in page, or the person, may begin that. */
export async function beginSso(services: Services, context: Context): Promise<void> {
  const { sso, mayBegin, attempts } = requireSso(services);
  const next = parseNext(new URLSearchParams(context.querystring).get('next'));
  if (!['', 'same-origin', 'none'].includes(context.get('Sec-Fetch-Site'))) {
    context.redirect(`/sign-in?next=${encodeURIComponent(next)}`);
    return;
  }
  if (!mayBegin(services.originOf(context).remoteAddress ?? '')) {
    throw new AppError('RATE_LIMITED', 'Too many attempts. Wait a minute and try again.');
  }
  const { url, secrets } = await sso.begin();
  await attempts.begin(context, { secrets, next });
  context.redirect(url.href);
}

/** Lets in whom the company's sign-in service has sent back. */
export async function finishSso(services: Services, context: Context): Promise<void> {
  const { sso, attempts, admission } = requireSso(services);
  const state = new URLSearchParams(context.querystring).get('state') ?? '';
  const attempt = await attempts.take(context, state);
  if (attempt === undefined) throw unknownAttempt();
  const identity = await sso.finish(`?${context.querystring}`, attempt.secrets);
  const previous = services.sessionCookie.read(context);
  const session = await signInBySso(services.domain, services.requestOf(context), identity, admission, previous);
  goOn(services, context, session, attempt.next);
}

function unknownAttempt(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'This sign-in took too long, was finished already, or began in another browser. Sign in again.',
  );
}

function requireSso({ singleSignOn }: Services): SingleSignOn {
  if (singleSignOn !== undefined) return singleSignOn;
  throw new AppError('NO_SUCH', 'There is no single sign-on at this server.');
}
