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

/** A space and those above it, up to the root. */
export async function findLineage(db: Db, id: string): Promise<SpaceRow[]> {
  const byId = new Map((await findSpaces(db)).map((space) => [space.id, space]));
  const lineage: SpaceRow[] = [];
  for (let at = byId.get(id); at !== undefined && !lineage.includes(at); at = byId.get(at.parentSpace ?? ''))
    lineage.push(at);
  return lineage;
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

/** What a project uses, and where both live. */
export interface AttachedSpaces {
  readonly noun: 'policy' | 'AWS integration';
  readonly name: string;
  readonly space: string;
  readonly project: string;
  readonly projectSpace: string;
}

export function findAttachedSpaces(db: Db): Promise<AttachedSpaces[]> {
  return db.em.execute<AttachedSpaces[]>(
    `select used.noun, used.name, used.space, i.id as project, i.space as "projectSpace"
      from (
        select 'policy' as noun, p.name, p.space, a.project_id as project
          from policy_attachment a join policy p on p.id = a.policy_id
        union all
        select 'AWS integration', g.name, g.space, a.project
          from aws_integration_attachment a join aws_integration g on g.id = a.integration
      ) used join intent_project i on i.id = used.project
      order by used.noun desc, used.name, i.id`,
  );
}
