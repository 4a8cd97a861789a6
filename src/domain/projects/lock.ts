import { type Caller, may, projectPlace } from '../../shared/caller.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { saveSession } from '../../storage/identity.ts';
import { findApplyingChangeSet } from '../../storage/change-sets.ts';
import { findOperationIn } from '../../storage/operations.ts';
import { findProject, pinProject, type ProjectRow, releaseLock, takeLock } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { type ProjectRecord, toProjectRecord } from './project-record.ts';

/** Without activity a lock ends after this long: enough to read a plan and answer it. */
export const LOCK_TTL_SECONDS = 5 * 60;

/** Who works in a project, as the caller sees it. */
export interface ProjectLock {
  readonly holder: string;
  /** Unix seconds. */
  readonly until: number;
  readonly mine: boolean;
}

export function lockOf(context: DomainContext, caller: Caller, project: ProjectRecord): ProjectLock | null {
  const { lockHolder, lockHolderName, lockUntil } = project;
  if (lockHolder === undefined || lockUntil === undefined || lockUntil <= context.clock.now()) return null;
  return { holder: lockHolderName ?? lockHolder, until: unixSeconds(lockUntil), mine: lockHolder === caller.session };
}

/**
 * Takes a project's free lock for the caller's session, or extends its own.
 *
 * @returns the project with the fence that every write of the session must carry
 * @throws PROJECT_LOCKED naming holder and expiry, NO_SUCH
 */
export async function holdLock(db: Db, context: DomainContext, caller: Caller, project: string): Promise<ProjectRow> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + LOCK_TTL_SECONDS * 1000);
  const claim = { project, session: caller.session, holderName: caller.principal.name, now, until };
  const held = await takeLock(db, claim);
  if (held !== undefined) return held;
  const row = await findProject(db, project);
  if (row === undefined) throw noSuch('intentProject', project);
  throw projectLocked(row);
}

export function projectLocked(row: ProjectRow): AppError {
  const holder = row.lockHolderName ?? 'another session';
  const until = row.lockUntil?.toISOString() ?? 'unknown';
  return new AppError(
    'PROJECT_LOCKED',
    `project ${row.id} is in use by ${holder} until ${until}; wait, or unlock it if that session is gone`,
    { details: { project: row.id, holder, expiresAt: until } },
  );
}

/** Selects the project for the session and takes its lock. */
export function activateProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  const { caller } = request;
  return context.storage.transaction(async (db) => {
    const row = await holdLock(db, context, caller, id);
    const now = context.clock.now();
    await saveSession(db, { id: caller.session, principal: caller.principal.id, currentProject: id, updatedAt: now });
    await recordAudit(db, context, request, {
      action: 'intent-project.lock',
      affected: { type: 'INTENT_PROJECT', id },
    });
    return toProjectRecord(row);
  });
}

/**
 * Frees the lock: the holder may, others need INTENT_PROJECT_UNLOCK. Freeing a free lock changes nothing.
 *
 * @throws CONFLICT while a provider acts for the holder: without the lock its result could not be recorded
 */
export function unlockProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  const { caller } = request;
  return context.storage.transaction(async (db) => {
    const row = await pinProject(db, id);
    if (row === undefined) throw noSuch('intentProject', id);
    const mine = row.lockHolder === caller.session;
    if (row.lockHolder !== undefined && !mine && !may(caller, 'INTENT_PROJECT_UNLOCK', projectPlace(row)))
      throw mayNotUnlock(row);
    const atWork = await findOperationIn(db, id, ['APPLYING'], context.clock.now());
    if (atWork !== undefined) throw isAtWork(id, 'operation', atWork.id);
    const applying = await findApplyingChangeSet(db, id, context.clock.now());
    if (applying !== undefined) throw isAtWork(id, 'change set', applying.id);
    if (await releaseLock(db, id, undefined)) {
      const data = { holder: row.lockHolderName ?? '' };
      await recordAudit(db, context, request, {
        action: 'intent-project.unlock',
        affected: { type: 'INTENT_PROJECT', id },
        data,
      });
    }
    return toProjectRecord({ ...row, lockHolder: undefined, lockHolderName: undefined, lockUntil: undefined });
  });
}

function isAtWork(id: string, what: 'operation' | 'change set', work: string): AppError {
  return new AppError(
    'CONFLICT',
    `project ${id} cannot be unlocked: its ${what} ${work} is at work; wait for its end or cancel it`,
    { details: what === 'operation' ? { operation: work } : { changeSet: work } },
  );
}

function mayNotUnlock(row: ProjectRow): AppError {
  const message = `unauthorized: project ${row.id} is held by ${row.lockHolderName ?? 'another session'}; unlocking it needs the action INTENT_PROJECT_UNLOCK`;
  return new AppError('FORBIDDEN', message, { details: { action: 'INTENT_PROJECT_UNLOCK', space: row.space } });
}
