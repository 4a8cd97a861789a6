import { createHash, randomBytes } from 'node:crypto';

import { AppError, badInput, invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { findRole, insertBinding } from '../../storage/identity.ts';
import {
  countUsers,
  deleteInvitations,
  findInvitation,
  insertInvitation,
  insertUser,
  takeInvitation,
  type InvitationRow,
  type UserRow,
} from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { hashPassword } from './passwords.ts';

const LIFE_MS = 24 * 60 * 60 * 1000;
const SECRET_BYTES = 32;
const USERNAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;

/**
 * A link for the first person, who becomes admin of everything. Each start makes a new one, and the one before ends,
 * until somebody has used it.
 *
 * @returns the secret of the link; undefined when there are users already
 */
export function inviteFirstAdmin(context: DomainContext): Promise<string | undefined> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const createdAt = context.clock.now();
  const expiresAt = new Date(createdAt.getTime() + LIFE_MS);
  return context.storage.transaction(async (db) => {
    if ((await countUsers(db)) > 0) return undefined;
    const role = await findRole(db, 'space-admin');
    invariant(role !== undefined, 'the system roles are there before the first user');
    await deleteInvitations(db);
    await insertInvitation(db, { id: hashOf(secret), roleId: role.id, spaceId: 'root', createdAt, expiresAt });
    return secret;
  });
}

/** Whether the link still works. */
export async function invitationIsOpen(context: DomainContext, secret: string): Promise<boolean> {
  const now = context.clock.now();
  return (await context.storage.read((db) => findInvitation(db, hashOf(secret), now))) !== undefined;
}

export interface NewUser {
  readonly username: string;
  readonly password: string;
}

/**
 * Makes the user that a link is for. The link works once.
 *
 * @returns the user
 * @throws BAD_INPUT naming the field, NO_SUCH when the link was used or has ended
 */
export async function acceptInvitation(
  context: DomainContext,
  request: Request,
  secret: string,
  { username, password }: NewUser,
): Promise<{ readonly id: string; readonly username: string }> {
  const user = await newUser(context, parseUsername(username), password);
  const principal = { kind: 'USER', id: user.id, name: user.username } as const;
  const asUser = { ...request, caller: { ...request.caller, principal } };
  await context.storage.transaction(async (db) => {
    const invitation = await takeOpen(db, secret, context.clock.now());
    if (!(await insertUser(db, user))) throw badInput('username', 'is taken; choose another one');
    const { roleId, spaceId } = invitation;
    await insertBinding(db, { id: newUlid(), actorKind: 'USER', actorId: user.id, roleId, spaceId });
    await recordAudit(db, context, asUser, {
      action: 'user.create',
      affected: { type: 'USER', id: user.id },
      data: { username: user.username, role: roleId, space: spaceId },
    });
  });
  await rightsChanged(context);
  return { id: user.id, username: user.username };
}

async function newUser(context: DomainContext, username: string, password: string): Promise<UserRow> {
  return {
    id: newUlid(),
    username,
    passwordHash: await hashPassword(password),
    disabled: false,
    createdAt: context.clock.now(),
    lastSignInAt: undefined,
  };
}

async function takeOpen(db: Db, secret: string, now: Date): Promise<InvitationRow> {
  const invitation = await findInvitation(db, hashOf(secret), now);
  if (invitation !== undefined && (await takeInvitation(db, invitation.id))) return invitation;
  throw new AppError('NO_SUCH', 'this link was used already or has ended');
}

export function parseUsername(text: string): string {
  const username = text.trim().toLowerCase();
  if (USERNAME.test(username)) return username;
  throw badInput('username', 'must be 1 to 100 letters, digits or . _ @ + - and begin with a letter or digit');
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
