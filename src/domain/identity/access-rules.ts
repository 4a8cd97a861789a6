import type { SpaceAccessLevel } from '../../../generated/enums.ts';
import { invariant } from '../../shared/errors.ts';
import { type AccessRuleRow, findAccessRules } from '../../storage/access-rules.ts';
import type { Db } from '../../storage/database.ts';
import type { RoleBindingRow, RoleRow } from '../../storage/identity.ts';
import type { Held } from './grants.ts';

/** The short way to give somebody access: one of three levels in a space. */
export interface AccessRule {
  readonly space: string;
  readonly spaceAccessLevel: SpaceAccessLevel;
}

/** System roles, by the level that stands for them. */
export const roleOfLevel: Readonly<Record<SpaceAccessLevel, string>> = {
  READ: 'space-reader',
  WRITE: 'space-writer',
  ADMIN: 'space-admin',
};

/** Each level stands for the system role of that rung. */
export async function bindingsOfRules(db: Db, roles: readonly RoleRow[]): Promise<RoleBindingRow[]> {
  const ids = new Map(roles.map(({ slug, id }) => [slug, id]));
  return (await findAccessRules(db)).map(({ level, ...rest }) => {
    const roleId = ids.get(roleOfLevel[level]);
    invariant(roleId !== undefined, 'the system roles are always there');
    return { ...rest, roleId, projectId: undefined };
  });
}

/** The other way round: bindings of the three system roles in whole spaces, as levels. */
export function rulesOfBindings(bindings: readonly Held[], roles: readonly RoleRow[]): AccessRule[] {
  const slugs = new Map(roles.map(({ id, slug }) => [id, slug]));
  const levels = ['READ', 'WRITE', 'ADMIN'] as const;
  return bindings.flatMap(({ roleId, spaceId, projectId }) => {
    if (projectId !== undefined) return [];
    const spaceAccessLevel = levels.find((level) => roleOfLevel[level] === slugs.get(roleId));
    return spaceAccessLevel === undefined ? [] : [{ space: spaceId, spaceAccessLevel }];
  });
}

/** The rules of each actor, by its id. */
export async function findRulesByActor(
  db: Db,
  actorKind: AccessRuleRow['actorKind'],
): Promise<ReadonlyMap<string, readonly AccessRule[]>> {
  const found = (await findAccessRules(db)).filter((rule) => rule.actorKind === actorKind);
  const byActor = Map.groupBy(found, ({ actorId }) => actorId);
  return new Map(
    [...byActor].map(([id, rules]) => [
      id,
      rules.map(({ spaceId, level }) => ({ space: spaceId, spaceAccessLevel: level })),
    ]),
  );
}
