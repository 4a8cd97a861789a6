import type { Db } from './database.ts';
import { DependencyEntity } from './entities/intent.ts';
import { givenRows } from './statement.ts';
import { type Row, tableOf } from './table.ts';

export type DependencyRow = Row<typeof DependencyEntity>;

const dependencies = tableOf(DependencyEntity);
const columns = Object.keys(DependencyEntity.meta.properties);
const types = { fieldMappings: 'jsonb', createdAt: 'timestamptz' } as const;

/** All edges of a project. */
export function findDependencies(db: Db, project: string): Promise<DependencyRow[]> {
  return dependencies.find(db, { project }, { orderBy: [{ fromResource: 'asc' }, { toResource: 'asc' }] });
}

/** Edges from the resource to what it needs. */
export function findNeeded(db: Db, project: string, resourceId: string): Promise<DependencyRow[]> {
  return dependencies.find(db, { project, fromResource: resourceId }, { orderBy: { toResource: 'asc' } });
}

/** Edges to the resource from what needs it. */
export function findNeeding(db: Db, project: string, resourceId: string): Promise<DependencyRow[]> {
  return dependencies.find(db, { project, toResource: resourceId }, { orderBy: { fromResource: 'asc' } });
}

/** Edges to any of the resources from what needs them. */
export function findNeedingAny(db: Db, project: string, resourceIds: readonly string[]): Promise<DependencyRow[]> {
  return dependencies.find(db, { project, toResource: { $in: [...resourceIds] } });
}

/** Edges from and to the resource. */
export function findEdges(db: Db, project: string, resourceId: string): Promise<DependencyRow[]> {
  return dependencies.execute(
    db,
    `select * from resource_dependency where project = ? and (from_resource = ? or to_resource = ?)
      order by from_resource, to_resource`,
    [project, resourceId, resourceId],
  );
}

/** Adds edges; one that is there already stays as it is. */
export async function addDependencies(db: Db, edges: readonly DependencyRow[]): Promise<void> {
  if (db.deferred !== undefined) return void db.deferred.edges.push(...edges);
  if (edges.length === 0) return;
  const { names, table, values } = givenRows(edges, columns, types);
  await db.execute(`insert into resource_dependency (${names}) select * from ${table} on conflict do nothing`, values);
}

/** @returns false when the edge is there already */
export function insertDependency(db: Db, edge: DependencyRow): Promise<boolean> {
  return dependencies.insertUnlessTaken(db, edge);
}

/** @returns whether there was such an edge */
export async function deleteDependency(db: Db, project: string, from: string, to: string): Promise<boolean> {
  return (await dependencies.remove(db, { project, fromResource: from, toResource: to })) === 1;
}

/** Forgets what the resource needed by references. */
export async function removeReferences(db: Db, project: string, from: string, to: readonly string[]): Promise<void> {
  await dependencies.remove(db, { project, fromResource: from, toResource: { $in: [...to] }, type: 'IMPLICIT' });
}

/** Forgets every edge from and to the resource. */
export async function removeEdges(db: Db, project: string, resourceId: string): Promise<void> {
  await dependencies.remove(db, { project, $or: [{ fromResource: resourceId }, { toResource: resourceId }] });
}
