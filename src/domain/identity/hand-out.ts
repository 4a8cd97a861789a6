import type { Action } from '../../../generated/enums.ts';
import { type Caller, may } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findBindingsOfGroups, findRoles } from '../../storage/identity.ts';
import { findSpaces, type SpaceRow } from '../../storage/spaces.ts';
import { effectiveActions, spacesWithin } from './grants.ts';

/** Actions that somebody is to get in a space. */
export interface HandOut {
  readonly actions: readonly Action[];
  readonly space: string;
}

/**
 * Nobody hands out more than they hold: whoever gives actions in a space must hold them there and in every space below,
 * since roles reach down. To be called in the transaction of everything that gives somebody a role, or more of one.
 *
 * @throws FORBIDDEN naming the first action that is missing
 */
export async function checkHandOut(db: Db, caller: Caller, given: readonly HandOut[]): Promise<void> {
  if (caller.principal.kind === 'SYSTEM' || given.length === 0) return;
  const spaces = await findSpaces(db);
  for (const each of given) checkOne(caller, spaces, each);
}

/** The same for whoever puts a key or a user into groups, by name: it gets what the groups hold. */
export async function checkGroups(db: Db, caller: Caller, groups: readonly string[]): Promise<void> {
  if (groups.length === 0) return;
  const bindings = await findBindingsOfGroups(db, groups);
  const roles = new Map((await findRoles(db)).map((role) => [role.id, role]));
  const given = bindings.map(({ roleId, spaceId }) => ({ actions: roles.get(roleId)?.actions ?? [], space: spaceId }));
  await checkHandOut(db, caller, given);
}

function checkOne(caller: Caller, spaces: readonly SpaceRow[], { actions, space }: HandOut): void {
  for (const within of spacesWithin(spaces, [space])) {
    const missing = effectiveActions(actions).find((action) => !may(caller, action, within));
    if (missing !== undefined) throw beyond(missing, space);
  }
}

// Only the space that the caller named is told: which ones lie below it may not be theirs to know.
function beyond(action: Action, space: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `unauthorized: nobody hands out more than they hold, and you do not hold ${action} everywhere in the space ${JSON.stringify(space)}`,
    { details: { action, space } },
  );
}
