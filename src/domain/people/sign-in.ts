import { createHash, randomBytes } from 'node:crypto';

import type { Origin } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import {
  deleteBrowserSession,
  findBrowserSession,
  findUser,
  findUserByName,
  insertBrowserSession,
  touchBrowserSession,
  updateUser,
  type UserRow,
} from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { judgeLogin, loginRights, type LoginSubject } from '../login/index.ts';
import { type Counted, createFailureLimit } from '../failure-limit.ts';
import { asUser } from './as-user.ts';
import { matchesPassword } from './passwords.ts';

export interface SignedIn {
  readonly userId: string;
  readonly username: string;
}

/** A session that was just begun: `token` goes into the browser's cookie and is stored nowhere. */
export interface NewSession extends SignedIn {
  readonly token: string;
}

/** How long a browser stays signed in. */
export const SESSION_SECONDS = 12 * 60 * 60;
const TOKEN_BYTES = 32;
const USE_INTERVAL_MS = 60_000;
// Failures after which a person at one address, an address, or a name waits. A name alone has a high limit: otherwise
// anybody could keep anybody out.
const LIMITS = { both: 10, address: 50, name: 100 } as const;

/**
 * Signs a person in by password. An unknown name, a wrong password and a disabled user answer alike and take as long.
 *
 * @param previous token of the session that the browser had: it ends, so that nobody can plant one
 * @throws UNAUTHENTICATED, or RATE_LIMITED after too many failures
 */
export type SignIn = (
  request: Request,
  given: { readonly username: string; readonly password: string },
  previous: string | undefined,
) => Promise<NewSession>;

export function createSignIn(context: DomainContext): SignIn {
  const failures = createFailureLimit();
  return async (request, { username, password }, previous) => {
    const name = username.trim().toLowerCase().slice(0, 100);
    const wasGood = failures.begin(countedFor(name, request.origin.remoteAddress ?? ''));
    const user = await context.storage.read((db) => findUserByName(db, name));
    const matches = await matchesPassword(user?.passwordHash, password);
    if (user === undefined || !matches || user.disabled) {
      await recordFailure(context, request, user);
      throw new AppError('UNAUTHENTICATED', 'The name or the password is wrong.');
    }
    wasGood();
    return beginSession(context, request, user, previous);
  };
}

function countedFor(name: string, address: string): readonly Counted[] {
  return [
    { id: `both ${address} ${name}`, limit: LIMITS.both },
    { id: `address ${address}`, limit: LIMITS.address },
    { id: `name ${name}`, limit: LIMITS.name },
  ];
}

/** Only for users that exist: anybody can send other names, in any number, and the trail is kept for ever. */
async function recordFailure(context: DomainContext, request: Request, user: UserRow | undefined): Promise<void> {
  if (user === undefined) return;
  const affected = { type: 'USER', id: user.id };
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, { action: 'user.sign-in-refused', eventType: 'REFUSAL', affected }),
  );
}

/**
 * Begins a session for a user who has just proved who they are.
 *
 * @throws UNAUTHENTICATED when the login policies do not let them in
 */
export async function beginSession(
  context: DomainContext,
  request: Request,
  user: Pick<UserRow, 'id' | 'username'>,
  previous: string | undefined,
): Promise<NewSession> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const createdAt = context.clock.now();
  const expiresAt = new Date(createdAt.getTime() + SESSION_SECONDS * 1000);
  await judgeLogin(context, request.origin, browserSubject(user.id, browserSessionId(token), expiresAt));
  await context.storage.transaction(async (db) => {
    if (previous !== undefined) await deleteBrowserSession(db, browserSessionId(previous));
    await insertBrowserSession(db, {
      id: browserSessionId(token),
      kind: 'BROWSER',
      userId: user.id,
      remoteAddress: request.origin.remoteAddress,
      client: request.origin.client?.slice(0, 200),
      createdAt,
      lastUsedAt: createdAt,
      expiresAt,
    });
    await updateUser(db, user.id, { lastSignInAt: createdAt });
    const event = { action: 'user.sign-in', eventType: 'SIGN_IN', affected: { type: 'USER', id: user.id } } as const;
    await recordAudit(db, context, asUser(request, user), event);
  });
  return { userId: user.id, username: user.username, token };
}

const browserSubject = (userId: string, id: string, expiresAt: Date): LoginSubject => ({
  kind: 'USER',
  id: userId,
  session: `browser:${id}`,
  expiresAt,
});

/** Who is signed in with that cookie. Nobody is whom the login policies, as they are now, do not let in. */
export async function findSignedIn(
  context: DomainContext,
  origin: Origin,
  token: string,
): Promise<SignedIn | undefined> {
  const [id, now] = [browserSessionId(token), context.clock.now()];
  const found = await context.storage.read(async (db) => {
    const session = await findBrowserSession(db, id, now);
    const person = session === undefined ? undefined : await signedIn(db, session.userId);
    return session === undefined || person === undefined ? undefined : { session, person };
  });
  if (found === undefined) return undefined;
  const { userId, expiresAt } = found.session;
  if (!(await isLetIn(context, origin, browserSubject(userId, id, expiresAt)))) return undefined;
  if (isStale(found.session.lastUsedAt, now))
    await context.storage.transaction((db) => touchBrowserSession(db, id, now));
  return found.person;
}

async function isLetIn(context: DomainContext, origin: Origin, subject: LoginSubject): Promise<boolean> {
  try {
    await loginRights(context, origin, subject);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return false;
    throw error;
  }
}

/** Whether it is time to write down again that a session is in use. */
function isStale(lastUsedAt: Date | undefined, now: Date): boolean {
  return lastUsedAt === undefined || now.getTime() - lastUsedAt.getTime() > USE_INTERVAL_MS;
}

async function signedIn(db: Db, userId: string): Promise<SignedIn | undefined> {
  const user = await findUser(db, userId);
  return user === undefined || user.disabled ? undefined : { userId, username: user.username };
}

export async function findActiveUser(context: DomainContext, userId: string): Promise<SignedIn | undefined> {
  return context.storage.read((db) => signedIn(db, userId));
}

/** Signs out: the cookie is good for nothing any more. */
export async function endSession(context: DomainContext, request: Request, token: string): Promise<void> {
  const id = browserSessionId(token);
  await context.storage.transaction(async (db) => {
    const session = await findBrowserSession(db, id, context.clock.now());
    await deleteBrowserSession(db, id);
    if (session === undefined) return;
    const { userId } = session;
    const username = (await findUser(db, userId))?.username ?? userId;
    const event = { action: 'user.sign-out', affected: { type: 'USER', id: userId } } as const;
    await recordAudit(db, context, asUser(request, { id: userId, username }), event);
  });
}

/** Under which id the session of a cookie is stored: who reads the table learns no cookie. */
export function browserSessionId(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
