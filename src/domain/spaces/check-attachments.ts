import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findAttachedSpaces, findSpaces, type SpaceRow } from '../../storage/spaces.ts';

/**
 * What lives in a space may use what lives there and, while each hop inherits, in the spaces above. To be called at the
 * end of a transaction that attaches something or moves one of the two.
 *
 * @throws CONFLICT naming the policy and the project that would no longer fit
 */
export async function checkAttachments(db: Db): Promise<void> {
  const attached = await findAttachedSpaces(db);
  if (attached.length === 0) return;
  const spaces = new Map((await findSpaces(db)).map((space) => [space.id, space]));
  const stray = attached.find(({ space, projectSpace }) => !usableIn(spaces, projectSpace).includes(space));
  if (stray === undefined) return;
  const { noun, name, space, project, projectSpace } = stray;
  throw new AppError(
    'CONFLICT',
    `${noun} ${JSON.stringify(name)} of space ${space} cannot be used by project ${project} in space ${projectSpace}: ` +
      'a project uses what is in its own space and in the spaces that it inherits from',
    { details: { space, project, projectSpace } },
  );
}

/** The space itself and those above it that it inherits from. */
export function usableIn(spaces: ReadonlyMap<string, SpaceRow>, space: string): string[] {
  const usable = [space];
  for (let at = spaces.get(space); at?.inheritEntities === true && at.parentSpace !== undefined;) {
    usable.push(at.parentSpace);
    at = spaces.get(at.parentSpace);
  }
  return usable;
}
