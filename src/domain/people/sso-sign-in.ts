import { AppError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { storableText } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { findUserBySso, insertUser, updateUser, type UserRow } from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { asUser } from './as-user.ts';
import { newUser } from './invitations.ts';
import { beginSession, type NewSession } from './sign-in.ts';

/** What an identity provider has said of somebody, in a token that was checked. */
export interface SsoIdentity {
  /** Issuer and subject together are the person; nothing else is. */
  readonly issuer: string;
  readonly subject: string;
  /** Only an address that the provider has verified. */
  readonly email: string | undefined;
  /** What the person calls themselves; a wish, and no proof of anything. */
  readonly preferredName: string | undefined;
  readonly groups: readonly string[];
}

/** Who may enter; an empty list asks for nothing. */
export interface SsoAdmission {
  readonly allowedGroups: readonly string[];
  readonly allowedDomains: readonly string[];
}

const MAX_GROUPS = 500;
const MAX_GROUP_LENGTH = 200;
const MAX_SUBJECT_LENGTH = 255; // OpenID Connect Core, section 2
const NAME_TRIES = 3;

/**
 * Signs somebody in whom the company's identity provider has sent. Who comes for the first time becomes a user without
 * any rights; groups are those that the provider names now. A local user of the same name or address stays another one.
 *
 * @param previous token of the session that the browser had: it ends
 * @throws FORBIDDEN when the person may not enter, or was shut out here
 */
export async function signInBySso(
  context: DomainContext,
  request: Request,
  identity: SsoIdentity,
  admission: SsoAdmission,
  previous: string | undefined,
): Promise<NewSession> {
  return beginSession(context, request, await enterBySso(context, request, identity, admission), previous);
}

/**
 * The user that somebody is whom another provider has vouched for; made when they come for the first time.
 *
 * @throws FORBIDDEN as `signInBySso`
 */
export async function enterBySso(
  context: DomainContext,
  request: Request,
  identity: SsoIdentity,
  admission: SsoAdmission,
): Promise<UserRow> {
  const problem = admissionProblem(identity, admission);
  if (problem !== undefined) throw await refused(context, request, identity, problem);
  const { user, changed } = await context.storage.transaction((db) => findOrMake(db, context, request, identity));
  if (changed) await rightsChanged(context);
  if (user.disabled) throw await refused(context, request, identity, 'you were shut out here');
  return user;
}

function admissionProblem(
  { subject, email, groups }: SsoIdentity,
  { allowedGroups, allowedDomains }: SsoAdmission,
): string | undefined {
  if (subject === '' || subject.length > MAX_SUBJECT_LENGTH || storableText(subject) !== subject)
    return 'your identity provider gives you an id that cannot be used';
  if (allowedGroups.length > 0 && !allowedGroups.some((group) => groups.includes(group)))
    return 'you are in none of the groups that may';
  const domain = email?.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (allowedDomains.length > 0 && (domain === undefined || !allowedDomains.includes(domain)))
    return 'you have no verified e-mail address of a domain that may';
  return undefined;
}

async function refused(
  context: DomainContext,
  request: Request,
  { issuer, subject }: SsoIdentity,
  problem: string,
): Promise<AppError> {
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, {
      action: 'user.sso-refused',
      eventType: 'REFUSAL',
      affected: { type: 'SSO_SUBJECT', id: subject.slice(0, MAX_SUBJECT_LENGTH) },
      data: { issuer, problem },
    }),
  );
  return new AppError('FORBIDDEN', `You may not sign in here: ${problem}. Ask an administrator of this server.`);
}

interface Found {
  readonly user: UserRow;
  /** Whether somebody's rights are others now. */
  readonly changed: boolean;
}

async function findOrMake(db: Db, context: DomainContext, request: Request, identity: SsoIdentity): Promise<Found> {
  const known = await findUserBySso(db, identity.issuer, identity.subject);
  if (known === undefined) return { user: await makeUser(db, context, request, identity), changed: true };
  const ssoGroups = cleanGroups(identity.groups);
  const changed = ssoGroups.join('\0') !== known.ssoGroups.join('\0');
  const email = identity.email === undefined ? undefined : storableText(identity.email);
  await updateUser(db, known.id, { email, ssoGroups });
  if (changed) {
    const affected = { type: 'USER', id: known.id };
    await recordAudit(db, context, asUser(request, known), {
      action: 'user.sso-groups',
      affected,
      data: { groups: ssoGroups },
    });
  }
  return { user: { ...known, email, ssoGroups }, changed };
}

/** Sorted, so that the same groups in another order are no change. */
function cleanGroups(groups: readonly string[]): string[] {
  const usable = groups.filter((group) => group !== '' && group.length <= MAX_GROUP_LENGTH).map(storableText);
  return [...new Set(usable)].toSorted().slice(0, MAX_GROUPS);
}

async function makeUser(db: Db, context: DomainContext, request: Request, identity: SsoIdentity): Promise<UserRow> {
  const { issuer, subject, email } = identity;
  const ssoGroups = cleanGroups(identity.groups);
  for (const username of usernamesFor(identity)) {
    const user = {
      ...newUser(username, context.clock.now()),
      email: email === undefined ? undefined : storableText(email),
      ssoIssuer: issuer,
      ssoSubject: subject,
      ssoGroups,
    };
    if (!(await insertUser(db, user))) {
      const other = await findUserBySso(db, issuer, subject);
      if (other !== undefined) return other; // the same person at the same time, in another window
      continue;
    }
    await recordAudit(db, context, asUser(request, user), {
      action: 'user.create',
      affected: { type: 'USER', id: user.id },
      data: { username, issuer, subject, groups: ssoGroups },
    });
    return user;
  }
  throw new AppError('CONFLICT', 'No name could be found for you. Try again.');
}

/** Names to try, in turn: a taken one belongs to somebody else, whatever it looks like. */
function usernamesFor({ email, preferredName }: SsoIdentity): string[] {
  const wish = (email ?? preferredName ?? '').toLowerCase().replace(/[^a-z0-9._@+-]+/g, '-');
  const base = wish.replace(/^[^a-z0-9]+/, '').slice(0, 60) || 'user';
  const random = Array.from({ length: NAME_TRIES }, () => `${base}.${newUlid().slice(-8).toLowerCase()}`);
  return [base, `${base}.sso`, ...random];
}
