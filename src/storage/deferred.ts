import { insertAudits } from './audit.ts';
import type { Db, Deferred } from './database.ts';
import { addDependencies } from './dependencies.ts';
import type { Fence } from './fence.ts';
import { saveResources } from './resources.ts';

/**
 * Within a transaction: does work whose rows are written together at its end, one statement for each table.
 *
 * @throws PROJECT_LOCKED when the fence moved
 */
export async function deferring(db: Db, fence: Fence, work: (db: Db) => Promise<void>): Promise<void> {
  const deferred: Deferred = { resources: [], edges: [], audit: [] };
  await work({ ...db, deferred });
  await saveResources(db, deferred.resources, fence);
  await addDependencies(db, deferred.edges);
  await insertAudits(db, deferred.audit);
}
