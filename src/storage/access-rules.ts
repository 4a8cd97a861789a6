import type { Db } from './database.ts';
import { AccessRuleEntity } from './entities/people.ts';
import { type Row, tableOf } from './table.ts';

export type AccessRuleRow = Row<typeof AccessRuleEntity>;

const rules = tableOf(AccessRuleEntity);

export function findAccessRules(db: Db): Promise<AccessRuleRow[]> {
  return rules.find(db, {}, { orderBy: { spaceId: 'asc' } });
}

export function findAccessRulesOf(
  db: Db,
  actorKind: AccessRuleRow['actorKind'],
  actorId: string,
): Promise<AccessRuleRow[]> {
  return rules.find(db, { actorKind, actorId });
}

/** @returns false when there is one for the space already */
export function insertAccessRule(db: Db, rule: AccessRuleRow): Promise<boolean> {
  return rules.insertUnlessTaken(db, rule);
}

export async function deleteAccessRulesOf(
  db: Db,
  actorKind: AccessRuleRow['actorKind'],
  actorId: string,
): Promise<void> {
  await rules.remove(db, { actorKind, actorId });
}
