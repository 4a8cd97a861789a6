import type { Caller } from '../../shared/caller.ts';
import { badInput } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import {
  type AccessRuleRow,
  deleteAccessRulesOf,
  findAccessRulesOf,
  insertAccessRule,
} from '../../storage/access-rules.ts';
import type { Db } from '../../storage/database.ts';
import { findRole } from '../../storage/identity.ts';
import { findSpace } from '../../storage/spaces.ts';
import { type AccessRule, roleOfLevel } from './access-rules.ts';
import { checkHandOut } from './hand-out.ts';

/** Whose rules they are. */
export type RuledActor = Pick<AccessRuleRow, 'actorKind' | 'actorId'>;

/**
 * Puts other rules in the place of all that an actor has; its roles stay as they are.
 *
 * @throws BAD_INPUT for a space that is missing or named twice, FORBIDDEN for a new rule beyond the caller's own rights
 */
export async function replaceAccessRules(
  db: Db,
  caller: Caller,
  { actorKind, actorId }: RuledActor,
  rules: readonly AccessRule[],
): Promise<void> {
  const before = await findAccessRulesOf(db, actorKind, actorId);
  await deleteAccessRulesOf(db, actorKind, actorId);
  for (const [at, { space, spaceAccessLevel: level }] of rules.entries()) {
    const field = `accessRules[${at}].space`;
    if ((await findSpace(db, space)) === undefined) throw badInput(field, `no such space: ${JSON.stringify(space)}`);
    const isNew = !before.some((rule) => rule.spaceId === space && rule.level === level);
    if (isNew) await checkRule(db, caller, { space, spaceAccessLevel: level });
    const rule = { id: newUlid(), actorKind, actorId, spaceId: space, level };
    if (!(await insertAccessRule(db, rule))) throw badInput(field, `${JSON.stringify(space)} is named twice`);
  }
}

async function checkRule(db: Db, caller: Caller, { space, spaceAccessLevel }: AccessRule): Promise<void> {
  const role = await findRole(db, roleOfLevel[spaceAccessLevel]);
  await checkHandOut(db, caller, [{ actions: role?.actions ?? [], place: space }]);
}
