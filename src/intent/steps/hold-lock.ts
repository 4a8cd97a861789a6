import { awaitLock, holdLock as lockProject } from '../../domain/projects/index.ts';
import type { Request } from '../../domain/context.ts';
import type { Db } from '../../storage/database.ts';
import { hasWork } from '../../storage/change-sets.ts';
import { type ProjectRow, releaseLock } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { fact, type Run, type Step } from '../run.ts';

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

/** The same for a caller who waits in line while another session has it: the lock is taken at once. */
export function waitForLock(waitMs: number): Step {
  return async function waitInLine(run: Run): Promise<void> {
    const { engine, request, ask } = run;
    run.lockTaken = (await awaitLock(engine.domain, request, { project: ask.project, waitMs })).isNew;
  };
}

/** What was waited for is given back when nothing came of it, so that the next in line need not wait for its end. */
export async function giveLockBack({ domain }: Engine, { caller }: Request, project: string): Promise<void> {
  await domain.storage
    .transaction(async (db) => {
      if (!(await hasWork(db, project, {}))) await releaseLock(db, project, caller.session);
    })
    .catch((error: unknown) => domain.log.warn({ error, project }, 'a lock could not be given back'));
}

/** Begins something for a caller who waits in line, unless that is for no time at all. */
export async function inTurn<T>(
  engine: Engine,
  request: Request,
  wanted: { readonly project: string; readonly waitMs: number },
  begin: () => Promise<T>,
): Promise<T> {
  if (wanted.waitMs === 0) return begin();
  const { isNew } = await awaitLock(engine.domain, request, wanted);
  try {
    return await begin();
  } catch (error) {
    if (isNew) await giveLockBack(engine, request, wanted.project);
    throw error;
  }
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
