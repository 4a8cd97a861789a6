import { AppError } from '../../shared/errors.ts';
import { findUnsettledChangeSet } from '../../storage/change-sets.ts';
import { leaveProject } from '../../storage/identity.ts';
import { findWork } from '../../storage/operations.ts';
import { saveExpiry } from '../../storage/project-upkeep.ts';
import { deleteProject as deleteRow, releaseLock, updateProject } from '../../storage/projects.ts';
import { countResources, forgetResources } from '../../storage/resources.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { requireMayDestroy } from './expiry.ts';
import { holdLock } from './lock.ts';
import { type ProjectRecord, toProjectRecord, unlocked } from './project-record.ts';

// What such an operation makes could not be recorded once its project is gone.
const UNSETTLED = ['QUEUED', 'INTERRUPTED'] as const; // besides those that a server works on

/**
 * Deletes a project. With resources it is refused, unless they are to be kept: then they are forgotten, not destroyed.
 *
 * @throws CONFLICT naming the number of resources or the operation under way, PROJECT_LOCKED while another session works in it
 */
export function deleteProject(
  context: DomainContext,
  request: Request,
  id: string,
  { keepResources }: { readonly keepResources: boolean },
): Promise<ProjectRecord> {
  return context.storage.transaction(async (db) => {
    const row = await holdLock(db, context, request.caller, id);
    const unsettled = await findWork(db, { project: id }, UNSETTLED);
    if (unsettled !== undefined) throw hasUnsettled(id, unsettled.id);
    const set = await findUnsettledChangeSet(db, id);
    if (set !== undefined) throw hasUnsettledSet(id, set.id);
    const resources = await countResources(db, id);
    if (resources > 0 && !keepResources) throw hasResources(id, resources);
    await forgetResources(db, id);
    await leaveProject(db, id);
    await deleteRow(db, id);
    await recordAudit(db, context, request, {
      action: 'intent-project.delete',
      affected: { type: 'INTENT_PROJECT', id },
      data: { name: row.name, forgottenResources: resources },
    });
    return toProjectRecord({ ...row, ...unlocked });
  });
}

/**
 * Has a project's resources destroyed and the project deleted, by and by: it is disabled, and has come to its end.
 *
 * @throws FORBIDDEN to who may not destroy the resources; PROJECT_LOCKED while another session works in it
 */
export function destroyProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  return context.storage.transaction(async (db) => {
    const row = await holdLock(db, context, request.caller, id);
    requireMayDestroy(request, row, 'now');
    await releaseLock(db, id, request.caller.session);
    await updateProject(db, id, { state: 'DISABLED' });
    const now = context.clock.now();
    await saveExpiry(db, {
      id, action: 'DELETE', ttlSeconds: undefined, expiresAt: now, archivedAt: now, nextAt: now, warnedHours: undefined,
      note: undefined,
    }); // prettier-ignore
    await recordAudit(db, context, request, {
      action: 'intent-project.destroy',
      affected: { type: 'INTENT_PROJECT', id },
      data: { name: row.name, resources: await countResources(db, id) },
    });
    return toProjectRecord({ ...row, ...unlocked, state: 'DISABLED' });
  });
}

function hasUnsettled(id: string, operation: string): AppError {
  return new AppError(
    'CONFLICT',
    `project ${id} cannot be deleted: its operation ${operation} is not at its end; wait for it, resume it or cancel it`,
    { details: { operation } },
  );
}

function hasUnsettledSet(id: string, changeSet: string): AppError {
  return new AppError(
    'CONFLICT',
    `project ${id} cannot be deleted: its change set ${changeSet} is not at its end; wait for it, resume it or cancel it`,
    { details: { changeSet } },
  );
}

function hasResources(id: string, count: number): AppError {
  return new AppError(
    'CONFLICT',
    `project ${id} has ${count} resources: delete them first, or set keepResources to forget them without destroying them`,
    { details: { resources: count } },
  );
}
