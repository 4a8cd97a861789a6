import type { Action } from '../../../generated/enums.ts';
import { type Caller, may, placeWords, projectOfPlace, spaceOfPlace } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findBindings, findRoles } from '../../storage/identity.ts';
import { findSpaces, type SpaceRow } from '../../storage/spaces.ts';
import { findUserGroupsByName } from '../../storage/user-groups.ts';
import { bindingsOfRules } from './access-rules.ts';
import { actorKey, type Actors } from './actors.ts';
import { actionsIn, effectiveActions, placeOf, spacesWithin } from './grants.ts';

/** Actions that somebody is to get in a place. */
export interface HandOut {
  readonly actions: readonly Action[];
  readonly place: string;
}

/**
 * Nobody hands out more than they hold: whoever gives actions in a place must hold them there and, if it is a space, in
 * every space below, since roles reach down. To be called in the transaction of everything that gives somebody a role,
 * or more of one.
 *
 * @throws FORBIDDEN naming the first action that is missing
 */
export async function checkHandOut(db: Db, caller: Caller, given: readonly HandOut[]): Promise<void> {
  if (caller.principal.kind === 'SYSTEM' || given.length === 0) return;
  const spaces = await findSpaces(db);
  for (const each of given) checkOne(caller, spaces, each);
}

/**
 * The same for whoever puts a key into groups, by name: it gets what the groups hold. A group that somebody makes later
 * could hold anything, so only an admin of everything names one that is not there.
 */
export async function checkGroups(db: Db, caller: Caller, groups: readonly string[]): Promise<void> {
  if (groups.length === 0) return;
  const found = await findUserGroupsByName(db, groups);
  if (found.length < new Set(groups).size)
    await checkHandOut(db, caller, [{ actions: ['SPACE_ADMIN'], place: 'root' }]);
  await checkActors(db, caller, new Set(found.map(({ id }) => actorKey('GROUP', id))));
}

/** The same for whoever lets somebody act as a user, or as a member of groups: they get what those hold. */
export async function checkActors(db: Db, caller: Caller, actors: Actors): Promise<void> {
  const roles = await findRoles(db);
  const all = [...(await findBindings(db)), ...(await bindingsOfRules(db, roles))];
  const held = all.filter(({ actorKind, actorId }) => actors.has(actorKey(actorKind, actorId)));
  const actionsOf = new Map(roles.map(({ id, actions }) => [id, actions]));
  await checkHandOut(
    db,
    caller,
    held.map((binding) => ({ actions: actionsOf.get(binding.roleId) ?? [], place: placeOf(binding) })),
  );
}

function checkOne(caller: Caller, spaces: readonly SpaceRow[], { actions, place }: HandOut): void {
  const given = actionsIn({ projectId: projectOfPlace(place) }, effectiveActions(actions));
  for (const within of [place, ...spacesWithin(spaces, [place])]) {
    const missing = given.find((action) => !may(caller, action, within));
    if (missing !== undefined) throw beyond(missing, place);
  }
}

// Only the space that the caller named is told: which ones lie below it may not be theirs to know.
function beyond(action: Action, place: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `unauthorized: nobody hands out more than they hold, and you do not hold ${action} everywhere in ${placeWords(place)}`,
    { details: { action, space: spaceOfPlace(place) } },
  );
}
