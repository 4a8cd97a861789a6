import type { Action } from '../../../generated/enums.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid, slugify } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import {
  countBindingsOfRole,
  deleteRole as deleteRow,
  findBindingsOfRole,
  findRole as findRow,
  insertRole,
  type RoleRow,
  updateRole as updateRow,
} from '../../storage/identity.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { parseName } from '../parse-name.ts';
import { effectiveActions, placeOf } from './grants.ts';
import { checkHandOut } from './hand-out.ts';
import { keepingRootAdmin } from './root-admins.ts';
import { rightsChanged } from '../rights-changed.ts';
import { type RoleRecord, toRoleRecord } from './roles.ts';

export interface NewRole {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly actions: readonly Action[];
}

/** What is null or absent stays as it is. */
export interface RoleChanges {
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly actions?: readonly Action[] | null | undefined;
}

const SUFFIX_LENGTH = 6; // of a ULID's random end: enough to tell namesakes apart
const MAX_NAMESAKES = 5;

/** A role gives nobody anything until it is bound, so whoever makes one need not hold its actions. */
export function createRole(context: DomainContext, request: Request, input: NewRole): Promise<RoleRecord> {
  return insert(context, request, input, undefined);
}

export async function cloneRole(
  context: DomainContext,
  request: Request,
  {
    id,
    name,
    description,
  }: { readonly id: string; readonly name: string; readonly description?: string | null | undefined },
): Promise<RoleRecord> {
  const original = await context.storage.read((db) => findRow(db, id));
  if (original === undefined) throw noSuch('role', id);
  const copy = { name, description: description ?? original.description, actions: original.actions };
  return insert(context, request, copy, original);
}

function insert(
  context: DomainContext,
  request: Request,
  input: NewRole,
  original: RoleRow | undefined,
): Promise<RoleRecord> {
  const name = parseName(input.name);
  const row: RoleRow = {
    id: newUlid(),
    slug: slugify(name),
    name,
    description: input.description ?? '',
    isSystem: false,
    actions: parseActions(input.actions),
  };
  return context.storage.transaction(async (db) => {
    const inserted = await insertUnderFreeSlug(db, row);
    const { id, slug, actions } = inserted;
    await recordAudit(db, context, request, {
      action: 'role.create',
      affected: { type: 'ROLE', id },
      ...(original === undefined ? {} : { related: { type: 'ROLE', id: original.id } }),
      data: { name, slug, actions },
    });
    return toRoleRecord(inserted, 0);
  });
}

async function insertUnderFreeSlug(db: Db, row: RoleRow): Promise<RoleRow> {
  for (let namesake = 0; namesake < MAX_NAMESAKES; namesake += 1) {
    const slug = namesake === 0 ? row.slug : `${row.slug}-${newUlid().slice(-SUFFIX_LENGTH).toLowerCase()}`;
    if (await insertRole(db, { ...row, slug })) return { ...row, slug };
  }
  throw new AppError('CONFLICT', 'name: too many roles have this name; choose another one');
}

function parseActions(actions: readonly Action[]): Action[] {
  if (actions.length === 0) throw badInput('actions', 'must name at least one action; actionCategories lists them');
  return [...new Set(actions)];
}

/**
 * Changes a role for everybody who holds it, from their next request on.
 *
 * @throws FORBIDDEN when it would give somebody an action that the caller does not hold there themselves, CONFLICT when
 * it would take the last admin away
 */
export async function updateRole(
  context: DomainContext,
  request: Request,
  id: string,
  changes: RoleChanges,
): Promise<RoleRecord> {
  const record = await context.storage.transaction(async (db) => {
    const before = await findCustom(db, id, 'changed');
    const after = { ...before, ...changedColumns(changes) };
    await checkWidening(db, request, before, after);
    await keepingRootAdmin(db, () => updateRow(db, before.id, after));
    await recordAudit(db, context, request, {
      action: 'role.update',
      affected: { type: 'ROLE', id: before.id },
      data: { name: after.name, added: without(after, before), removed: without(before, after) },
    });
    return toRoleRecord(after, await countBindingsOfRole(db, before.id));
  });
  await rightsChanged(context);
  return record;
}

function changedColumns({ name, description, actions }: RoleChanges): Partial<RoleRow> {
  return {
    ...(name == null ? {} : { name: parseName(name) }),
    ...(description == null ? {} : { description }),
    ...(actions == null ? {} : { actions: parseActions(actions) }),
  };
}

async function checkWidening(db: Db, { caller }: Request, before: RoleRow, after: RoleRow): Promise<void> {
  const held = new Set(effectiveActions(before.actions));
  const added = effectiveActions(after.actions).filter((action) => !held.has(action));
  if (added.length === 0) return;
  const bindings = await findBindingsOfRole(db, before.id);
  await checkHandOut(
    db,
    caller,
    bindings.map((binding) => ({ actions: added, place: placeOf(binding) })),
  );
}

function without(role: RoleRow, other: RoleRow): Action[] {
  return role.actions.filter((action) => !other.actions.includes(action));
}

/** Deletes a role that nobody holds. @throws CONFLICT telling how many hold it */
export function deleteRole(context: DomainContext, request: Request, id: string): Promise<RoleRecord> {
  return context.storage.transaction(async (db) => {
    const role = await findCustom(db, id, 'deleted');
    const held = await countBindingsOfRole(db, role.id);
    if (held > 0)
      throw new AppError('CONFLICT', `role ${role.slug} is held ${held} times; take it from its holders first`, {
        details: { role: role.slug, roleBindingsCount: held },
      });
    await deleteRow(db, role.id);
    await recordAudit(db, context, request, {
      action: 'role.delete',
      affected: { type: 'ROLE', id: role.id },
      data: { name: role.name, slug: role.slug },
    });
    return toRoleRecord(role, 0);
  });
}

async function findCustom(db: Db, id: string, verb: 'changed' | 'deleted'): Promise<RoleRow> {
  const role = await findRow(db, id);
  if (role === undefined) throw noSuch('role', id);
  if (!role.isSystem) return role;
  throw new AppError('CONFLICT', `role ${role.slug} is a system role and cannot be ${verb}; clone it instead`);
}
