import { type Caller, may, projectPlace } from '../../shared/caller.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { saveSession } from '../../storage/identity.ts';
import { findApplyingChangeSet } from '../../storage/change-sets.ts';
import { findOperations } from '../../storage/operations.ts';
import { findLine, type LockWaiterRow } from '../../storage/lock-queue.ts';
import { findProject, pinProject, type ProjectRow, releaseLock, takeLock } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { type ProjectRecord, toProjectRecord, unlocked } from './project-record.ts';

/** Without activity a lock ends after this long: enough to read a plan and answer it. */
export const LOCK_TTL_SECONDS = 5 * 60;

/** A place in line outlives its call by this: enough for a client to call again. */
export const PLACE_KEPT_SECONDS = 60;

/** Who works in a project, as the caller sees it. */
export interface ProjectLock {
  readonly holder: string;
  /** Unix seconds. */
  readonly until: number;
  readonly mine: boolean;
  /** Unix seconds; undefined for a lock taken by an earlier version of this code. */
  readonly since: number | undefined;
  readonly selected: boolean;
}

/** Somebody who waits for a project, as the caller sees it. */
export interface ProjectLockWaiter {
  /** From 1. */
  readonly position: number;
  readonly name: string;
  /** Unix seconds. */
  readonly since: number;
  readonly mine: boolean;
}

export function lockOf(context: DomainContext, caller: Caller, project: ProjectRecord): ProjectLock | null {
  const { lockHolder, lockHolderName, lockUntil, lockSince, lockSelected: selected } = project;
  if (lockHolder === undefined || lockUntil === undefined || lockUntil <= context.clock.now()) return null;
  const since = lockSince === undefined ? undefined : unixSeconds(lockSince);
  const mine = lockHolder === caller.session;
  return { holder: lockHolderName ?? lockHolder, until: unixSeconds(lockUntil), mine, since, selected };
}

/** Who waits for a project, first come first. */
export async function lockQueueOf(
  context: DomainContext,
  caller: Caller,
  project: string,
): Promise<ProjectLockWaiter[]> {
  const line = await context.storage.read((db) => findLine(db, project, context.clock.now()));
  return line.map(({ name, since, session }, at) => ({
    position: at + 1,
    name,
    since: unixSeconds(since),
    mine: session === caller.session,
  }));
}

/**
 * Takes a project's free lock for the caller's session, or extends its own.
 *
 * @param options.selects the session keeps the lock for its whole time, also when others wait in line
 * @returns the project with the fence that every write of the session must carry
 * @throws PROJECT_LOCKED naming holder and expiry, NO_SUCH
 */
export async function holdLock(
  db: Db,
  context: DomainContext,
  caller: Caller,
  project: string,
  options: { readonly selects?: boolean } = {},
): Promise<ProjectRow> {
  const held = await tryLock(db, context, caller, project, options);
  if (held !== undefined) return held;
  const row = await findProject(db, project);
  if (row === undefined) throw noSuch('intentProject', project);
  throw projectLocked(row, await findLine(db, project, context.clock.now()), caller);
}

/** The same; undefined when it is another session's turn. */
export function tryLock(
  db: Db,
  context: DomainContext,
  { session, principal }: Caller,
  project: string,
  { selects = false }: { readonly selects?: boolean } = {},
): Promise<ProjectRow | undefined> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + LOCK_TTL_SECONDS * 1000);
  return takeLock(db, { project, session, holderName: principal.name, now, until, selects });
}

/** Who holds it, until when, and how to get it. */
export function projectLocked(row: ProjectRow, line: readonly LockWaiterRow[], { session }: Caller): AppError {
  const holder = row.lockHolderName ?? 'another session';
  const until = row.lockUntil?.toISOString();
  const place = line.findIndex((waiter) => waiter.session === session);
  const held =
    until === undefined ? 'is about to be taken by who waits for it' : `is in use by ${holder} until ${until}`;
  const others = line.length === 0 || place >= 0 ? '' : `, and ${line.length} wait in line`;
  const advice =
    place < 0
      ? 'select it with lockWait to wait in line, or unlock it if that session is gone'
      : `you are number ${place + 1} of ${line.length} in line and keep that place for ${PLACE_KEPT_SECONDS} seconds: call again`;
  return new AppError('PROJECT_LOCKED', `project ${row.id} ${held}${others}; ${advice}`, {
    details: {
      project: row.id,
      holder,
      expiresAt: until ?? 'unknown',
      ...(line.length === 0 ? {} : { waiting: line.length }),
      ...(place < 0 ? {} : { position: place + 1 }),
    },
  });
}

/** Selects the project for the session and takes its lock. */
export function selectProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  const { caller } = request;
  return context.storage.transaction(async (db) => {
    const row = await holdLock(db, context, caller, id, { selects: true });
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
 * @param options.force also while a provider acts for the holder; it needs INTENT_PROJECT_UNLOCK. What comes of that
 *   cannot be recorded, and its operation is INTERRUPTED when the provider has ended
 * @throws CONFLICT while a provider acts for the holder: without the lock its result could not be recorded
 */
export function unlockProject(
  context: DomainContext,
  request: Request,
  id: string,
  { force = false }: { readonly force?: boolean } = {},
): Promise<ProjectRecord> {
  const { caller } = request;
  return context.storage.transaction(async (db) => {
    const row = await pinProject(db, id);
    if (row === undefined) throw noSuch('intentProject', id);
    const mine = row.lockHolder === caller.session;
    const needsRight = row.lockHolder !== undefined && (force || !mine);
    if (needsRight && !may(caller, 'INTENT_PROJECT_UNLOCK', projectPlace(row))) throw mayNotUnlock(row, force);
    const work = await workIn(db, context, row);
    if (work !== undefined && !force) throw isAtWork(id, work);
    if (await releaseLock(db, id, undefined)) {
      const data = {
        holder: row.lockHolderName ?? '',
        taken: !mine,
        ...(work === undefined ? {} : { cutOff: work.id }),
      };
      await recordAudit(db, context, request, {
        action: 'intent-project.unlock',
        affected: { type: 'INTENT_PROJECT', id },
        data,
      });
    }
    return toProjectRecord({ ...row, ...unlocked });
  });
}

interface WorkInProject {
  readonly what: 'operation' | 'change set';
  readonly id: string;
}

/** What a provider does for the holder now. What was cut off from an earlier one can lose nothing more. */
async function workIn(db: Db, context: DomainContext, { id, fence }: ProjectRow): Promise<WorkInProject | undefined> {
  const leaseUntil = { $gt: context.clock.now() };
  const where = { project: id, status: 'APPLYING' as const, fence, leaseUntil };
  const [operation] = await findOperations(db, where, { limit: 1 });
  if (operation !== undefined) return { what: 'operation', id: operation.id };
  const set = await findApplyingChangeSet(db, id, context.clock.now());
  return set?.fence === fence ? { what: 'change set', id: set.id } : undefined;
}

function isAtWork(project: string, { what, id }: WorkInProject): AppError {
  return new AppError(
    'CONFLICT',
    `project ${project} cannot be unlocked: its ${what} ${id} is at work; wait for its end, cancel it, or unlock with ` +
      'force: then its result cannot be recorded and it must be resumed',
    { details: what === 'operation' ? { operation: id } : { changeSet: id } },
  );
}

function mayNotUnlock(row: ProjectRow, force: boolean): AppError {
  const holder = row.lockHolderName ?? 'another session';
  const what = force ? 'unlocking it with force' : 'unlocking it';
  const message = `unauthorized: project ${row.id} is held by ${holder}; ${what} needs the action INTENT_PROJECT_UNLOCK`;
  return new AppError('FORBIDDEN', message, { details: { action: 'INTENT_PROJECT_UNLOCK', space: row.space } });
}
