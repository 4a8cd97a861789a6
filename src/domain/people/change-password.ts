import { AppError } from '../../shared/errors.ts';
import { findUser, updateUser } from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { endSessionsOf } from './end-sessions.ts';
import { createFailureLimit } from '../failure-limit.ts';
import { hashPassword, matchesPassword } from './passwords.ts';
import { browserSessionId } from './sign-in.ts';
import { requireUser } from './users.ts';

export interface PasswordChange {
  readonly userId: string;
  /** The one that holds now: a browser that was left alone must not be enough. */
  readonly current: string;
  readonly password: string;
  /** Cookie of the session that stays. */
  readonly sessionToken: string;
}

/**
 * Gives a person another password. All their other sessions end.
 *
 * @throws UNAUTHENTICATED when the current one is wrong, BAD_INPUT, RATE_LIMITED
 */
export type ChangePassword = (request: Request, change: PasswordChange) => Promise<void>;

const MAX_FAILURES = 10;

export function createPasswordChange(context: DomainContext): ChangePassword {
  const failures = createFailureLimit();
  return async (request, { userId, current, password, sessionToken }) => {
    const wasGood = failures.begin([{ id: userId, limit: MAX_FAILURES }]);
    const user = await context.storage.read((db) => requireUser(db, userId));
    if (!(await matchesPassword(user.passwordHash, current))) {
      throw new AppError('UNAUTHENTICATED', 'The current password is wrong.');
    }
    wasGood();
    const passwordHash = await hashPassword(password);
    await context.storage.transaction(async (db) => {
      await updateUser(db, userId, { passwordHash });
      await endSessionsOf(db, userId, context.clock.now(), { browser: browserSessionId(sessionToken) });
      await recordAudit(db, context, request, {
        action: 'user.change-password',
        affected: { type: 'USER', id: userId },
        data: { username: user.username },
      });
    });
    await rightsChanged(context);
  };
}

/** Whether the person signs in by a password of this server. */
export async function hasPassword(context: DomainContext, userId: string): Promise<boolean> {
  return (await context.storage.read((db) => findUser(db, userId)))?.passwordHash !== undefined;
}
