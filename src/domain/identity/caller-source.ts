import { createHash } from 'node:crypto';

import { decodeProtectedHeader } from 'jose';
import { LRUCache } from 'lru-cache';

import type { Caller, Origin, Scope } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, findBindings, findRoles } from '../../storage/identity.ts';
import { touchOAuthGrant } from '../../storage/oauth-grants.ts';
import { findBrowserSession, findUser, touchBrowserSession } from '../../storage/people.ts';
import { findSpaces } from '../../storage/spaces.ts';
import type { DomainContext } from '../context.ts';
import { grantSubject, loginRights, type LoginRights, type LoginSubject, withoutRootAdmin } from '../login/index.ts';
import { bindingsOfRules } from './access-rules.ts';
import { createAccessTokenCheck, type VerifyAccessToken } from './access-tokens.ts';
import { actorKey, type Actors, actorsOfKey, actorsOfUser, teamsOfUser } from './actors.ts';
import { effectiveGrants, placeOf } from './grants.ts';
import { grantIsAlive, grantOf } from './grant-is-alive.ts';
import { loadPersonalToken } from './personal-token-caller.ts';
import { claimsToBePersonalToken } from './personal-token-text.ts';
import { personalTokenSession } from './personal-tokens.ts';
import { RIGHTS_CHANNEL } from '../rights-changed.ts';
import { createTokenKeys, TOKEN_SECONDS, type TokenKeys } from './tokens.ts';
import { createUseCounter } from './use-counter.ts';

export interface CallerSource {
  /**
   * The caller behind a bearer token. Callers are kept by the hash of their token until the token ends or anybody's
   * rights change.
   *
   * @param path the path that the token was sent to: a token that is bound to one resource is good nowhere else
   * @param origin where the request came from: when login policies have changed, they judge the session again
   * @throws UNAUTHENTICATED
   */
  readonly callerOf: (token: string, path: string, origin: Origin) => Caller | Promise<Caller>;
  stop(): Promise<void>;
}

interface Known {
  readonly caller: Caller;
  readonly expiresAtMs: number;
  /** URL of the only resource that the token is good for; undefined for a token that is good everywhere. */
  readonly audience: string | undefined;
  /** Told of each use. */
  readonly used?: () => void;
  readonly epoch: number;
}

type Loaded = Omit<Known, 'epoch'>;

interface Checks {
  readonly keyTokens: TokenKeys;
  readonly accessTokens: VerifyAccessToken;
}

// A token that names no scopes is not narrowed: it has its owner's rights.
const ALL_SCOPES: readonly Scope[] = ['mcp:read', 'mcp:write'];
/** A call whose token is looked at. */
interface Call {
  readonly context: DomainContext;
  readonly origin: Origin;
}

const MAX_CALLERS = 10_000; // about a kilobyte each

export async function createCallerSource(context: DomainContext): Promise<CallerSource> {
  const checks = { keyTokens: createTokenKeys(context), accessTokens: createAccessTokenCheck(context) };
  const known = new LRUCache<string, Known>({ max: MAX_CALLERS });
  const { rights, clock, storage, publicUrl } = context;
  const stop = await storage.listen(RIGHTS_CHANNEL, () => {
    rights.epoch += 1;
  });
  const admit = ({ caller, audience, used }: Loaded, path: string): Caller => {
    used?.();
    if (audience === undefined || audience === publicUrl + path) return caller;
    throw new AppError('UNAUTHENTICATED', `unauthorized: the token is for ${audience} and is good nowhere else`);
  };
  const load = async (token: string, name: string, origin: Origin): Promise<Loaded> => {
    const epoch = rights.epoch;
    const found = await loadCaller({ context, origin }, checks, token);
    const loaded = { ...found, caller: Object.freeze({ ...found.caller, endsAtMs: found.expiresAtMs }) };
    known.set(name, { ...loaded, epoch });
    return loaded;
  };
  // A client that asks for many things at once is looked up, and judged, once.
  const loading = new Map<string, Promise<Loaded>>();
  const loadOnce = (token: string, name: string, origin: Origin): Promise<Loaded> => {
    const key = `${rights.epoch} ${name}`;
    const running = loading.get(key);
    if (running !== undefined) return running;
    const started = load(token, name, origin).finally(() => loading.delete(key));
    loading.set(key, started);
    return started;
  };
  return {
    stop,
    callerOf(token, path, origin) {
      const name = createHash('sha256').update(token).digest('base64');
      const found = known.get(name);
      const usable = found?.epoch === rights.epoch && found.expiresAtMs > clock.now().getTime();
      return usable ? admit(found, path) : loadOnce(token, name, origin).then((loaded) => admit(loaded, path));
    },
  };
}

function countUses(context: DomainContext, session: string): () => void {
  return createUseCounter(context, undefined, (db, now) => touch(db, session, now));
}

function touch(db: Db, session: string, now: Date): Promise<void> {
  const grantId = grantOf(session);
  return grantId === undefined
    ? touchBrowserSession(db, session.slice('cli:'.length), now)
    : touchOAuthGrant(db, grantId, now);
}

/** The type that a token claims only chooses the check; each check insists on its own type. */
function loadCaller(call: Call, checks: Checks, token: string): Promise<Loaded> {
  if (claimsToBePersonalToken(token)) return loadPersonal(call, token);
  return claimedType(token) === 'at+jwt'
    ? loadUser(call, checks.accessTokens, token)
    : loadKeyToken(call, checks.keyTokens, token);
}

/** Such a token is never refreshed or exchanged, so login policies judge it anew after some time. */
async function loadPersonal({ context, origin }: Call, token: string): Promise<Loaded> {
  const now = context.clock.now();
  const until = new Date(now.getTime() + TOKEN_SECONDS * 1000);
  const found = await loadPersonalToken(context, token, async ({ id, ownerKind: kind, ownerId, scopes: named }) => {
    const [session, scopes] = [personalTokenSession(id), new Set(named)];
    if (kind === 'API_KEY') await context.storage.read((db) => usableKey(db, ownerId, now));
    const rights = await loginRights(context, origin, { kind, id: ownerId, session, expiresAt: until });
    return context.storage.read(async (db) => {
      if (kind === 'USER') {
        const caller = await userCaller(db, { userId: ownerId, session, scopes, rights });
        return { caller, endsAtMs: until.getTime() };
      }
      const key = await usableKey(db, ownerId, now);
      const caller = Object.freeze({ ...(await apiKeyCaller(db, key, scopes, rights)), session });
      return { caller, endsAtMs: Math.min(endOf(key), until.getTime()) };
    });
  });
  return { ...found, audience: undefined };
}

function claimedType(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined; // no token at all; the check says so
  }
}

async function loadKeyToken(call: Call, keys: TokenKeys, token: string): Promise<Loaded> {
  const { id, subject, session, expiresAtMs, scopes: named, generation } = await keys.verify(token);
  const scopes = new Set(named ?? ALL_SCOPES);
  const lent = named !== undefined;
  const { context, origin } = call;
  if (session !== undefined) {
    const caller = await cliUser(call, { userId: subject, session, scopes, expiresAtMs });
    const used = countUses(context, caller.session);
    return { caller: Object.freeze({ ...caller, lent }), audience: undefined, expiresAtMs, used };
  }
  const now = context.clock.now();
  await context.storage.read((db) => keyOfGeneration(db, subject, generation, now));
  const login: LoginSubject = { kind: 'API_KEY', id: subject, session: keyLogin(id), expiresAt: new Date(expiresAtMs) };
  const rights = await loginRights(context, origin, login);
  return context.storage.read(async (db) => {
    const key = await keyOfGeneration(db, subject, generation, now);
    const caller = await apiKeyCaller(db, key, scopes, rights);
    const endsAtMs = Math.min(expiresAtMs, endOf(key));
    return { caller: Object.freeze({ ...caller, lent }), audience: undefined, expiresAtMs: endsAtMs };
  });
}

async function keyOfGeneration(db: Db, id: string, generation: number, now: Date): Promise<ApiKeyRow> {
  const key = await usableKey(db, id, now);
  if (key.generation === generation) return key;
  throw new AppError('UNAUTHENTICATED', 'unauthorized: the secret behind this token was replaced; use the new one');
}

interface CliToken extends Pick<Caller, 'scopes' | 'session'> {
  readonly userId: string;
  readonly expiresAtMs: number;
}

/** A user at the command line: the token ends with what they signed in by. */
async function cliUser({ context, origin }: Call, { userId, session, scopes, expiresAtMs }: CliToken): Promise<Caller> {
  const now = context.clock.now();
  const grantId = grantOf(session);
  const lives = await context.storage.read(async (db) =>
    grantId === undefined
      ? (await findBrowserSession(db, session, now))?.userId === userId
      : grantIsAlive(db, grantId, now),
  );
  if (!lives) throw new AppError('UNAUTHENTICATED', 'unauthorized: the session of this token was ended; log in again');
  const login: LoginSubject =
    grantId === undefined
      ? { kind: 'USER', id: userId, session: `cli:${session}`, expiresAt: new Date(expiresAtMs) }
      : grantSubject(userId, grantId, now);
  const rights = await loginRights(context, origin, login);
  return context.storage.read((db) => userCaller(db, { userId, session: login.session, scopes, rights }));
}

async function usableKey(db: Db, id: string, now: Date): Promise<ApiKeyRow> {
  const key = await findApiKey(db, id);
  if (key !== undefined && isUsable(key, now)) return key;
  throw new AppError('UNAUTHENTICATED', 'unauthorized: the API key of this token was deleted or has ended');
}

async function apiKeyCaller(db: Db, key: ApiKeyRow, scopes: Caller['scopes'], rights: LoginRights): Promise<Caller> {
  const teams = [...(rights.teams ?? key.teams)];
  const actors = await actorsOfKey(db, { ...key, teams });
  return Object.freeze({
    principal: Object.freeze({ kind: 'API_KEY', id: key.id, name: key.name } as const),
    session: `key:${key.id}`,
    scopes,
    teams,
    ...(await rightsOf(db, actors, rights)),
  });
}

async function loadUser({ context, origin }: Call, verify: VerifyAccessToken, token: string): Promise<Loaded> {
  const { userId, grantId, scopes, audience, expiresAtMs } = await verify(token);
  const now = context.clock.now();
  if (!(await context.storage.read((db) => grantIsAlive(db, grantId, now))))
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the sign-in behind this token was ended; sign in again');
  const login = grantSubject(userId, grantId, now);
  const rights = await loginRights(context, origin, login);
  const { session } = login;
  const caller = await context.storage.read((db) => userCaller(db, { userId, session, scopes, rights }));
  const isForAll = audience === context.publicUrl;
  return { caller, audience: isForAll ? undefined : audience, expiresAtMs, used: countUses(context, session) };
}

interface UserSession extends Pick<Caller, 'session' | 'scopes'> {
  readonly userId: string;
  readonly rights: LoginRights;
}

/** A user with all their rights; what the token leaves out is narrowed by its scopes, field by field. */
async function userCaller(db: Db, { userId, session, scopes, rights }: UserSession): Promise<Caller> {
  const user = await findUser(db, userId);
  if (user === undefined || user.disabled) {
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the user of this token is disabled or gone');
  }
  const asJudged = { ...user, ssoGroups: [...(rights.teams ?? user.ssoGroups)] };
  return Object.freeze({
    principal: Object.freeze({ kind: 'USER', id: user.id, name: user.username } as const),
    session,
    scopes,
    teams: await teamsOfUser(db, asJudged),
    ...(await rightsOf(db, await actorsOfUser(db, asJudged), rights)),
  });
}

/** What is bound to the actors, and what login policies gave the session. */
async function rightsOf(db: Db, actors: Actors, rights: LoginRights): Promise<Pick<Caller, 'grants' | 'roles'>> {
  const roles = await findRoles(db);
  const all = [...(await findBindings(db)), ...(await bindingsOfRules(db, roles))];
  const bound = all.filter(({ actorKind, actorId }) => actors.has(actorKey(actorKind, actorId)));
  const given = rights.roles.map(({ role, space }) => ({ roleId: role, spaceId: space }));
  const bindings = [...(rights.denyAdmin ? withoutRootAdmin(bound, roles) : bound), ...given];
  const slugs = new Map(roles.map(({ id, slug }) => [id, slug]));
  return {
    grants: effectiveGrants({ bindings, spaces: await findSpaces(db), roles }),
    roles: [...new Set(bindings.map((held) => `${slugs.get(held.roleId) ?? held.roleId}@${placeOf(held)}`))].toSorted(),
  };
}

/** Under what the decision about a key's token is kept: each exchange is a login of its own. */
export const keyLogin = (tokenId: string): string => `key-token:${tokenId}`;

const endOf = ({ expiresAt }: ApiKeyRow): number => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;

export function isUsable(key: ApiKeyRow, now: Date): boolean {
  return !key.deleted && (key.expiresAt === undefined || key.expiresAt > now);
}
