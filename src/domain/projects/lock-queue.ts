import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { hasWork } from '../../storage/change-sets.ts';
import type { Db } from '../../storage/database.ts';
import { dozeInLine, findLine, leaveLine, standInLine } from '../../storage/lock-queue.ts';
import { findProject, FREED_CHANNEL, pinProject, type ProjectRow, releaseLock } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import type { ProjectRecord } from './project-record.ts';
import { LOCK_TTL_SECONDS, PLACE_KEPT_SECONDS, projectLocked, selectProject, tryLock } from './lock.ts';

const MAX_WAIT_SECONDS = 50; // proxies and clients give up on a request after a minute
const LINE_LIMIT = 20;
const LOOK_AGAIN_MS = 1_000; // who holds the lock need not free it: it may run out
const AWAKE_SECONDS = 4; // longer than it takes to look again: a server that is gone loses its turn after that
const IDLE_SECONDS = 30; // of a session that worked in the project without having selected it

/** @throws BAD_INPUT */
export function parseLockWait(seconds: number | null | undefined): number {
  if (seconds === null || seconds === undefined) return 0;
  if (seconds >= 0 && seconds <= MAX_WAIT_SECONDS) return seconds * 1_000;
  throw badInput('lockWait', `must be 0 to ${MAX_WAIT_SECONDS} seconds`);
}

/** Selects the project for the session and takes its lock, in turn if it is to wait. */
export async function activateProject(
  context: DomainContext,
  request: Request,
  project: string,
  waitMs = 0,
): Promise<ProjectRecord> {
  if (waitMs > 0) await awaitLock(context, request, { project, waitMs });
  return selectProject(context, request, project);
}

interface Wanted {
  readonly project: string;
  readonly waitMs: number;
}

/**
 * Takes a project's lock, or waits in line for it. Who came first has the first turn, on whichever server of the database
 * it waits, and keeps its place for a minute after a call in vain. A lock that nobody selected and whose session has been
 * idle for half a minute goes to who waits; a selected one is kept until it ends.
 *
 * @returns the project, and whether the lock was taken anew
 * @throws PROJECT_LOCKED with the position in line when the time is over; LIMIT_EXCEEDED when the line is full
 */
export async function awaitLock(
  context: DomainContext,
  request: Request,
  { project, waitMs }: Wanted,
): Promise<{ readonly row: ProjectRow; readonly isNew: boolean }> {
  const { storage } = context;
  const before = await storage.read((db) => findProject(db, project));
  if (before === undefined) throw noSuch('intentProject', project);
  const isNew = before.lockHolder !== request.caller.session;
  const free = await storage.read((db) => tryLock(db, context, request.caller, project));
  if (free !== undefined) return { row: free, isNew };
  const deadline = Date.now() + waitMs;
  const bell = await hangBell(context, project);
  try {
    for (;;) {
      const rung = bell.next();
      const row = await storage.transaction((db) => takeInTurn(db, context, request, project));
      if (row !== undefined) return { row, isNew: true };
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw await storage.transaction((db) => inVain(db, context, request, project));
      await rung(Math.min(LOOK_AGAIN_MS, leftMs));
    }
  } finally {
    await bell.stop();
  }
}

/** Rings when the project is free, or may be. */
async function hangBell({ storage }: DomainContext, project: string) {
  let ring = (): void => {};
  const stop = await storage.listen(FREED_CHANNEL, (freed) => {
    if (freed === project || freed === '') ring();
  });
  /** From now on; what is returned waits, but no longer than it is told. */
  const next = (): ((timeoutMs: number) => Promise<void>) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    ring = resolve;
    return (timeoutMs) => {
      const timer = setTimeout(resolve, timeoutMs);
      return promise.finally(() => clearTimeout(timer));
    };
  };
  return { stop, next };
}

/** @returns undefined while it is another one's turn */
async function takeInTurn(
  db: Db,
  context: DomainContext,
  request: Request,
  project: string,
): Promise<ProjectRow | undefined> {
  const { session, principal } = request.caller;
  const now = context.clock.now();
  const place = { project, session, name: principal.name, since: now, ...places(now) };
  if (!(await standInLine(db, place, LINE_LIMIT))) throw lineIsFull(project);
  const turn = (await findLine(db, project, now)).find(({ awakeUntil }) => awakeUntil > now);
  if (turn?.session !== session) return undefined;
  const row = await pinProject(db, project);
  if (row === undefined) throw noSuch('intentProject', project);
  if (await isIdle(db, row, now)) await takeOver(db, context, request, row);
  const taken = await tryLock(db, context, request.caller, project);
  if (taken !== undefined) await leaveLine(db, project, session);
  return taken;
}

function places(now: Date): { awakeUntil: Date; keptUntil: Date } {
  return { awakeUntil: after(now, AWAKE_SECONDS), keptUntil: after(now, PLACE_KEPT_SECONDS) };
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1_000);
}

/** Whether the holder only worked in the project, and has not for a while. */
async function isIdle(db: Db, row: ProjectRow, now: Date): Promise<boolean> {
  if (row.lockHolder === undefined || row.lockUntil === undefined || row.lockSelected) return false;
  const lastActive = after(row.lockUntil, -LOCK_TTL_SECONDS);
  return after(lastActive, IDLE_SECONDS) <= now && !(await hasWork(db, row.id, {}));
}

async function takeOver(db: Db, context: DomainContext, request: Request, row: ProjectRow): Promise<void> {
  await releaseLock(db, row.id, undefined);
  await recordAudit(db, context, request, {
    action: 'intent-project.take-over',
    affected: { type: 'INTENT_PROJECT', id: row.id },
    data: { holder: row.lockHolderName ?? '' },
  });
}

async function inVain(db: Db, context: DomainContext, request: Request, project: string): Promise<AppError> {
  const now = context.clock.now();
  await dozeInLine(db, project, request.caller.session, now, after(now, PLACE_KEPT_SECONDS));
  const row = await findProject(db, project);
  if (row === undefined) return noSuch('intentProject', project);
  return projectLocked(row, await findLine(db, project, now), request.caller);
}

function lineIsFull(project: string): AppError {
  return new AppError('LIMIT_EXCEEDED', `${LINE_LIMIT} sessions wait for project ${project} already; try again later`);
}
