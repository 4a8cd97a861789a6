import { AppError, badInput } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { insertUser, type UserRow } from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { type AccessRule, actorsOfUser, checkActors, replaceAccessRules, rightsChanged } from '../identity/index.ts';
import { makeUserLink, newUser } from './invitations.ts';
import { isUnproved, toUserRecord, type UserRecord } from './user-record.ts';
import { parseUsername } from './username.ts';
import { requireUser } from './users.ts';

export interface NewInvitation {
  readonly username: string;
  readonly invitationEmail?: string | null | undefined;
  readonly accessRules: readonly AccessRule[];
}

const MAX_EMAIL_LENGTH = 254; // RFC 5321
const EMAIL = /^[^\s@<>"(),:;]+@[^\s@<>"(),:;]+$/;

/**
 * Makes a user who can sign in once they have followed a link, within a day. The link is in the answer and nowhere
 * else: whoever invites passes it on.
 *
 * @throws BAD_INPUT naming the field, FORBIDDEN for an assistant
 */
export async function inviteUser(
  context: DomainContext,
  request: Request,
  { username, invitationEmail, accessRules }: NewInvitation,
): Promise<UserRecord> {
  refuseAssistant(request);
  const user: UserRow = {
    ...newUser(parseUsername(username), context.clock.now()),
    email: parseEmail(invitationEmail ?? ''),
  };
  const record = await context.storage.transaction(async (db) => {
    if (!(await insertUser(db, user))) throw badInput('username', 'is taken; choose another one');
    await replaceAccessRules(db, request.caller, { actorKind: 'USER', actorId: user.id }, accessRules);
    const secret = await makeUserLink(db, context, user.id);
    await recordAudit(db, context, request, {
      action: 'user.invite',
      affected: { type: 'USER', id: user.id },
      data: {
        username: user.username,
        email: user.email,
        accessRules: accessRules.map(({ space, spaceAccessLevel }) => `${spaceAccessLevel} ${space}`),
      },
    });
    return withLink(context, await toUserRecord(db, user, context.clock.now()), secret);
  });
  await rightsChanged(context);
  return record;
}

/**
 * A new link for somebody who has not followed theirs; the old one ends.
 *
 * @throws CONFLICT when the user is active or was deactivated; FORBIDDEN for an assistant, and when the user holds more
 * than the caller, who could follow the link in their place
 */
export async function renewInvitation(context: DomainContext, request: Request, id: string): Promise<UserRecord> {
  refuseAssistant(request);
  return context.storage.transaction(async (db) => {
    const user = await requireUser(db, id);
    if (user.disabled) throw new AppError('CONFLICT', 'id: the user is inactive; activate them first');
    if (!isUnproved(user)) throw new AppError('CONFLICT', 'id: the user has accepted their invitation already');
    return giveLink(db, context, request, { user, action: 'user.renew-invitation' });
  });
}

/**
 * A link by which somebody who forgot their password chooses another one. Until they follow it nothing changes; then
 * all their sessions end.
 *
 * @throws CONFLICT when the user has no password here or was deactivated; FORBIDDEN as for `renewInvitation`
 */
export async function resetPassword(context: DomainContext, request: Request, id: string): Promise<UserRecord> {
  refuseAssistant(request);
  return context.storage.transaction(async (db) => {
    const user = await requireUser(db, id);
    if (user.disabled) throw new AppError('CONFLICT', 'id: the user is inactive; activate them first');
    if (user.passwordHash === undefined) throw new AppError('CONFLICT', 'id: the user has no password here');
    return giveLink(db, context, request, { user, action: 'user.reset-password' });
  });
}

interface LinkFor {
  readonly user: UserRow;
  readonly action: string;
}

async function giveLink(
  db: Db,
  context: DomainContext,
  request: Request,
  { user, action }: LinkFor,
): Promise<UserRecord> {
  const { id, username } = user;
  await checkActors(db, request.caller, await actorsOfUser(db, user));
  const secret = await makeUserLink(db, context, id);
  await recordAudit(db, context, request, { action, affected: { type: 'USER', id }, data: { username } });
  return withLink(context, await toUserRecord(db, user, context.clock.now()), secret);
}

function withLink({ publicUrl }: DomainContext, record: UserRecord, secret: string): UserRecord {
  return { ...record, invitationLink: `${publicUrl}/invitation/${secret}` };
}

/** The link is as good as a password until it is used. */
function refuseAssistant({ origin }: Request): void {
  if (origin.via !== 'MCP') return;
  throw new AppError(
    'FORBIDDEN',
    'unauthorized: an assistant cannot invite people; do it through the GraphQL API, where the link is seen by you alone',
  );
}

function parseEmail(text: string): string | undefined {
  const email = text.trim();
  if (email === '') return undefined;
  if (email.length <= MAX_EMAIL_LENGTH && EMAIL.test(email)) return email;
  throw badInput('invitationEmail', 'must be an e-mail address such as ada@example.com');
}
