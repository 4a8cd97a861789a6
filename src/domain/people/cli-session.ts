import { insertBrowserSession } from '../../storage/people.ts';
import { newUlid } from '../../shared/ids.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { createTokenKeys, type IssuedToken, TOKEN_SECONDS } from '../identity/index.ts';
import { judgeLogin } from '../login/index.ts';
import type { SignedIn } from './sign-in.ts';

/**
 * A session for the command line of somebody who is signed in at a browser, with its bearer token.
 *
 * @param client what it was begun with, for the list of sessions
 * @throws UNAUTHENTICATED when the login policies do not let the person in
 */
export async function beginCliSession(
  context: DomainContext,
  request: Request,
  { userId }: SignedIn,
  client?: string,
): Promise<IssuedToken> {
  const id = newUlid();
  const createdAt = context.clock.now();
  const expiresAt = new Date(createdAt.getTime() + TOKEN_SECONDS * 1000);
  await judgeLogin(context, request.origin, { kind: 'USER', id: userId, session: `cli:${id}`, expiresAt });
  await context.storage.transaction(async (db) => {
    const { remoteAddress } = request.origin;
    await insertBrowserSession(db, {
      id,
      kind: 'COMMAND_LINE',
      userId,
      remoteAddress,
      client,
      createdAt,
      lastUsedAt: undefined,
      expiresAt,
    });
    const affected = { type: 'USER', id: userId };
    await recordAudit(db, context, request, { action: 'user.cli-sign-in', eventType: 'SIGN_IN', affected });
  });
  return createTokenKeys(context).issue(userId, id);
}
