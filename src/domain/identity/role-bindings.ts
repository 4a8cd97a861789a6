import { AppError, badInput, invariant, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import {
  deleteBinding,
  findApiKey,
  findBinding,
  findBindingsOf,
  findRole,
  insertBinding,
  type RoleBindingRow,
} from '../../storage/identity.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { rightsChanged } from './rights-changed.ts';
import { type RoleRecord, toRoleRecord } from './roles.ts';

/** A role held by an API key, as the API shows it. */
export interface RoleBindingRecord {
  readonly id: string;
  readonly role: RoleRecord;
  readonly spaceID: string;
  readonly apiKeyID: string;
}

export interface NewRoleBinding {
  readonly apiKeyID: string;
  /** Id or slug. */
  readonly roleID: string;
  readonly spaceID: string;
}

export async function createRoleBinding(
  context: DomainContext,
  request: Request,
  input: NewRoleBinding,
): Promise<RoleBindingRecord> {
  const record = await context.storage.transaction(async (db) => {
    const binding = await newBinding(db, input);
    if (!(await insertBinding(db, binding)))
      throw new AppError('CONFLICT', 'the key holds this role in this space already');
    await recordAudit(db, context, request, auditEvent('role-binding.create', binding));
    return toBindingRecord(db, binding);
  });
  await rightsChanged(context);
  return record;
}

async function newBinding(db: Db, { apiKeyID, roleID, spaceID }: NewRoleBinding): Promise<RoleBindingRow> {
  const key = await findApiKey(db, apiKeyID);
  if (key === undefined || key.deleted) throw badInput('apiKeyID', `no such API key: ${JSON.stringify(apiKeyID)}`);
  const role = await findRole(db, roleID);
  if (role === undefined) throw badInput('roleID', `no such role: ${JSON.stringify(roleID)}`);
  if ((await findSpace(db, spaceID)) === undefined)
    throw badInput('spaceID', `no such space: ${JSON.stringify(spaceID)}`);
  return { id: newUlid(), actorKind: 'API_KEY', actorId: key.id, roleId: role.id, spaceId: spaceID };
}

export async function deleteRoleBinding(
  context: DomainContext,
  request: Request,
  id: string,
): Promise<RoleBindingRecord> {
  const record = await context.storage.transaction(async (db) => {
    const binding = await findBinding(db, id);
    if (binding === undefined) throw noSuch('apiKeyRoleBinding', id);
    await deleteBinding(db, id);
    await recordAudit(db, context, request, auditEvent('role-binding.delete', binding));
    return toBindingRecord(db, binding);
  });
  await rightsChanged(context);
  return record;
}

function auditEvent(action: string, { id, actorId, roleId, spaceId }: RoleBindingRow) {
  const affected = { type: 'ROLE_BINDING', id };
  return { action, affected, related: { type: 'API_KEY', id: actorId }, data: { role: roleId, space: spaceId } };
}

export function findRoleBinding(
  context: DomainContext,
  _request: Request,
  id: string,
): Promise<RoleBindingRecord | null> {
  return context.storage.read(async (db) => {
    const binding = await findBinding(db, id);
    return binding === undefined || binding.actorKind !== 'API_KEY' ? null : toBindingRecord(db, binding);
  });
}

export function listRoleBindings(
  context: DomainContext,
  _request: Request,
  apiKey: string,
): Promise<RoleBindingRecord[]> {
  return context.storage.read(async (db) => {
    const records: RoleBindingRecord[] = [];
    for (const row of await findBindingsOf(db, 'API_KEY', apiKey)) records.push(await toBindingRecord(db, row));
    return records;
  });
}

export async function spaceOfRoleBinding(context: DomainContext, id: string): Promise<string | undefined> {
  return (await context.storage.read((db) => findBinding(db, id)))?.spaceId;
}

async function toBindingRecord(db: Db, { id, roleId, spaceId, actorId }: RoleBindingRow): Promise<RoleBindingRecord> {
  const role = await findRole(db, roleId);
  invariant(role !== undefined, `role ${roleId} of a binding does not exist`);
  return { id, role: toRoleRecord(role, 0), spaceID: spaceId, apiKeyID: actorId };
}
