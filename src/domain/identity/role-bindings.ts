import { type Caller, may, placeWords } from '../../shared/caller.ts';
import { AppError, badInput, invariant, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import {
  countBindingsOfRole,
  deleteBinding,
  findApiKey,
  findBinding,
  findBindingsOf,
  findRole,
  insertBinding,
  type RoleBindingRow,
} from '../../storage/identity.ts';
import { findUser } from '../../storage/people.ts';
import { findProject } from '../../storage/projects.ts';
import { findSpace } from '../../storage/spaces.ts';
import { findUserGroup } from '../../storage/user-groups.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { placeOf } from './grants.ts';
import { checkHandOut } from './hand-out.ts';
import { keepingRootAdmin } from './root-admins.ts';
import { rightsChanged } from '../rights-changed.ts';
import { type RoleRecord, toRoleRecord } from './roles.ts';

/** Who holds a role. */
export type ActorKind = RoleBindingRow['actorKind'];

/** A role held in a space, or in a project of it; which kind of actor holds it says the type that the API shows it as. */
export interface RoleBindingRecord {
  readonly id: string;
  readonly roleID: string;
  readonly role: RoleRecord;
  readonly spaceID: string;
  readonly intentProjectID: string | undefined;
  /** Id of the key, user or group. */
  readonly actorId: string;
}

export interface NewRoleBinding {
  readonly kind: ActorKind;
  readonly actorId: string;
  /** Id or slug. */
  readonly roleID: string;
  readonly spaceID: string;
  /** Only in this project of the space. */
  readonly intentProjectID?: string | null | undefined;
}

const MAX_BATCH = 100;

/** How each kind of actor is called: by the arguments, by the nouns of the API, in the audit trail. */
const kinds: Readonly<Record<ActorKind, { argument: string; words: string; noun: string }>> = {
  API_KEY: { argument: 'apiKeyID', words: 'API key', noun: 'apiKeyRoleBinding' },
  USER: { argument: 'userID', words: 'user', noun: 'userRoleBinding' },
  GROUP: { argument: 'userGroupID', words: 'group', noun: 'userGroupRoleBinding' },
};

/** Whoever asks has checked ROLE_BINDING_CREATE in the space. */
export async function createRoleBinding(
  context: DomainContext,
  request: Request,
  input: NewRoleBinding,
): Promise<RoleBindingRecord> {
  const record = await context.storage.transaction((db) => bind(db, context, request, input));
  await rightsChanged(context);
  return record;
}

/** All or none. Asks for ROLE_BINDING_CREATE in the space of each. */
export async function createRoleBindings(
  context: DomainContext,
  request: Request,
  inputs: readonly NewRoleBinding[],
): Promise<RoleBindingRecord[]> {
  if (inputs.length === 0 || inputs.length > MAX_BATCH)
    throw badInput('bindings', `must be 1 to ${MAX_BATCH}, not ${inputs.length}`);
  const records = await context.storage.transaction(async (db) => {
    const made: RoleBindingRecord[] = [];
    for (const input of inputs) {
      checkMayBind(request.caller, input.spaceID);
      made.push(await bind(db, context, request, input));
    }
    return made;
  });
  await rightsChanged(context);
  return records;
}

// The answer is the gateway's for a single binding: a space that may not be read looks missing.
function checkMayBind(caller: Caller, space: string): void {
  if (may(caller, 'ROLE_BINDING_CREATE', space)) return;
  if (!may(caller, 'SPACE_READ', space)) throw noSuch('space', space);
  const message = `unauthorized: spaceID: giving roles needs the action ROLE_BINDING_CREATE, which you do not hold in the space ${JSON.stringify(space)}`;
  throw new AppError('FORBIDDEN', message, { details: { action: 'ROLE_BINDING_CREATE', space } });
}

async function bind(
  db: Db,
  context: DomainContext,
  request: Request,
  input: NewRoleBinding,
): Promise<RoleBindingRecord> {
  const { kind, roleID, spaceID } = input;
  await checkActor(db, input);
  const role = await findRole(db, roleID);
  if (role === undefined) throw badInput('roleID', `no such role: ${JSON.stringify(roleID)}`);
  if ((await findSpace(db, spaceID)) === undefined)
    throw badInput('spaceID', `no such space: ${JSON.stringify(spaceID)}`);
  const projectId = await parseProject(db, input);
  const held = { roleId: role.id, spaceId: spaceID, projectId };
  await checkHandOut(db, request.caller, [{ actions: role.actions, place: placeOf(held) }]);
  const binding = { id: newUlid(), actorKind: kind, actorId: input.actorId, ...held };
  if (!(await insertBinding(db, binding)))
    throw new AppError('CONFLICT', `the ${kinds[kind].words} holds this role in ${placeWords(placeOf(held))} already`);
  await recordAudit(db, context, request, auditEvent('role-binding.create', binding));
  return toBindingRecord(db, binding);
}

// Whoever gives roles in a space may know what projects it has; of others they learn nothing.
async function parseProject(db: Db, { spaceID, intentProjectID }: NewRoleBinding): Promise<string | undefined> {
  if (intentProjectID == null || intentProjectID === '') return undefined;
  const project = await findProject(db, intentProjectID);
  if (project?.space === spaceID) return project.id;
  throw badInput('intentProjectID', `no such Intent project in the space ${JSON.stringify(spaceID)}`);
}

async function checkActor(db: Db, { kind, actorId }: NewRoleBinding): Promise<void> {
  const finders = { API_KEY: findApiKey, USER: findUser, GROUP: findUserGroup };
  const found = await finders[kind](db, actorId);
  const gone = found === undefined || ('deleted' in found && found.deleted);
  if (gone) throw badInput(kinds[kind].argument, `no such ${kinds[kind].words}: ${JSON.stringify(actorId)}`);
}

/** Whoever asks has checked ROLE_BINDING_DELETE in the space. @throws CONFLICT for the last admin of root */
export async function deleteRoleBinding(
  context: DomainContext,
  request: Request,
  kind: ActorKind,
  id: string,
): Promise<RoleBindingRecord> {
  const record = await context.storage.transaction(async (db) => {
    const binding = await findBinding(db, id);
    if (binding === undefined || binding.actorKind !== kind) throw noSuch(kinds[kind].noun, id);
    const gone = await toBindingRecord(db, binding);
    await keepingRootAdmin(db, () => deleteBinding(db, id));
    await recordAudit(db, context, request, auditEvent('role-binding.delete', binding));
    return gone;
  });
  await rightsChanged(context);
  return record;
}

function auditEvent(action: string, { id, actorKind, actorId, roleId, spaceId, projectId }: RoleBindingRow) {
  const affected = { type: 'ROLE_BINDING', id };
  const data = { role: roleId, space: spaceId, project: projectId };
  return { action, affected, related: { type: actorKind, id: actorId }, data };
}

export function findRoleBinding(
  context: DomainContext,
  _request: Request,
  kind: ActorKind,
  id: string,
): Promise<RoleBindingRecord | null> {
  return context.storage.read(async (db) => {
    const binding = await findBinding(db, id);
    return binding === undefined || binding.actorKind !== kind ? null : toBindingRecord(db, binding);
  });
}

/** Those in the spaces whose bindings the caller may see. */
export function listRoleBindings(
  context: DomainContext,
  { caller }: Request,
  kind: ActorKind,
  actorId: string,
): Promise<RoleBindingRecord[]> {
  return context.storage.read(async (db) => {
    const records: RoleBindingRecord[] = [];
    for (const row of await findBindingsOf(db, kind, actorId)) {
      if (may(caller, 'ROLE_BINDING_READ', row.spaceId)) records.push(await toBindingRecord(db, row));
    }
    return records;
  });
}

export async function spaceOfRoleBinding(
  context: DomainContext,
  kind: ActorKind,
  id: string,
): Promise<string | undefined> {
  const binding = await context.storage.read((db) => findBinding(db, id));
  return binding?.actorKind === kind ? binding.spaceId : undefined;
}

async function toBindingRecord(db: Db, row: RoleBindingRow): Promise<RoleBindingRecord> {
  const { id, roleId, spaceId, projectId, actorId } = row;
  const role = await findRole(db, roleId);
  invariant(role !== undefined, `role ${roleId} of a binding does not exist`);
  const record = toRoleRecord(role, await countBindingsOfRole(db, roleId));
  return { id, roleID: roleId, role: record, spaceID: spaceId, intentProjectID: projectId, actorId };
}
