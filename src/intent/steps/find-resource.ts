import { AppError, noSuch } from '../../shared/errors.ts';
import { findResource as findRow, type ResourceRow } from '../../storage/resources.ts';
import { fact, type Run } from '../run.ts';

/** Finds the resource that the operation is about. */
export async function findResource(run: Run): Promise<void> {
  const { project, resourceID } = run.ask;
  const resource = await run.engine.domain.storage.read((db) => findRow(db, project, resourceID));
  if (resource === undefined) throw noSuch('resource', resourceID);
  run.facts.resource = resource;
}

/** The same where there may be none yet. */
export async function findResourceIfAny(run: Run): Promise<void> {
  const { project, resourceID } = run.ask;
  const resource = await run.engine.domain.storage.read((db) => findRow(db, project, resourceID));
  if (resource !== undefined) run.facts.resource = resource;
}

/** Sees that it is known what the resource stands for: nothing is changed on a guess. */
export async function requireDeterminate(run: Run): Promise<void> {
  const resource = fact(run, 'resource');
  if (resource.condition === 'INDETERMINATE') throw indeterminate(resource);
  return Promise.resolve();
}

/** Sees that there is a state to start from: what was never seen cannot be read again. */
export async function requireState(run: Run): Promise<void> {
  const resource = fact(run, 'resource');
  if (resource.state !== undefined) return Promise.resolve();
  if (resource.condition === 'INDETERMINATE') throw indeterminate(resource);
  throw new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(resource.resourceId)} was destroyed and not made anew: update it to make it, or delete it`,
  );
}

/** Sees that a new resource may have the id that was asked for. */
export async function requireFreeId(run: Run): Promise<void> {
  const { project, resourceID, kind } = run.ask;
  const taken = await run.engine.domain.storage.read((db) => findRow(db, project, resourceID));
  if (taken === undefined) return;
  // An interrupted creation left the id without an object: the object may be taken in by its id.
  if (kind === 'IMPORT' && taken.condition === 'INDETERMINATE' && taken.state === undefined) {
    run.facts.resource = taken;
    return;
  }
  if (taken.condition === 'INDETERMINATE') throw indeterminate(taken);
  throw new AppError(
    'CONFLICT',
    `resourceID: ${JSON.stringify(resourceID)} is a ${taken.type} already; choose another id, or update that one`,
    { details: { field: 'resourceID' } },
  );
}

export function indeterminate({ resourceId, lastOperationId = '' }: ResourceRow): AppError {
  return new AppError(
    'CONFLICT',
    `resource ${JSON.stringify(resourceId)}: operation ${lastOperationId} was interrupted while the provider acted; ` +
      'resume it to find out what is there',
    { details: { operation: lastOperationId } },
  );
}
