import { newUlid } from '../shared/ids.ts';
import type { Db } from '../storage/database.ts';
import { findRole, insertBinding } from '../storage/identity.ts';
import { insertUser, type UserRow } from '../storage/people.ts';

/** Writes a user down; `role` is held in root. */
export async function insertUserWithRole(db: Db, user: UserRow, role: string | undefined): Promise<void> {
  await insertUser(db, user);
  if (role === undefined) return;
  const held = { roleId: (await findRole(db, role))?.id ?? '', spaceId: 'root', projectId: undefined };
  await insertBinding(db, { id: newUlid(), actorKind: 'USER', actorId: user.id, ...held });
}
