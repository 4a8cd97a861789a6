import { may, projectOfPlace, type Scope } from '../../shared/caller.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import {
  countPersonalTokens,
  deletePersonalToken as deleteRow,
  findPersonalToken,
  findPersonalTokens,
  insertPersonalToken,
  type PersonalTokenRow,
} from '../../storage/personal-tokens.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { parseName } from '../parse-name.ts';
import { judgeLogin } from '../login/index.ts';
import { lent } from './api-keys.ts';
import { parseScopes } from './parse-scopes.ts';
import { hashPersonalToken, newPersonalTokenText } from './personal-token-text.ts';
import { TOKEN_SECONDS } from './tokens.ts';
import { rightsChanged } from '../rights-changed.ts';

/** A personal access token as the API shows it; `token` only in the answer that creates it. */
export interface PersonalTokenRecord {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly scopes: readonly Scope[];
  readonly spaces: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
  readonly token: string | null;
}

export interface NewPersonalToken {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Narrows the token to these spaces and what is below them. */
  readonly spaces?: readonly string[] | null | undefined;
  /** Unix seconds. */
  readonly expiresAt?: number | null | undefined;
}

const MAX_TOKENS = 100; // of one owner: more is a program that makes them and forgets them
const MAX_SPACES = 50;
const DAY_SECONDS = 24 * 60 * 60;
const SESSION_PREFIX = 'token:';

/** Whether somebody came by a personal access token, which manages nothing but itself. */
export const isPersonalTokenSession = (session: string): boolean => session.startsWith(SESSION_PREFIX);

/** The session of a caller who came by a personal access token. */
export const personalTokenSession = (id: string): string => SESSION_PREFIX + id;

/**
 * Makes a token that acts for its owner, with some of their scopes and, if wanted, in some spaces only. The token is in
 * the answer and nowhere else: only its hash is kept.
 *
 * @throws FORBIDDEN for an assistant, whose model would see the token, and for a token: it must not make its successor
 */
export async function createPersonalToken(
  context: DomainContext,
  request: Request,
  input: NewPersonalToken,
): Promise<PersonalTokenRecord> {
  refuseMaking(request);
  const token = newPersonalTokenText();
  const row = newRow(context, request, input, token);
  // Nobody shall keep a token that the login policies refuse at its first use.
  await judgeLogin(context, request.origin, {
    kind: row.ownerKind,
    id: row.ownerId,
    session: personalTokenSession(row.id),
    expiresAt: new Date(row.createdAt.getTime() + TOKEN_SECONDS * 1000),
  });
  await context.storage.transaction(async (db) => {
    if ((await countPersonalTokens(db, row)) >= MAX_TOKENS) {
      throw new AppError('LIMIT_EXCEEDED', `there are ${MAX_TOKENS} tokens already; delete some that are not used`);
    }
    await insertPersonalToken(db, row);
    const { name, scopes, spaces, expiresAt } = row;
    await recordAudit(db, context, request, {
      action: 'personal-token.create',
      affected: { type: 'PERSONAL_TOKEN', id: row.id },
      data: { name, scopes, spaces, expiresAt: unixSeconds(expiresAt) },
    });
  });
  return { ...toRecord(row), token };
}

function refuseMaking({ caller, origin }: Request): void {
  if (caller.lent === true) throw lent();
  if (origin.via === 'MCP') {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: an assistant cannot make tokens; make one through the GraphQL API, where you alone see it',
    );
  }
  if (isPersonalTokenSession(caller.session)) {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: a personal access token cannot make another one; sign in, or use an API key',
    );
  }
}

function newRow(context: DomainContext, { caller }: Request, input: NewPersonalToken, token: string): PersonalTokenRow {
  const { kind, id } = caller.principal;
  if (kind !== 'USER' && kind !== 'API_KEY') throw badInput('caller', 'must be a person or an API key');
  const createdAt = context.clock.now();
  return {
    id: newUlid(),
    ownerKind: kind,
    ownerId: id,
    name: parseName(input.name),
    tokenHash: hashPersonalToken(token),
    scopes: parseScopes(input.scopes, caller),
    spaces: parseSpaces(input.spaces ?? [], caller.grants),
    createdAt,
    expiresAt: parseEnd(input.expiresAt ?? undefined, createdAt, context.personalTokenDays),
    lastUsedAt: undefined,
  };
}

/** A space that the caller does not see answers like one that is not there. */
function parseSpaces(spaces: readonly string[], grants: ReadonlyMap<string, unknown>): string[] {
  if (spaces.length > MAX_SPACES) throw badInput('spaces', `must be at most ${MAX_SPACES}`);
  for (const space of spaces)
    if (!grants.has(space) || projectOfPlace(space) !== undefined) throw noSuch('space', space);
  return [...new Set(spaces)].toSorted();
}

function parseEnd(given: number | undefined, now: Date, maxDays: number): Date {
  const latest = unixSeconds(now) + maxDays * DAY_SECONDS;
  const end = given ?? latest;
  if (end <= unixSeconds(now)) throw badInput('expiresAt', 'must lie in the future, in Unix seconds');
  if (end > latest) throw badInput('expiresAt', `must lie at most ${maxDays} days ahead, at ${latest} or before`);
  return new Date(end * 1000);
}

/** The caller's own, newest first. @param everyone all of them, for an administrator of root */
export async function listPersonalTokens(
  context: DomainContext,
  { caller }: Request,
  everyone: boolean,
): Promise<PersonalTokenRecord[]> {
  if (everyone && !may(caller, 'SPACE_ADMIN', 'root')) {
    throw new AppError('FORBIDDEN', "unauthorized: everyone's tokens are for administrators of root; ask for your own");
  }
  const { kind, id } = caller.principal;
  if (kind !== 'USER' && kind !== 'API_KEY') return [];
  const owner = everyone ? {} : { ownerKind: kind, ownerId: id };
  return (await context.storage.read((db) => findPersonalTokens(db, owner))).map(toRecord);
}

/** Ends a token at once: one's own, or anybody's for an administrator of root. */
export async function deletePersonalToken(
  context: DomainContext,
  request: Request,
  id: string,
): Promise<PersonalTokenRecord> {
  const record = await context.storage.transaction(async (db) => {
    const row = await findPersonalToken(db, id);
    if (row === undefined || !mayDelete(request, row)) throw noSuch('personalAccessToken', id);
    await deleteRow(db, id);
    await recordAudit(db, context, request, {
      action: 'personal-token.delete',
      affected: { type: 'PERSONAL_TOKEN', id },
      data: { name: row.name, owner: row.ownerId },
    });
    return toRecord(row);
  });
  await rightsChanged(context);
  return record;
}

/** A token may end itself, so that whoever finds a leaked one can; of others it says nothing. */
function mayDelete({ caller }: Request, row: PersonalTokenRow): boolean {
  const { session, principal } = caller;
  if (isPersonalTokenSession(session)) return session === personalTokenSession(row.id);
  return (principal.kind === row.ownerKind && principal.id === row.ownerId) || may(caller, 'SPACE_ADMIN', 'root');
}

function toRecord(row: PersonalTokenRow): PersonalTokenRecord {
  const { id, name, ownerId, scopes, spaces } = row;
  return {
    id,
    name,
    ownerId,
    scopes,
    spaces,
    createdAt: unixSeconds(row.createdAt),
    expiresAt: unixSeconds(row.expiresAt),
    lastUsedAt: row.lastUsedAt === undefined ? null : unixSeconds(row.lastUsedAt),
    token: null,
  };
}
