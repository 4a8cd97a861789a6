import type { Db } from './database.ts';
import { type ResourceCondition, ResourceEntity } from './entities/intent.ts';
import { type Fence, FENCED, fenceMoved } from './fence.ts';
import { countMatches, type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { columnName, givenRows, type Part } from './statement.ts';
import { type Row, tableOf } from './table.ts';

export type { ResourceCondition };
export type ResourceRow = Row<typeof ResourceEntity>;

const resources = tableOf(ResourceEntity, ['config', 'state', 'private', 'driftBase']);
const everyColumn = Object.keys(ResourceEntity.meta.properties);
const keptColumns: ReadonlySet<string> = new Set(['project', 'resourceId', 'createdAt']);
const types = {
  schemaVersion: 'integer', config: 'bytea', state: 'bytea', private: 'bytea', drift: 'jsonb', driftBase: 'bytea',
  createdAt: 'timestamptz', updatedAt: 'timestamptz',
} as const; // prettier-ignore

const search: SearchSpec<ResourceRow> = {
  fields: {
    resourceID: { column: 'resourceId', kind: 'TEXT' },
    type: { column: 'type', kind: 'TEXT' },
    provider: { column: 'provider', kind: 'TEXT' },
    condition: { column: 'condition', kind: 'TEXT' },
    createdAt: { column: 'createdAt', kind: 'TIME' },
    updatedAt: { column: 'updatedAt', kind: 'TIME' },
  },
  text: ['resourceId', 'id', 'type'],
  newest: 'id',
};

export function findResource(db: Db, project: string, resourceId: string): Promise<ResourceRow | undefined> {
  return resources.findOne(db, { project, resourceId });
}

/** How many resources of a project use a provider's configuration by its name. */
export function countUsers(db: Db, project: string, provider: string, providerAlias: string): Promise<number> {
  return resources.count(db, { project, provider, providerAlias });
}

/** By resource id. */
export function findResources(db: Db, project: string, limit: number): Promise<ResourceRow[]> {
  return resources.find(db, { project }, { orderBy: { resourceId: 'asc' }, limit });
}

/** Resources that have a state, by resource id, after this one. */
export function findRefreshable(db: Db, project: string, after: string, limit: number): Promise<ResourceRow[]> {
  const where = { project, resourceId: { $gt: after }, state: { $ne: null } };
  return resources.find(db, where, { orderBy: { resourceId: 'asc' }, limit });
}

/** Some resources, by resource id. */
export async function findResourcesById(
  db: Db,
  project: string,
  resourceIds: readonly string[],
): Promise<Map<string, ResourceRow>> {
  if (resourceIds.length === 0) return new Map();
  const rows = await resources.find(db, { project, resourceId: { $in: [...resourceIds] } });
  return new Map(rows.map((row) => [row.resourceId, row]));
}

/** Types of some resources, by resource id. */
export async function findResourceTypes(
  db: Db,
  project: string,
  resourceIds: readonly string[],
): Promise<Map<string, string>> {
  const where = { project, resourceId: { $in: [...resourceIds] } };
  const rows = await resources.find(db, where, { fields: ['resourceId', 'type'] });
  return new Map(rows.map(({ resourceId, type }) => [resourceId, type]));
}

export function searchResources(db: Db, project: string, input: SearchInput): Promise<Page<ResourceRow>> {
  return searchPage(db, resources, search, { project }, input);
}

export function countResources(db: Db, project: string, input: SearchInput = {}): Promise<number> {
  return countMatches(db, resources, search, { project }, input);
}

/**
 * Records a resource as it is now, whether or not it was there. The row's id, project, resource id and time of creation
 * stay those of the first record, so the caller gives the existing row's id when there is one.
 *
 * @throws PROJECT_LOCKED when the fence moved
 */
export async function saveResource(db: Db, row: ResourceRow, fence: Fence): Promise<void> {
  if (db.deferred !== undefined) return void db.deferred.resources.push(row);
  await saveResources(db, [row], fence);
}

/** The same for several resources of one project in one statement; none of them may be there twice. */
export async function saveResources(db: Db, rows: readonly ResourceRow[], fence: Fence): Promise<void> {
  if (rows.length === 0) return;
  const { sql, values } = savingPart(db, rows, 'fenced');
  const [result] = await db.execute<{ saved: number }>(
    `with ${FENCED}, ${sql} select count(*)::int as saved from saved`,
    [fence.project, fence.fence, ...values],
  );
  if (result?.saved !== rows.length) throw fenceMoved(fence.project);
}

/** @param guard name of the part that has a row if they may be saved */
export function savingPart(db: Db, rows: readonly ResourceRow[], guard: 'fenced' | 'changed'): Part {
  const sealed = rows.map((row) => resources.seal(db, row.id, { ...row }));
  const { names, table, values } = givenRows(sealed, everyColumn, types);
  // A row that another server put there in doubt has an id of its own, to which nothing is sealed: it gives way.
  const updates = everyColumn.filter((key) => !keptColumns.has(key)).map(columnName);
  const sql = `saved as (insert into intent_resource (${names})
      select given.* from ${guard}, ${table}
      on conflict (project, resource_id) do update set ${updates.map((name) => `${name} = excluded.${name}`).join(', ')}
      returning id)`;
  return { sql, values };
}

/** Notes what is known about the object, without touching the rest. */
export async function markResource(
  db: Db,
  project: string,
  resourceId: string,
  condition: ResourceCondition,
  at: Date,
): Promise<void> {
  await db.execute('update intent_resource set condition = ?, updated_at = ? where project = ? and resource_id = ?', [
    condition,
    at,
    project,
    resourceId,
  ]);
}

/** Holds the id of a resource of which nobody knows whether it was made. Nothing happens where there is a record. */
export async function addDoubtfulResource(db: Db, row: ResourceRow): Promise<void> {
  await resources.insertUnlessTaken(db, row);
}

/** @throws PROJECT_LOCKED when the fence moved */
export async function removeResource(db: Db, resourceId: string, fence: Fence): Promise<void> {
  const [result] = await db.execute<{ fenced: number }>(
    `with ${FENCED}, gone as (delete from intent_resource where project = ? and resource_id = ?
      and exists (select 1 from fenced)) select count(*)::int as fenced from fenced`,
    [fence.project, fence.fence, fence.project, resourceId],
  );
  if (result?.fenced !== 1) throw fenceMoved(fence.project);
}

/** Forgets every resource of a project, with its dependencies; the history stays. */
export async function forgetResources(db: Db, project: string): Promise<number> {
  await db.execute('delete from resource_dependency where project = ?', [project]);
  return resources.remove(db, { project });
}
