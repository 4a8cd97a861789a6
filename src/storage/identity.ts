import type { Db } from './database.ts';
import { ApiKeyEntity, RoleBindingEntity, RoleEntity, SessionEntity } from './entities/identity.ts';
import { type Row, tableOf } from './table.ts';

export type ApiKeyRow = Row<typeof ApiKeyEntity>;
export type RoleRow = Row<typeof RoleEntity>;
export type RoleBindingRow = Row<typeof RoleBindingEntity>;
export type SessionRow = Row<typeof SessionEntity>;

const apiKeys = tableOf(ApiKeyEntity);
const roles = tableOf(RoleEntity);
const bindings = tableOf(RoleBindingEntity);
const sessions = tableOf(SessionEntity);

/** Newest first, deleted ones left out. */
export function findApiKeys(db: Db): Promise<ApiKeyRow[]> {
  return apiKeys.find(db, { deleted: false }, { orderBy: { id: 'desc' } });
}

/** Also a deleted one: its name stays in the history. */
export function findApiKey(db: Db, id: string): Promise<ApiKeyRow | undefined> {
  return apiKeys.findOne(db, { id });
}

export function insertApiKey(db: Db, key: ApiKeyRow): Promise<void> {
  return apiKeys.insert(db, key);
}

export function updateApiKey(db: Db, id: string, changes: Partial<ApiKeyRow>): Promise<boolean> {
  return apiKeys.update(db, id, changes);
}

export function findRoles(db: Db): Promise<RoleRow[]> {
  return roles.find(db, {}, { orderBy: { slug: 'asc' } });
}

/** By id or slug. */
export function findRole(db: Db, idOrSlug: string): Promise<RoleRow | undefined> {
  return roles.findOne(db, { $or: [{ id: idOrSlug }, { slug: idOrSlug }] });
}

/** @returns false when the slug is taken */
export function insertRole(db: Db, role: RoleRow): Promise<boolean> {
  return roles.insertUnlessTaken(db, role);
}

export function updateRole(db: Db, id: string, changes: Partial<RoleRow>): Promise<boolean> {
  return roles.update(db, id, changes);
}

export async function deleteRole(db: Db, id: string): Promise<void> {
  await roles.remove(db, { id });
}

/** Adds the role, or brings the actions of the one with that slug up to date. */
export async function upsertSystemRole(db: Db, role: RoleRow): Promise<void> {
  if (await roles.insertUnlessTaken(db, role)) return;
  const existing = await roles.findOne(db, { slug: role.slug });
  if (existing !== undefined) await roles.update(db, existing.id, { actions: role.actions, isSystem: true });
}

export function findBindings(db: Db): Promise<RoleBindingRow[]> {
  return bindings.find(db, {}, { orderBy: { id: 'asc' } });
}

/** Of one role, whoever holds it. */
export function findBindingsOfRole(db: Db, roleId: string): Promise<RoleBindingRow[]> {
  return bindings.find(db, { roleId }, { orderBy: { id: 'asc' } });
}

export function countBindingsOfRole(db: Db, roleId: string): Promise<number> {
  return bindings.count(db, { roleId });
}

export function findBindingsOf(
  db: Db,
  actorKind: RoleBindingRow['actorKind'],
  actorId: string,
): Promise<RoleBindingRow[]> {
  return bindings.find(db, { actorKind, actorId }, { orderBy: { id: 'asc' } });
}

export function findBinding(db: Db, id: string): Promise<RoleBindingRow | undefined> {
  return bindings.findOne(db, { id });
}

/** @returns false when the actor holds the role in the place already */
export function insertBinding(db: Db, binding: RoleBindingRow): Promise<boolean> {
  return bindings.insertUnlessTaken(db, binding);
}

/** @returns how many there were */
export function deleteBindingsOf(db: Db, actorKind: RoleBindingRow['actorKind'], actorId: string): Promise<number> {
  return bindings.remove(db, { actorKind, actorId });
}

/** A project has moved to another space; the roles that are held in it go with it. */
export async function moveBindingsOfProject(db: Db, projectId: string, spaceId: string): Promise<void> {
  await db.em.execute('update role_binding set space_id = ? where project_id = ?', [spaceId, projectId]);
}

export async function deleteBinding(db: Db, id: string): Promise<void> {
  await bindings.remove(db, { id });
}

export function findSession(db: Db, id: string): Promise<SessionRow | undefined> {
  return sessions.findOne(db, { id });
}

/** Records which project a session works in; `undefined` means none. */
export async function saveSession(db: Db, session: SessionRow): Promise<void> {
  await db.em.execute(
    `insert into session (id, principal, current_project, updated_at) values (?, ?, ?, ?)
      on conflict (id) do update set current_project = excluded.current_project, updated_at = excluded.updated_at`,
    [session.id, session.principal, session.currentProject ?? null, session.updatedAt],
  );
}

/** Forgets a project that is about to be deleted. */
export async function leaveProject(db: Db, project: string): Promise<void> {
  await db.em.execute('update session set current_project = null where current_project = ?', [project]);
}
