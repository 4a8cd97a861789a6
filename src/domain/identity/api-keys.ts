import { parseName } from '../parse-name.ts';
import type { Caller } from '../../shared/caller.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { unixSeconds } from '../../shared/clock.ts';
import {
  type ApiKeyRow,
  deleteBindingsOf,
  findApiKey as findRow,
  findApiKeys,
  findBindingsOf,
  findRole,
  findRoles,
  insertApiKey,
  insertBinding,
  updateApiKey as updateRow,
} from '../../storage/identity.ts';
import { deletePersonalTokensOf } from '../../storage/personal-tokens.ts';
import type { Db } from '../../storage/database.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { actorsOfKey } from './actors.ts';
import { type AccessRule, rulesOfBindings } from './access-rules.ts';
import { newSecret } from './api-key-secret.ts';
import { checkActors, checkGroups, checkHandOut } from './hand-out.ts';
import { type NewClaimMapping, type NewOidcTrust, parseMapping, parseOidcTrust } from './oidc-trust.ts';
import { rightsChanged } from '../rights-changed.ts';

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
  readonly accessRules: readonly AccessRule[];
  readonly isMachineUser: boolean;
  readonly secret: string | null;
  /** Unix seconds until which the secret before the last rotation counts too. */
  readonly previousSecretUntil: number | null;
  readonly oidcSettings: OidcSettings | null;
}

interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly subjectExpression: string;
  readonly claimMapping: NewClaimMapping;
}

export interface NewApiKey {
  readonly name: string;
  readonly admin: boolean;
  readonly teams: readonly string[];
  /** Unix seconds; for ever when left out. */
  readonly expiresAt?: number | null | undefined;
  /** Whose tokens the key takes instead of a secret. */
  readonly oidc?: NewOidcTrust | null | undefined;
}

/**
 * Creates a key with a random secret, which is in the answer and nowhere else: only its hash is kept. A key that takes
 * tokens of another server has no secret.
 *
 * @throws FORBIDDEN for an assistant: a key outlives its sign-in and its scopes, and its secret would be in a model's words
 */
export async function createApiKey(context: DomainContext, request: Request, input: NewApiKey): Promise<ApiKeyRecord> {
  refuseAssistant(request);
  const { secret, hash } = newSecret();
  const row = newRow(context, request, input, hash);
  const record = await context.storage.transaction(async (db) => {
    await checkGroups(db, request.caller, row.teams);
    await checkClaims(db, request.caller, row.oidc?.claimMapping ?? []);
    await insertApiKey(db, row);
    if (input.admin) await bindRootAdmin(db, request, row.id);
    await recordAudit(db, context, request, {
      action: 'api-key.create',
      affected: { type: 'API_KEY', id: row.id },
      data: { name: row.name, admin: input.admin, teams: [...input.teams], ...auditedTrust(row) },
    });
    return toApiKeyRecord(db, row);
  });
  await rightsChanged(context);
  return row.oidc === undefined ? { ...record, secret } : record;
}

export function refuseAssistant({ caller, origin }: Request): void {
  if (caller.lent === true) throw lent();
  if (origin.via !== 'MCP') return;
  throw new AppError(
    'FORBIDDEN',
    'unauthorized: an assistant cannot make API keys or secrets; use the GraphQL API, where you alone see them',
  );
}

/** Whoever was lent a token for a minute must not come out of it with something for a year. */
export function lent(): AppError {
  return new AppError(
    'FORBIDDEN',
    'unauthorized: a narrowed token cannot make keys or tokens, which would outlive it; sign in, or use an API key',
  );
}

function auditedTrust({ oidc, expiresAt }: ApiKeyRow) {
  const { issuer, clientId, subjectExpression } = oidc ?? {};
  return { issuer, clientId, subjectExpression, expiresAt: expiresAt && unixSeconds(expiresAt) };
}

function newRow(context: DomainContext, { caller }: Request, input: NewApiKey, hash: Buffer): ApiKeyRow {
  const oidc = input.oidc == null ? undefined : parseOidcTrust(input.oidc);
  return {
    id: newUlid(),
    name: parseName(input.name),
    description: '',
    type: oidc === undefined ? 'SECRET' : 'OIDC',
    secretHash: oidc === undefined ? hash : undefined,
    previousSecretHash: undefined,
    previousSecretUntil: undefined,
    generation: 0,
    oidc,
    creator: caller.principal.name,
    createdAt: context.clock.now(),
    lastUsedAt: undefined,
    expiresAt: parseEnd(input.expiresAt ?? undefined, context.clock.now()),
    deleted: false,
    teams: [...input.teams],
  };
}

/** @param given Unix seconds; 0 stands for no end */
function parseEnd(given: number | undefined, now: Date): Date | undefined {
  if (given === undefined || given === 0) return undefined;
  if (given <= unixSeconds(now)) throw badInput('expiresAt', 'must lie in the future, in Unix seconds');
  return new Date(given * 1000);
}

async function bindRootAdmin(db: Db, { caller }: Request, key: string): Promise<void> {
  const role = await findRole(db, 'space-admin');
  if (role === undefined) throw noSuch('role', 'space-admin');
  await checkHandOut(db, caller, [{ actions: role.actions, place: 'root' }]);
  await insertBinding(db, {
    id: newUlid(),
    actorKind: 'API_KEY',
    actorId: key,
    roleId: role.id,
    spaceId: 'root',
    projectId: undefined,
  });
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
  /** Unix seconds; 0 takes the end away. */
  readonly expiresAt?: number | null | undefined;
  readonly oidcClaimMappings?: NewClaimMapping | null | undefined;
}

/** What is null or absent stays as it is. */
export async function updateApiKey(
  context: DomainContext,
  request: Request,
  id: string,
  changes: ApiKeyChanges,
): Promise<ApiKeyRecord> {
  const now = context.clock.now();
  return change(context, request, {
    id,
    action: 'api-key.update',
    columns: (row) => changedColumns(row, changes, now),
  });
}

function changedColumns(row: ApiKeyRow, changes: ApiKeyChanges, now: Date): Partial<ApiKeyRow> {
  const { name, teams, description, expiresAt, oidcClaimMappings: mappings } = changes;
  if (mappings != null && row.oidc === undefined) throw badInput('oidcClaimMappings', 'is for keys of type OIDC');
  return {
    ...(name == null ? {} : { name: parseName(name) }),
    ...(teams == null ? {} : { teams: [...teams] }),
    ...(description == null ? {} : { description }),
    ...(expiresAt == null ? {} : { expiresAt: parseEnd(expiresAt, now) }),
    ...(mappings == null || row.oidc === undefined
      ? {}
      : { oidc: { ...row.oidc, claimMapping: parseMapping('oidcClaimMappings', mappings) } }),
  };
}

/** The key's tokens stop working at once and its roles are gone; its name stays in the history. */
export function deleteApiKey(context: DomainContext, request: Request, id: string): Promise<ApiKeyRecord> {
  return change(context, request, { id, action: 'api-key.delete', columns: () => ({ deleted: true }) });
}

interface Change {
  readonly id: string;
  readonly action: string;
  readonly columns: (row: ApiKeyRow) => Partial<ApiKeyRow>;
}

async function change(
  context: DomainContext,
  request: Request,
  { id, action, columns: columnsFor }: Change,
): Promise<ApiKeyRecord> {
  const record = await context.storage.transaction(async (db) => {
    const row = await findRow(db, id);
    if (row === undefined || row.deleted) throw noSuch('apiKey', id);
    const columns = columnsFor(row);
    const newTeams = columns.teams?.filter((team) => !row.teams.includes(team)) ?? [];
    await checkGroups(db, request.caller, newTeams);
    await checkReach(db, request, row, columns);
    await updateRow(db, id, columns);
    if (columns.deleted === true) await forget(db, id);
    await recordAudit(db, context, request, {
      action,
      affected: { type: 'API_KEY', id },
      data: { name: columns.name ?? row.name, changed: Object.keys(columns) },
    });
    return toApiKeyRecord(db, { ...row, ...columns });
  });
  await rightsChanged(context);
  return record;
}

/** A key that lives longer hands out what it holds; claims are for login policies to read, which could give anything. */
async function checkReach(db: Db, { caller }: Request, row: ApiKeyRow, columns: Partial<ApiKeyRow>): Promise<void> {
  if ('expiresAt' in columns && endsLater(row.expiresAt, columns.expiresAt))
    await checkActors(db, caller, await actorsOfKey(db, row));
  if (columns.oidc !== undefined) await checkClaims(db, caller, columns.oidc.claimMapping);
}

function endsLater(before: Date | undefined, after: Date | undefined): boolean {
  return before !== undefined && (after === undefined || after > before);
}

async function checkClaims(db: Db, caller: Caller, mapping: readonly object[]): Promise<void> {
  if (mapping.length > 0) await checkHandOut(db, caller, [{ actions: ['SPACE_ADMIN'], place: 'root' }]);
}

async function forget(db: Db, id: string): Promise<void> {
  await deleteBindingsOf(db, 'API_KEY', id);
  await deletePersonalTokensOf(db, 'API_KEY', id);
}

export async function toApiKeyRecord(db: Db, row: ApiKeyRow): Promise<ApiKeyRecord> {
  const bindings = await findBindingsOf(db, 'API_KEY', row.id);
  const accessRules = rulesOfBindings(bindings, await findRoles(db));
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    admin: accessRules.some(({ space, spaceAccessLevel }) => space === 'root' && spaceAccessLevel === 'ADMIN'),
    accessRules,
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
    previousSecretUntil: row.previousSecretUntil === undefined ? null : unixSeconds(row.previousSecretUntil),
    oidcSettings: row.oidc === undefined ? null : { ...row.oidc, claimMapping: { entries: row.oidc.claimMapping } },
  };
}
