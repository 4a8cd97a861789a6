import type { Db } from './database.ts';
import { SettingEntity } from './entities/settings.ts';
import { tableOf } from './table.ts';

const settings = tableOf(SettingEntity, ['value']);

/** A secret of the instance, such as its signing key; sealed in the database. */
export async function findSetting(db: Db, id: string): Promise<string | undefined> {
  const row = await settings.findOne(db, { id });
  return row === undefined ? undefined : Buffer.from(row.value).toString();
}

/** Keeps what is there: of two servers that start at once the first decides. @returns the value that holds now */
export async function ensureSetting(db: Db, id: string, value: string): Promise<string> {
  await settings.insertUnlessTaken(db, { id, value: Buffer.from(value) });
  return (await findSetting(db, id)) ?? value;
}

/** Within a transaction: nobody else changes the value until its end. */
export async function lockSetting(db: Db, id: string): Promise<void> {
  await db.em.execute('select 1 from setting where id = ? for update', [id]);
}

/** Writes the value, whether there was one or not. */
export async function saveSetting(db: Db, id: string, value: string): Promise<void> {
  const bytes = Buffer.from(value);
  if (await settings.insertUnlessTaken(db, { id, value: bytes })) return;
  await settings.update(db, id, { value: bytes });
}
