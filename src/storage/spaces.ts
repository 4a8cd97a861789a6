import type { Db } from './database.ts';
import { SpaceEntity } from './entities/spaces.ts';
import { type Row, tableOf } from './table.ts';

export type SpaceRow = Row<typeof SpaceEntity>;

const spaces = tableOf(SpaceEntity);

/** The whole tree: accounts have tens of spaces, and rights need all of them. */
export function findSpaces(db: Db): Promise<SpaceRow[]> {
  return spaces.find(db, {}, { orderBy: { id: 'asc' } });
}

export function findSpace(db: Db, id: string): Promise<SpaceRow | undefined> {
  return spaces.findOne(db, { id });
}

/** @returns false when the id is taken */
export function insertSpace(db: Db, space: SpaceRow): Promise<boolean> {
  return spaces.insertUnlessTaken(db, space);
}

export function updateSpace(db: Db, id: string, changes: Partial<SpaceRow>): Promise<boolean> {
  return spaces.update(db, id, changes);
}

export async function deleteSpace(db: Db, id: string): Promise<void> {
  await spaces.remove(db, { id });
}

/** What lives in a space, by noun: a space with anything in it is not deleted. */
export async function countSpaceContents(db: Db, id: string): Promise<Record<string, number>> {
  const [row] = await db.em.execute<Record<string, number>[]>(
    `select (select count(*)::int from space where parent_space = ?) as spaces,
      (select count(*)::int from policy where space = ?) as policies,
      (select count(*)::int from intent_project where space = ?) as "Intent projects",
      (select count(*)::int from aws_integration where space = ?) as "AWS integrations",
      (select count(*)::int from role_binding where space_id = ?) as "role bindings",
      (select count(*)::int from access_rule where space_id = ?) as "access rules"`,
    [id, id, id, id, id, id],
  );
  return row ?? {};
}
