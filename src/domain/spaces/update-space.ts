import { parseName } from '../parse-name.ts';
import { type Caller, may } from '../../shared/caller.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { findSpaces, type SpaceRow, updateSpace as updateRow } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { checkAttachments } from './check-attachments.ts';
import { type SpaceRecord, toSpaceRecord } from './space-record.ts';

export interface SpaceInput {
  readonly name: string;
  readonly description: string;
  readonly inheritEntities: boolean;
  /** Empty: root when creating, no move when updating. */
  readonly parentSpace: string;
  readonly labels?: readonly string[] | null | undefined;
}

/** Changes or moves a space. Root keeps its place; a space cannot be moved below itself. */
export async function updateSpace(
  context: DomainContext,
  request: Request,
  id: string,
  input: SpaceInput,
): Promise<SpaceRecord> {
  const updated = await context.storage.transaction(async (db) => {
    const spaces = await findSpaces(db);
    const before = spaces.find((space) => space.id === id);
    if (before === undefined) throw noSuch('space', id);
    const after = { ...before, ...changedColumns(before, input) };
    checkPlace(spaces, after);
    checkOpening(request.caller, before, after);
    await updateRow(db, id, after);
    await checkAttachments(db);
    await recordAudit(db, context, request, {
      action: 'space.update',
      affected: { type: 'SPACE', id },
      data: { name: after.name, parentSpace: after.parentSpace, inheritEntities: after.inheritEntities },
    });
    return after;
  });
  await rightsChanged(context);
  return toSpaceRecord(updated);
}

function changedColumns(before: SpaceRow, input: SpaceInput): Partial<SpaceRow> {
  return {
    name: parseName(input.name),
    description: input.description,
    inheritEntities: input.inheritEntities,
    labels: [...(input.labels ?? [])],
    parentSpace: input.parentSpace === '' ? before.parentSpace : input.parentSpace,
  };
}

/**
 * Inheriting lets everybody who holds a role in the space read the parent, so it is for the parent's admins to begin it.
 *
 * @throws FORBIDDEN
 */
function checkOpening(caller: Caller, before: SpaceRow, { id, parentSpace, inheritEntities }: SpaceRow): void {
  const opens = inheritEntities && !(before.inheritEntities && before.parentSpace === parentSpace);
  if (!opens || parentSpace === undefined || may(caller, 'SPACE_ADMIN', parentSpace)) return;
  const message = `unauthorized: inheritEntities: whoever holds a role in ${id} could read its parent, so only an admin of the parent can switch it on`;
  throw new AppError('FORBIDDEN', message, { details: { action: 'SPACE_ADMIN' } });
}

function checkPlace(spaces: readonly SpaceRow[], space: SpaceRow): void {
  if (space.id === 'root') {
    if (space.parentSpace !== undefined) throw new AppError('CONFLICT', 'parentSpace: root cannot be moved');
    return;
  }
  const parents = new Map(spaces.map(({ id, parentSpace }) => [id, parentSpace]));
  for (let at = space.parentSpace; at !== 'root'; at = parents.get(at)) {
    if (at === undefined || !parents.has(at))
      throw badInput('parentSpace', `no such space: ${JSON.stringify(space.parentSpace)}`);
    if (at === space.id) throw new AppError('CONFLICT', 'parentSpace: a space cannot be moved below itself');
  }
}
