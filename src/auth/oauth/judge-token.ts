import { errors } from 'oidc-provider';

import type { DomainContext } from '../../domain/context.ts';
import { grantSubject, judgeLogin } from '../../domain/login/index.ts';
import type { Origin } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';

/** What the library says of a code or a refresh token that is about to be exchanged. */
export interface ExchangedToken {
  readonly grantId?: string | undefined;
  readonly consumed?: unknown;
}

/**
 * Asks the login policies about the owner of a code or refresh token before anything is given for it. One that was used
 * already is left to the library, which takes back what came of it.
 *
 * @throws OIDCProviderError `invalid_grant` when the policies deny, `temporarily_unavailable` when they gave no answer
 */
export async function judgeToken(
  context: DomainContext,
  origin: Origin,
  userId: string,
  { grantId, consumed }: ExchangedToken,
): Promise<void> {
  if (grantId === undefined || Boolean(consumed)) return;
  try {
    await judgeLogin(context, origin, grantSubject(userId, grantId, context.clock.now()));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') throw error;
    const name = error.details['reason'] === 'LOGIN_UNDECIDED' ? 'temporarily_unavailable' : 'invalid_grant';
    throw new errors.CustomOIDCProviderError(name, printable(error.message));
  }
}

/** The characters that RFC 6749 allows in a description. */
function printable(message: string): string {
  return message.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
