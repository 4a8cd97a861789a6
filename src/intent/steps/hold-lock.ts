import { holdLock as lockProject } from '../../domain/projects/index.ts';
import type { Db } from '../../storage/database.ts';
import { countOperationsWhere } from '../../storage/operations.ts';
import { type ProjectRow, releaseLock } from '../../storage/projects.ts';
import { liveStatuses } from '../journal/transitions.ts';
import { fact, type Run } from '../run.ts';

/**
 * Takes the project's lock for the caller's session, or extends it.
 *
 * @throws PROJECT_LOCKED naming holder and expiry when another session has it
 */
export async function holdLock(run: Run): Promise<void> {
  run.facts.project = await run.engine.domain.storage.read((db) => takeProject(db, run));
}

/** The same within a transaction: until it ends nobody else can take the lock. */
export function takeProject(db: Db, run: Run): Promise<ProjectRow> {
  return lockProject(db, run.engine.domain, run.request.caller, run.ask.project);
}

/**
 * Frees the lock while an operation waits for a person. It stays held when the session works on something else in the
 * project, because freeing it would cut that off.
 */
export async function releaseWhileWaiting(db: Db, run: Run): Promise<void> {
  const { id, project } = fact(run, 'operation');
  const others = { project, status: { $in: [...liveStatuses] }, leaseUntil: { $ne: null }, id: { $ne: id } };
  if ((await countOperationsWhere(db, others)) === 0) await releaseLock(db, project, run.request.caller.session);
}
