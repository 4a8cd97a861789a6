import { parseName } from '../parse-name.ts';
import { randomBytes } from 'node:crypto';

import { AppError, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { unixSeconds } from '../../shared/clock.ts';
import {
  type ApiKeyRow,
  deleteBindingsOf,
  findApiKey as findRow,
  findApiKeys,
  findBindingsOf,
  findRole,
  insertApiKey,
  insertBinding,
  updateApiKey as updateRow,
} from '../../storage/identity.ts';
import type { Db } from '../../storage/database.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { hashSecret } from './exchange-api-key.ts';
import { checkGroups, checkHandOut } from './hand-out.ts';
import { rightsChanged } from './rights-changed.ts';

/** A key as the API shows it; `secret` only in the answer that creates it. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: 'SECRET' | 'OIDC';
  readonly admin: boolean;
  readonly creator: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
  readonly deleted: boolean;
  readonly teams: readonly string[];
  readonly teamCount: number;
  readonly spaceCount: number;
  readonly isMachineUser: boolean;
  readonly secret: string | null;
}

export interface NewApiKey {
  readonly name: string;
  readonly admin: boolean;
  readonly teams: readonly string[];
}

const SECRET_BYTES = 32;

/**
 * Creates a key with a random secret, which is in the answer and nowhere else: only its hash is kept.
 *
 * @throws FORBIDDEN for an assistant: a key outlives its sign-in and its scopes, and its secret would be in a model's words
 */
export async function createApiKey(context: DomainContext, request: Request, input: NewApiKey): Promise<ApiKeyRecord> {
  if (request.origin.via === 'MCP') throw askedByAssistant();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const row = newRow(context, request, input, secret);
  const record = await context.storage.transaction(async (db) => {
    await checkGroups(db, request.caller, row.teams);
    await insertApiKey(db, row);
    if (input.admin) await bindRootAdmin(db, request, row.id);
    await recordAudit(db, context, request, {
      action: 'api-key.create',
      affected: { type: 'API_KEY', id: row.id },
      data: { name: row.name, admin: input.admin, teams: [...input.teams] },
    });
    return toApiKeyRecord(db, row);
  });
  await rightsChanged(context);
  return { ...record, secret };
}

function askedByAssistant(): AppError {
  return new AppError(
    'FORBIDDEN',
    'unauthorized: an assistant cannot make API keys; make one through the GraphQL API, where its secret is seen by you alone',
  );
}

function newRow(context: DomainContext, { caller }: Request, input: NewApiKey, secret: string): ApiKeyRow {
  return {
    id: newUlid(),
    name: parseName(input.name),
    description: '',
    type: 'SECRET',
    secretHash: hashSecret(secret),
    previousSecretHash: undefined,
    previousSecretUntil: undefined,
    generation: 0,
    oidc: undefined,
    creator: caller.principal.name,
    createdAt: context.clock.now(),
    lastUsedAt: undefined,
    expiresAt: undefined,
    deleted: false,
    teams: [...input.teams],
  };
}

async function bindRootAdmin(db: Db, { caller }: Request, key: string): Promise<void> {
  const role = await findRole(db, 'space-admin');
  if (role === undefined) throw noSuch('role', 'space-admin');
  await checkHandOut(db, caller, [{ actions: role.actions, space: 'root' }]);
  await insertBinding(db, { id: newUlid(), actorKind: 'API_KEY', actorId: key, roleId: role.id, spaceId: 'root' });
}

export function listApiKeys(context: DomainContext, _request: Request): Promise<ApiKeyRecord[]> {
  return context.storage.read(async (db) => {
    const records: ApiKeyRecord[] = [];
    for (const row of await findApiKeys(db)) records.push(await toApiKeyRecord(db, row));
    return records;
  });
}

export function findApiKey(context: DomainContext, _request: Request, id: string): Promise<ApiKeyRecord | null> {
  return context.storage.read(async (db) => {
    const row = await findRow(db, id);
    return row === undefined || row.deleted ? null : toApiKeyRecord(db, row);
  });
}

export interface ApiKeyChanges {
  readonly name?: string | null | undefined;
  readonly teams?: readonly string[] | null | undefined;
  readonly description?: string | null | undefined;
}

/** What is null or absent stays as it is. */
export async function updateApiKey(
  context: DomainContext,
  request: Request,
  id: string,
  { name, teams, description }: ApiKeyChanges,
): Promise<ApiKeyRecord> {
  return change(context, request, {
    id,
    action: 'api-key.update',
    columns: {
      ...(name == null ? {} : { name: parseName(name) }),
      ...(teams == null ? {} : { teams: [...teams] }),
      ...(description == null ? {} : { description }),
    },
  });
}

/** The key's tokens stop working at once and its roles are gone; its name stays in the history. */
export function deleteApiKey(context: DomainContext, request: Request, id: string): Promise<ApiKeyRecord> {
  return change(context, request, { id, action: 'api-key.delete', columns: { deleted: true } });
}

interface Change {
  readonly id: string;
  readonly action: string;
  readonly columns: Partial<ApiKeyRow>;
}

async function change(
  context: DomainContext,
  request: Request,
  { id, action, columns }: Change,
): Promise<ApiKeyRecord> {
  const record = await context.storage.transaction(async (db) => {
    const row = await findRow(db, id);
    if (row === undefined || row.deleted) throw noSuch('apiKey', id);
    const newTeams = columns.teams?.filter((team) => !row.teams.includes(team)) ?? [];
    await checkGroups(db, request.caller, newTeams);
    await updateRow(db, id, columns);
    if (columns.deleted === true) await deleteBindingsOf(db, 'API_KEY', id);
    await recordAudit(db, context, request, {
      action,
      affected: { type: 'API_KEY', id },
      data: { name: columns.name ?? row.name },
    });
    return toApiKeyRecord(db, { ...row, ...columns });
  });
  await rightsChanged(context);
  return record;
}

async function toApiKeyRecord(db: Db, row: ApiKeyRow): Promise<ApiKeyRecord> {
  const bindings = await findBindingsOf(db, 'API_KEY', row.id);
  const adminRole = await findRole(db, 'space-admin');
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    admin: bindings.some(({ roleId, spaceId }) => roleId === adminRole?.id && spaceId === 'root'),
    creator: row.creator ?? null,
    createdAt: unixSeconds(row.createdAt),
    lastUsedAt: row.lastUsedAt === undefined ? null : unixSeconds(row.lastUsedAt),
    expiresAt: row.expiresAt === undefined ? null : unixSeconds(row.expiresAt),
    deleted: row.deleted,
    teams: row.teams,
    teamCount: row.teams.length,
    spaceCount: new Set(bindings.map(({ spaceId }) => spaceId)).size,
    isMachineUser: true,
    secret: null,
  };
}
