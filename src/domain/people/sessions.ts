import type { SessionKind } from '../../../generated/enums.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findApiKey } from '../../storage/identity.ts';
import { findOAuthGrant, findOAuthGrantsOf, type OAuthGrantRow } from '../../storage/oauth-grants.ts';
import {
  type BrowserSessionRow,
  deleteBrowserSession,
  findBrowserSession,
  findBrowserSessionsOf,
} from '../../storage/people.ts';
import {
  deletePersonalToken,
  findPersonalToken,
  findPersonalTokens,
  type PersonalTokenRow,
} from '../../storage/personal-tokens.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { isPersonalTokenSession, personalTokenSession, rightsChanged } from '../identity/index.ts';
import { endGrant } from '../oauth/index.ts';
import { endSessionsOf } from './end-sessions.ts';
import { requireUser } from './users.ts';

/** One way in which somebody is signed in, as the API shows it. Its id is the one that locks are held under. */
export interface SessionRecord {
  readonly id: string;
  readonly kind: SessionKind;
  readonly userID: string;
  readonly client: string | null;
  readonly remoteAddress: string | null;
  readonly scopes: readonly string[];
  readonly resource: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
  readonly current: boolean;
}

/** The caller's own sessions, newest first. Of an API key there is one: the key. */
export function listOwnSessions(context: DomainContext, request: Request): Promise<SessionRecord[]> {
  const { kind, id } = request.caller.principal;
  return context.storage.read((db) =>
    kind === 'API_KEY' ? keySession(db, request, id) : sessionsOf(db, context, request, id),
  );
}

/** The sessions of any user. @throws NO_SUCH */
export function listSessionsOf(context: DomainContext, request: Request, userId: string): Promise<SessionRecord[]> {
  return context.storage.read(async (db) => {
    await requireUser(db, userId);
    return sessionsOf(db, context, request, userId);
  });
}

async function sessionsOf(db: Db, { clock }: DomainContext, request: Request, userId: string) {
  const now = clock.now();
  const browsers = await findBrowserSessionsOf(db, userId, now);
  const grants = await findOAuthGrantsOf(db, userId, now);
  const tokens = (await findPersonalTokens(db, { ownerKind: 'USER', ownerId: userId })).filter(isAlive(now));
  const dated = [
    ...browsers.map((row) => ({ at: row.createdAt, session: describeBrowser(row) })),
    ...grants.map((row) => ({ at: row.createdAt, session: describeGrant(row) })),
    ...tokens.map((row) => ({ at: row.createdAt, session: describeToken(row) })),
  ];
  return dated
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .map(({ session }) => ({ ...session, current: session.id === request.caller.session }));
}

function isAlive(now: Date): (row: { readonly expiresAt: Date }) => boolean {
  return ({ expiresAt }) => expiresAt > now;
}

type Described = Omit<SessionRecord, 'current'>;

function describeBrowser(row: BrowserSessionRow): Described {
  return {
    ...described(row),
    id: `${row.kind === 'BROWSER' ? 'browser' : 'cli'}:${row.id}`,
    kind: row.kind,
    client: row.client ?? null,
    scopes: ['mcp:read', 'mcp:write'],
    resource: null,
  };
}

function describeGrant(row: OAuthGrantRow): Described {
  const { clientName: client, scopes, resource } = row;
  return { ...described(row), id: `grant:${row.id}`, kind: 'OAUTH', client, scopes, resource };
}

function describeToken(row: PersonalTokenRow): Described {
  const { name: client, scopes } = row;
  return {
    ...described({ ...row, userId: row.ownerId, remoteAddress: undefined }),
    id: personalTokenSession(row.id),
    kind: 'PERSONAL_TOKEN',
    client,
    scopes,
    resource: null,
  };
}

type AnyRow = Pick<BrowserSessionRow, 'userId' | 'remoteAddress' | 'createdAt' | 'lastUsedAt' | 'expiresAt'>;

function described(row: AnyRow) {
  return {
    userID: row.userId,
    remoteAddress: row.remoteAddress ?? null,
    createdAt: unixSeconds(row.createdAt),
    lastUsedAt: row.lastUsedAt === undefined ? null : unixSeconds(row.lastUsedAt),
    expiresAt: unixSeconds(row.expiresAt),
  };
}

async function keySession(db: Db, { caller }: Request, id: string): Promise<SessionRecord[]> {
  const key = await findApiKey(db, id);
  if (key === undefined) return [];
  return [
    {
      id: caller.session,
      kind: 'API_KEY',
      userID: id,
      client: key.name,
      remoteAddress: null,
      scopes: ['mcp:read', 'mcp:write'],
      resource: null,
      createdAt: unixSeconds(key.createdAt),
      lastUsedAt: key.lastUsedAt === undefined ? null : unixSeconds(key.lastUsedAt),
      expiresAt: key.expiresAt === undefined ? null : unixSeconds(key.expiresAt),
      current: true,
    },
  ];
}

/** Ends a session of the caller's own. It counts from the next request on. @throws NO_SUCH */
export async function endOwnSession(context: DomainContext, request: Request, id: string): Promise<SessionRecord> {
  const { principal, session: own } = request.caller;
  // A personal token, which may have leaked, ends itself and nothing else.
  if (isPersonalTokenSession(own) && id !== own) throw noSuch('session', id);
  return endSessionWith(context, request, id, (session) => session.userID === principal.id);
}

/** Ends anybody's session. @throws NO_SUCH */
export async function endAnySession(context: DomainContext, request: Request, id: string): Promise<SessionRecord> {
  return endSessionWith(context, request, id, () => true);
}

async function endSessionWith(
  context: DomainContext,
  request: Request,
  id: string,
  mayEnd: (session: Described) => boolean,
): Promise<SessionRecord> {
  const ended = await context.storage.transaction(async (db) => {
    const session = await findSession(db, id, context.clock.now());
    if (session === undefined || !mayEnd(session)) throw noSuch('session', id);
    await removeSession(db, id);
    await recordAudit(db, context, request, {
      action: 'session.end',
      affected: { type: 'SESSION', id },
      related: { type: 'USER', id: session.userID },
      data: { kind: session.kind, client: session.client },
    });
    return { ...session, current: id === request.caller.session };
  });
  await rightsChanged(context);
  return ended;
}

function splitId(id: string): readonly [kind: string, rest: string] {
  const at = id.indexOf(':');
  return [id.slice(0, Math.max(at, 0)), id.slice(at + 1)];
}

async function findSession(db: Db, id: string, now: Date): Promise<Described | undefined> {
  const [kind, rest] = splitId(id);
  const session = await finders[kind]?.(db, rest, now);
  return session?.id === id ? session : undefined;
}

type Finder = (db: Db, id: string, now: Date) => Promise<Described | undefined>;

const findBrowser: Finder = async (db, id, now) => {
  const row = await findBrowserSession(db, id, now);
  return row === undefined ? undefined : describeBrowser(row);
};

const finders: Readonly<Partial<Record<string, Finder>>> = {
  browser: findBrowser,
  cli: findBrowser,
  async grant(db, id, now) {
    const row = await findOAuthGrant(db, id);
    return row === undefined || !isAlive(now)(row) ? undefined : describeGrant(row);
  },
  async token(db, id, now) {
    const row = await findPersonalToken(db, id);
    return row === undefined || row.ownerKind !== 'USER' || !isAlive(now)(row) ? undefined : describeToken(row);
  },
};

async function removeSession(db: Db, id: string): Promise<void> {
  const [kind, rest] = splitId(id);
  if (kind === 'grant') await endGrant(db, rest);
  else if (kind === 'token') await deletePersonalToken(db, rest);
  else await deleteBrowserSession(db, rest);
}

/** Ends all sessions of the caller's but the one that asks. @returns the ones that ended */
export async function endOtherSessions(context: DomainContext, request: Request): Promise<SessionRecord[]> {
  const { caller } = request;
  if (isPersonalTokenSession(caller.session)) {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: a personal access token ends no session but its own; sign in to end others',
    );
  }
  if (caller.principal.kind !== 'USER') return [];
  return endMany(context, request, caller.principal.id, caller.session);
}

/** Ends all sessions of a user. @returns the ones that ended */
export async function endAllSessions(
  context: DomainContext,
  request: Request,
  userId: string,
): Promise<SessionRecord[]> {
  return endMany(context, request, userId, '');
}

async function endMany(
  context: DomainContext,
  request: Request,
  userId: string,
  except: string,
): Promise<SessionRecord[]> {
  const ended = await context.storage.transaction(async (db) => {
    const { username } = await requireUser(db, userId);
    const sessions = (await sessionsOf(db, context, request, userId)).filter(({ id }) => id !== except);
    const [kind, kept] = splitId(except);
    // Browsers and the command line share a table.
    await endSessionsOf(db, userId, context.clock.now(), { [kind === 'cli' ? 'browser' : kind]: kept });
    await recordAudit(db, context, request, {
      action: 'session.end-many',
      affected: { type: 'USER', id: userId },
      data: { username, count: sessions.length },
    });
    return sessions;
  });
  await rightsChanged(context);
  return ended;
}
