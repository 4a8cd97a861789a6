import type { Action } from '../../../generated/enums.ts';
import { type RoleRow, findBindings, findRole as findRow, findRoles as findRows } from '../../storage/identity.ts';
import type { DomainContext, Request } from '../context.ts';

/** A role as the API shows it. */
export interface RoleRecord {
  readonly id: string;
  readonly slug: string;
  readonly isSystem: boolean;
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
  readonly roleBindingsCount: number;
}

export async function listRoles(context: DomainContext, _request: Request): Promise<RoleRecord[]> {
  const [rows, bindings] = await context.storage.read(
    async (db) => [await findRows(db), await findBindings(db)] as const,
  );
  return rows.map((row) => toRoleRecord(row, bindings.filter(({ roleId }) => roleId === row.id).length));
}

/** @param idOrSlug both are unique */
export async function findRole(
  context: DomainContext,
  _request: Request,
  idOrSlug: string,
): Promise<RoleRecord | null> {
  return context.storage.read(async (db) => {
    const row = await findRow(db, idOrSlug);
    if (row === undefined) return null;
    const bindings = await findBindings(db);
    return toRoleRecord(row, bindings.filter(({ roleId }) => roleId === row.id).length);
  });
}

export function toRoleRecord(row: RoleRow, roleBindingsCount: number): RoleRecord {
  const { id, slug, isSystem, name, description, actions } = row;
  return { id, slug, isSystem, name, description, actions, roleBindingsCount };
}
