import { createHash, randomBytes } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import {
  deleteBrowserSession,
  findBrowserSession,
  findUser,
  findUserByName,
  insertBrowserSession,
  updateUser,
  type UserRow,
} from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
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
// Failures after which a person at one address, an address, or a name waits. A name alone has a high limit: otherwise
// anybody could keep anybody out.
const LIMITS = { both: 10, address: 50, name: 100 } as const;
const FAILURE_MEMORY_MS = 15 * 60 * 1000;

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
  const failures = new LRUCache<string, number>({ max: 50_000, ttl: FAILURE_MEMORY_MS });
  const add = (counted: readonly Counted[], step: 1 | -1): void => {
    for (const { id } of counted) failures.set(id, Math.max(0, (failures.get(id) ?? 0) + step));
  };
  return async (request, { username, password }, previous) => {
    const name = username.trim().toLowerCase().slice(0, 100);
    const counted = countedFor(name, request.origin.remoteAddress ?? '');
    if (counted.some(({ id, limit }) => (failures.get(id) ?? 0) >= limit)) throw tooMany();
    add(counted, 1); // before the slow comparison, so that attempts at the same time count too
    const user = await context.storage.read((db) => findUserByName(db, name));
    const matches = await matchesPassword(user?.passwordHash, password);
    if (user === undefined || !matches || user.disabled) {
      await recordFailure(context, request, user);
      throw new AppError('UNAUTHENTICATED', 'The name or the password is wrong.');
    }
    add(counted, -1);
    return beginSession(context, request, user, previous);
  };
}

interface Counted {
  readonly id: string;
  readonly limit: number;
}

function countedFor(name: string, address: string): readonly Counted[] {
  return [
    { id: `both ${address} ${name}`, limit: LIMITS.both },
    { id: `address ${address}`, limit: LIMITS.address },
    { id: `name ${name}`, limit: LIMITS.name },
  ];
}

function tooMany(): AppError {
  return new AppError('RATE_LIMITED', 'Too many attempts. Wait a quarter of an hour and try again.');
}

/** Only for users that exist: anybody can send other names, in any number, and the trail is kept for ever. */
async function recordFailure(context: DomainContext, request: Request, user: UserRow | undefined): Promise<void> {
  if (user === undefined) return;
  const affected = { type: 'USER', id: user.id };
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, { action: 'user.sign-in-refused', eventType: 'REFUSAL', affected }),
  );
}

/** Begins a session for a user who has just proved who they are. */
export async function beginSession(
  context: DomainContext,
  request: Request,
  user: Pick<UserRow, 'id' | 'username'>,
  previous: string | undefined,
): Promise<NewSession> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const createdAt = context.clock.now();
  const principal = { kind: 'USER', id: user.id, name: user.username } as const;
  await context.storage.transaction(async (db) => {
    if (previous !== undefined) await deleteBrowserSession(db, hashOf(previous));
    await insertBrowserSession(db, {
      id: hashOf(token),
      userId: user.id,
      remoteAddress: request.origin.remoteAddress,
      client: request.origin.client?.slice(0, 200),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + SESSION_SECONDS * 1000),
    });
    await updateUser(db, user.id, { lastSignInAt: createdAt });
    const event = { action: 'user.sign-in', eventType: 'SIGN_IN', affected: { type: 'USER', id: user.id } } as const;
    await recordAudit(db, context, { ...request, caller: { ...request.caller, principal } }, event);
  });
  return { userId: user.id, username: user.username, token };
}

/** Who is signed in with that cookie. */
export function findSignedIn(context: DomainContext, token: string): Promise<SignedIn | undefined> {
  return context.storage.read(async (db) => {
    const session = await findBrowserSession(db, hashOf(token), context.clock.now());
    return session === undefined ? undefined : signedIn(db, session.userId);
  });
}

async function signedIn(db: Db, userId: string): Promise<SignedIn | undefined> {
  const user = await findUser(db, userId);
  return user === undefined || user.disabled ? undefined : { userId, username: user.username };
}

export async function findActiveUser(context: DomainContext, userId: string): Promise<SignedIn | undefined> {
  return context.storage.read((db) => signedIn(db, userId));
}

export async function endSession(context: DomainContext, token: string): Promise<void> {
  await context.storage.transaction((db) => deleteBrowserSession(db, hashOf(token)));
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
