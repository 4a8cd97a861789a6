import { AppError } from '../../shared/errors.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { indeterminate } from '../steps/find-resource.ts';
import type { Holdings } from './compose.ts';
import type { ParsedChange } from './parse-changes.ts';

/**
 * Sees that what is to be made is not there, and that what is to be changed is.
 *
 * @throws CONFLICT, NO_SUCH
 */
export function requireSubjects(changes: readonly ParsedChange[], { resources }: Holdings): void {
  for (const [position, { ask }] of changes.entries()) requireSubject(ask, position, resources.get(ask.resourceID));
}

function requireSubject(
  { kind, resourceID }: ParsedChange['ask'],
  position: number,
  row: ResourceRow | undefined,
): void {
  const place = `changes[${position}].resourceID`;
  const options = { details: { field: place } };
  if (row?.condition === 'INDETERMINATE') throw indeterminate(row);
  const isNew = kind === 'CREATE' || kind === 'IMPORT';
  if (isNew && row !== undefined) {
    const what = `${JSON.stringify(resourceID)} is a ${row.type} already; choose another id, or update that one`;
    throw new AppError('CONFLICT', `${place}: ${what}`, options);
  }
  if (!isNew && row === undefined) {
    throw new AppError('NO_SUCH', `${place}: no such resource: ${JSON.stringify(resourceID)}`, options);
  }
}
