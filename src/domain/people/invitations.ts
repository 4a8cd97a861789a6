import { createHash, randomBytes } from 'node:crypto';

import { AppError, badInput, invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { findRole, insertBinding } from '../../storage/identity.ts';
import {
  deleteFirstInvitations,
  deleteInvitationsOf,
  findInvitation,
  findUser,
  insertInvitation,
  insertUser,
  type InvitationRow,
  takeInvitation,
  updateUser,
  type UserRow,
} from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { hasRootAdmin, rightsChanged } from '../identity/index.ts';
import { asUser } from './as-user.ts';
import { endSessionsOf } from './end-sessions.ts';
import { hashPassword } from './passwords.ts';
import { parseUsername } from './username.ts';

const LIFE_MS = 24 * 60 * 60 * 1000;
const SECRET_BYTES = 32;

/**
 * A link for the first person, who becomes admin of everything. Each start makes a new one, and the one before ends,
 * until somebody is.
 *
 * @returns the secret of the link; undefined when there is an admin already
 */
export function inviteFirstAdmin(context: DomainContext): Promise<string | undefined> {
  return context.storage.transaction(async (db) => {
    if (await hasRootAdmin(db)) return undefined;
    const role = await findRole(db, 'space-admin');
    invariant(role !== undefined, 'the system roles are there before the first user');
    await deleteFirstInvitations(db);
    return makeLink(db, context, { userId: undefined, roleId: role.id, spaceId: 'root' });
  });
}

/** A new link for a user; the one before ends. @returns its secret, which is stored nowhere */
export async function makeUserLink(db: Db, context: Pick<DomainContext, 'clock'>, userId: string): Promise<string> {
  await deleteInvitationsOf(db, userId);
  return makeLink(db, context, { userId, roleId: undefined, spaceId: undefined });
}

async function makeLink(
  db: Db,
  { clock }: Pick<DomainContext, 'clock'>,
  target: Pick<InvitationRow, 'userId' | 'roleId' | 'spaceId'>,
): Promise<string> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const createdAt = clock.now();
  const expiresAt = new Date(createdAt.getTime() + LIFE_MS);
  await insertInvitation(db, { id: hashOf(secret), ...target, createdAt, expiresAt });
  return secret;
}

/** A link that still works. */
export interface OpenInvitation {
  /** Name of the user that it is for; undefined when whoever follows it becomes the first admin, by a name of theirs. */
  readonly username: string | undefined;
}

/** @returns undefined when the link was used or has ended */
export async function findOpenInvitation(context: DomainContext, secret: string): Promise<OpenInvitation | undefined> {
  return context.storage.read(async (db) => {
    const invitation = await findInvitation(db, hashOf(secret), context.clock.now());
    if (invitation === undefined) return undefined;
    if (invitation.userId !== undefined) return { username: (await findUser(db, invitation.userId))?.username };
    return (await hasRootAdmin(db)) ? undefined : { username: undefined };
  });
}

export interface Accepted {
  readonly id: string;
  readonly username: string;
}

/**
 * Lets the person in that a link is for: an invited user gets the password; the first admin is made. The link works
 * once.
 *
 * @param given the name counts for the first admin only
 * @throws BAD_INPUT naming the field, NO_SUCH when the link was used or has ended
 */
export async function acceptInvitation(
  context: DomainContext,
  request: Request,
  secret: string,
  given: { readonly username: string; readonly password: string },
): Promise<Accepted> {
  const passwordHash = await hashPassword(given.password);
  const user = await context.storage.transaction(async (db) => {
    const invitation = await takeOpen(db, secret, context.clock.now());
    const { userId } = invitation;
    const proved =
      userId === undefined
        ? await makeFirstAdmin(db, context, { username: parseUsername(given.username), passwordHash }, invitation)
        : await setPassword(db, userId, passwordHash, context.clock.now());
    await recordAccepted(db, context, request, proved, invitation);
    return { id: proved.id, username: proved.username };
  });
  await rightsChanged(context);
  return user;
}

async function makeFirstAdmin(
  db: Db,
  { clock }: DomainContext,
  { username, passwordHash }: { username: string; passwordHash: string },
  { roleId, spaceId }: InvitationRow,
): Promise<UserRow> {
  invariant(roleId !== undefined && spaceId !== undefined, 'a link for nobody in particular gives a role');
  if (await hasRootAdmin(db)) throw usedLink();
  const user = { ...newUser(username, clock.now()), passwordHash };
  if (!(await insertUser(db, user))) throw badInput('username', 'is taken; choose another one');
  await insertBinding(db, {
    id: newUlid(),
    actorKind: 'USER',
    actorId: user.id,
    roleId,
    spaceId,
    projectId: undefined,
  });
  return user;
}

/** Who was invited has no sessions to end; who forgot their password may have lost it to somebody. */
async function setPassword(db: Db, userId: string, passwordHash: string, now: Date): Promise<UserRow> {
  const user = await findUser(db, userId);
  if (user === undefined || user.disabled) throw usedLink();
  await updateUser(db, userId, { passwordHash });
  await endSessionsOf(db, userId, now);
  return user;
}

async function recordAccepted(
  db: Db,
  context: DomainContext,
  request: Request,
  user: UserRow,
  { userId, roleId, spaceId }: InvitationRow,
): Promise<void> {
  const { id, username } = user;
  await recordAudit(db, context, asUser(request, user), {
    action: userId === undefined ? 'user.create' : 'user.accept-invitation',
    affected: { type: 'USER', id },
    data: { username, role: roleId, space: spaceId },
  });
}

/** A user who has not proved anything yet. */
export function newUser(username: string, createdAt: Date): UserRow {
  return {
    id: newUlid(),
    username,
    passwordHash: undefined,
    disabled: false,
    email: undefined,
    ssoIssuer: undefined,
    ssoSubject: undefined,
    ssoGroups: [],
    createdAt,
    lastSignInAt: undefined,
  };
}

async function takeOpen(db: Db, secret: string, now: Date): Promise<InvitationRow> {
  const invitation = await findInvitation(db, hashOf(secret), now);
  if (invitation !== undefined && (await takeInvitation(db, invitation.id))) return invitation;
  throw usedLink();
}

function usedLink(): AppError {
  return new AppError('NO_SUCH', 'this link was used already or has ended');
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
