import type { Db } from './database.ts';
import { LoginEntity } from './entities/logins.ts';
import { type Row, tableOf } from './table.ts';

export type LoginRow = Row<typeof LoginEntity>;

const logins = tableOf(LoginEntity);

export function findLogin(db: Db, id: string): Promise<LoginRow | undefined> {
  return logins.findOne(db, { id });
}

/** Writes the decision anew, whether there was one or not. */
export async function saveLogin(db: Db, login: LoginRow): Promise<void> {
  const { id, ...changes } = login;
  if (await logins.insertUnlessTaken(db, login)) return;
  await logins.update(db, id, changes);
}

export async function deleteLogin(db: Db, id: string): Promise<void> {
  await logins.remove(db, { id });
}

export function deleteEndedLogins(db: Db, now: Date): Promise<number> {
  return logins.remove(db, { expiresAt: { $lte: now } });
}
