import { type Action, actions as allActions } from '../../../generated/enums.ts';
import { projectPlace } from '../../shared/caller.ts';
import type { RoleRow } from '../../storage/identity.ts';
import type { SpaceRow } from '../../storage/spaces.ts';

/** A role in the place where it is held. */
export interface Held {
  readonly roleId: string;
  readonly spaceId: string;
  /** Set when it is held in this project of the space only. */
  readonly projectId?: string | undefined;
}

export interface RightsTables {
  readonly spaces: readonly SpaceRow[];
  readonly roles: readonly RoleRow[];
  /** Of one actor: its own and those of its groups. */
  readonly bindings: readonly Held[];
}

/**
 * What an actor may do in each place. A role reaches down to every space below the one it is held in; where a space
 * inherits from its parent, whoever may read it by a role may read the parent, and so on upwards. A role that is held in
 * one project of a space reaches nothing else, and gives only what can be done in a project.
 */
export function effectiveGrants({ spaces, roles, bindings }: RightsTables): Map<string, ReadonlySet<Action>> {
  const grants = new Map<string, Set<Action>>();
  const add = (space: string, actions: readonly Action[]): void => {
    const held = grants.get(space) ?? new Set<Action>();
    for (const action of actions) held.add(action);
    grants.set(space, held);
  };
  const byId = new Map(spaces.map((space) => [space.id, space]));
  const actionsOf = new Map(roles.map(({ id, actions }) => [id, effectiveActions(actions)]));
  for (const held of bindings) {
    const { spaceId, roleId, projectId } = held;
    const actions = actionsOf.get(roleId) ?? [];
    if (projectId !== undefined) {
      add(placeOf(held), actionsIn(held, actions));
      continue;
    }
    for (const space of spaces) if (isWithin(byId, space, spaceId)) add(space.id, actions);
    if (!actions.includes('SPACE_READ')) continue;
    for (const ancestor of inheritedAncestors(byId, spaceId)) add(ancestor, ['SPACE_READ']);
  }
  return grants;
}

export function placeOf({ spaceId, projectId }: Omit<Held, 'roleId'>): string {
  return projectId === undefined ? spaceId : projectPlace({ space: spaceId, id: projectId });
}

/** What a role with these effective actions allows where it is held. */
export function actionsIn({ projectId }: Pick<Held, 'projectId'>, actions: readonly Action[]): readonly Action[] {
  return projectId === undefined ? actions : actions.filter((action) => isOfProjects(action));
}

// Everything else is asked for in spaces, some of it in any space: nobody gets to see API keys by way of a project.
function isOfProjects(action: Action): boolean {
  return action === 'SPACE_READ' || action.startsWith('INTENT_');
}

/** What a role with these actions allows: SPACE_ADMIN includes every other action. */
export function effectiveActions(actions: readonly Action[]): readonly Action[] {
  return actions.includes('SPACE_ADMIN') ? allActions : actions;
}

/** The spaces at and below the named ones. */
export function spacesWithin(spaces: readonly SpaceRow[], tops: readonly string[]): ReadonlySet<string> {
  const byId = new Map(spaces.map((space) => [space.id, space]));
  return new Set(spaces.filter((space) => tops.some((top) => isWithin(byId, space, top))).map(({ id }) => id));
}

type Tree = ReadonlyMap<string, SpaceRow>;

function isWithin(tree: Tree, space: SpaceRow, top: string): boolean {
  for (let at: SpaceRow | undefined = space; at !== undefined; at = parentOf(tree, at)) if (at.id === top) return true;
  return false;
}

function inheritedAncestors(tree: Tree, space: string): string[] {
  const ancestors: string[] = [];
  for (let at = tree.get(space); at?.inheritEntities === true; at = parentOf(tree, at)) {
    if (at.parentSpace !== undefined) ancestors.push(at.parentSpace);
  }
  return ancestors;
}

function parentOf(tree: Tree, space: SpaceRow): SpaceRow | undefined {
  return space.parentSpace === undefined ? undefined : tree.get(space.parentSpace);
}
