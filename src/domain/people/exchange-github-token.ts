import { AppError } from '../../shared/errors.ts';
import type { DomainContext, Request } from '../context.ts';
import { asUser } from './as-user.ts';
import { beginCliSession } from './cli-session.ts';
import { enterBySso } from './sso-sign-in.ts';

export interface ExchangedGithubToken {
  readonly id: string;
  readonly name: string;
  readonly jwt: string;
  /** Unix seconds. */
  readonly validUntil: number;
}

/**
 * Exchanges a token of GitHub for a bearer token of its owner, who must be a member of the organisation that the
 * operator named. The person is known by GitHub's number for them: names there are given away again.
 *
 * @throws UNAUTHENTICATED, also when the login policies do not let them in; RATE_LIMITED, UNAVAILABLE
 */
export async function exchangeGithubToken(
  context: DomainContext,
  request: Request,
  token: string,
): Promise<ExchangedGithubToken> {
  const { github } = context;
  if (github === undefined) throw unauthorized('this server takes no GitHub tokens; sign in, or use an API key');
  const identity = await github.identify(token, request.origin.remoteAddress ?? '');
  const user = await enterBySso(context, request, identity, github.admission).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'FORBIDDEN' ? unauthorized(error.message) : error;
  });
  const signedIn = { userId: user.id, username: user.username };
  const { jwt, validUntil } = await beginCliSession(context, asUser(request, user), signedIn, 'GitHub token');
  return { id: user.id, name: user.username, jwt, validUntil };
}

function unauthorized(problem: string): AppError {
  return new AppError('UNAUTHENTICATED', `unauthorized: ${problem}`);
}
