import { AppError } from '../../shared/errors.ts';
import { leaveProject } from '../../storage/identity.ts';
import { deleteProject as deleteRow } from '../../storage/projects.ts';
import { countResources, forgetResources } from '../../storage/resources.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { holdLock } from './lock.ts';
import { type ProjectRecord, toProjectRecord } from './project-record.ts';

/**
 * Deletes a project. With resources it is refused, unless they are to be kept: then they are forgotten, not destroyed.
 *
 * @throws CONFLICT naming the number of resources, PROJECT_LOCKED while another session works in it
 */
export function deleteProject(
  context: DomainContext,
  request: Request,
  id: string,
  { keepResources }: { readonly keepResources: boolean },
): Promise<ProjectRecord> {
  return context.storage.transaction(async (db) => {
    const row = await holdLock(db, context, request.caller, id);
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
    return toProjectRecord({ ...row, lockHolder: undefined, lockHolderName: undefined, lockUntil: undefined });
  });
}

function hasResources(id: string, count: number): AppError {
  return new AppError(
    'CONFLICT',
    `project ${id} has ${count} resources: delete them first, or set keepResources to forget them without destroying them`,
    { details: { resources: count } },
  );
}
