import { AppError, noSuch } from '../../shared/errors.ts';
import { countSpaceContents, deleteSpace as deleteRow, findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from '../identity/index.ts';
import { type SpaceRecord, toSpaceRecord } from './space-record.ts';

/** Spaces that are there from the start and stay. */
const PERMANENT = ['root', 'legacy'];

/** Deletes an empty space. @throws CONFLICT naming what is still in it */
export async function deleteSpace(context: DomainContext, request: Request, id: string): Promise<SpaceRecord> {
  if (PERMANENT.includes(id)) throw new AppError('CONFLICT', `space: ${id} cannot be deleted`);
  const deleted = await context.storage.transaction(async (db) => {
    const row = await findSpace(db, id);
    if (row === undefined) throw noSuch('space', id);
    const contents = Object.entries(await countSpaceContents(db, id)).filter(([, count]) => count > 0);
    if (contents.length > 0) throw notEmpty(id, contents);
    await deleteRow(db, id);
    await recordAudit(db, context, request, {
      action: 'space.delete',
      affected: { type: 'SPACE', id },
      data: { name: row.name },
    });
    return row;
  });
  await rightsChanged(context);
  return toSpaceRecord(deleted);
}

function notEmpty(id: string, contents: readonly [string, number][]): AppError {
  const list = contents.map(([noun, count]) => `${count} ${noun}`).join(', ');
  return new AppError('CONFLICT', `space ${id} still holds ${list}; move or delete them first`, {
    details: Object.fromEntries(contents),
  });
}
