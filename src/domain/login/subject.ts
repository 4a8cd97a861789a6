import { isRootAdmin as givesRootAdmin, type GivenRole } from '../../policy/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findApiKey, findBindings, findRoles, type RoleBindingRow, type RoleRow } from '../../storage/identity.ts';
import { findUser, findUsersById } from '../../storage/people.ts';
import { bindingsOfRules } from '../identity/access-rules.ts';
import { teamsOfUser } from '../identity/actors.ts';
import { canSignIn } from '../identity/root-admins.ts';

/** Who comes in, and for what the decision is kept. */
export interface LoginSubject {
  readonly kind: 'USER' | 'API_KEY';
  readonly id: string;
  /** The session, or the token, whose rights are decided: `browser:…`, `cli:…`, `grant:…`, `token:…`. */
  readonly session: string;
  /** Until when the decision holds; after that the session is judged again. */
  readonly expiresAt: Date;
}

const GRANT_LIFE_MS = 90 * 24 * 60 * 60 * 1000; // that of a consent; each refresh judges anew

/** The session that a person gave an OAuth client by consenting. */
export function grantSubject(userId: string, grantId: string, now: Date): LoginSubject {
  return { kind: 'USER', id: userId, session: `grant:${grantId}`, expiresAt: new Date(now.getTime() + GRANT_LIFE_MS) };
}

/** What login policies gave a session and took from it, besides what is bound to its owner. */
export interface LoginRights {
  readonly roles: readonly GivenRole[];
  /** Whether bindings that make admin of root do not count. */
  readonly denyAdmin: boolean;
  /** Teams instead of those that the owner has; undefined: those. */
  readonly teams: readonly string[] | undefined;
}

/** Where no policy has decided anything. */
export const plainRights: LoginRights = Object.freeze({ roles: [], denyAdmin: false, teams: undefined });

/** What policies are told about whoever comes in. */
export interface Identity {
  readonly email: string | undefined;
  readonly login: string;
  readonly name: string;
  readonly teams: readonly string[];
  readonly machine: boolean;
  /** Admin of root by a binding of their own, not by a team. */
  readonly admin: boolean;
  /** Never kept out by a login policy, so that somebody is left who can mend them. */
  readonly bypasses: boolean;
}

type Binding = Pick<RoleBindingRow, 'roleId' | 'spaceId'> & Partial<Pick<RoleBindingRow, 'projectId'>>;

export function isRootAdmin(binding: Binding, roles: readonly RoleRow[]): boolean {
  const role = roles.find(({ id }) => id === binding.roleId);
  return role !== undefined && binding.projectId === undefined && givesRootAdmin(role.actions, binding.spaceId);
}

/** Bindings as they count for a session that may not be admin of root. */
export function withoutRootAdmin<B extends Binding>(bindings: readonly B[], roles: readonly RoleRow[]): B[] {
  return bindings.filter((binding) => !isRootAdmin(binding, roles));
}

/** @throws UNAUTHENTICATED when there is nobody of that id, or they are disabled */
export async function findIdentity(db: Db, { kind, id }: LoginSubject): Promise<Identity> {
  const roles = await findRoles(db);
  const bindings = [...(await findBindings(db)), ...(await bindingsOfRules(db, roles))];
  const admins = bindings.filter((binding) => isRootAdmin(binding, roles));
  const admin = admins.some(({ actorKind, actorId }) => actorKind === kind && actorId === id);
  return kind === 'USER' ? userIdentity(db, id, admin, admins) : keyIdentity(db, id, admin);
}

/** Of the people who are admins, the one who was here first is never kept out. */
async function userIdentity(db: Db, id: string, admin: boolean, admins: readonly RoleBindingRow[]): Promise<Identity> {
  const user = await findUser(db, id);
  if (user === undefined || user.disabled) throw nobody();
  const teams = await teamsOfUser(db, user);
  const { username, email } = user;
  const bypasses = admin && id === (await firstAdmin(db, admins));
  return { email, login: username, name: username, teams, machine: false, admin, bypasses };
}

async function firstAdmin(db: Db, admins: readonly RoleBindingRow[]): Promise<string | undefined> {
  const ids = admins.filter(({ actorKind }) => actorKind === 'USER').map(({ actorId }) => actorId);
  const people = (await findUsersById(db, ids)).filter(canSignIn);
  // Ids sort by the time at which they were made.
  return people.map(({ id }) => id).toSorted()[0];
}

async function keyIdentity(db: Db, id: string, admin: boolean): Promise<Identity> {
  const key = await findApiKey(db, id);
  if (key === undefined || key.deleted) throw nobody();
  return { email: undefined, login: key.id, name: key.name, teams: key.teams, machine: true, admin, bypasses: admin };
}

function nobody(): AppError {
  return new AppError('UNAUTHENTICATED', 'unauthorized: the account of this sign-in is disabled or gone');
}
