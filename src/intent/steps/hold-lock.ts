import { holdLock as lockProject } from '../../domain/projects/index.ts';
import type { Db } from '../../storage/database.ts';
import { hasWork } from '../../storage/change-sets.ts';
import { type ProjectRow, releaseLock } from '../../storage/projects.ts';
import { fact, type Run } from '../run.ts';

/**
 * Sees that the project's lock is to be had, before anything is asked of a provider. It is taken when the operation is
 * written down, in the same transaction.
 *
 * @throws PROJECT_LOCKED naming holder and expiry when another session has it
 */
export async function requireLock(run: Run): Promise<void> {
  const { lockHolder, lockUntil = new Date(0) } = fact(run, 'project');
  const { clock, storage } = run.engine.domain;
  const held = lockHolder !== undefined && lockHolder !== run.request.caller.session && lockUntil > clock.now();
  if (held) run.facts.project = await storage.read((db) => takeProject(db, run));
}

/** Takes the lock for the caller's session, or extends it. Until the transaction ends nobody else can take it. */
export function takeProject(db: Db, run: Run): Promise<ProjectRow> {
  return lockProject(db, run.engine.domain, run.request.caller, run.ask.project);
}

/**
 * Frees the lock while an operation or a change set waits for a person. It stays held when the session works on something
 * else in the project, because freeing it would cut that off.
 */
export async function releaseWhileWaiting(db: Db, run: Run): Promise<void> {
  const { id, project } = fact(run, 'operation');
  if (!(await hasWork(db, project, { operation: id }))) await releaseLock(db, project, run.request.caller.session);
}
