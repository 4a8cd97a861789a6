import { createHash } from 'node:crypto';

import { decodeProtectedHeader } from 'jose';
import { LRUCache } from 'lru-cache';

import type { Caller, Scope } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, findBindings, findRoles } from '../../storage/identity.ts';
import { touchOAuthGrant } from '../../storage/oauth-grants.ts';
import { findBrowserSession, findUser, touchBrowserSession } from '../../storage/people.ts';
import { findSpaces } from '../../storage/spaces.ts';
import type { DomainContext } from '../context.ts';
import { bindingsOfRules } from './access-rules.ts';
import { createAccessTokenCheck, type VerifyAccessToken } from './access-tokens.ts';
import { actorKey, type Actors, actorsOfKey, actorsOfUser } from './actors.ts';
import { effectiveGrants } from './grants.ts';
import { grantIsAlive, grantOf, grantSession } from './grant-is-alive.ts';
import { loadPersonalToken } from './personal-token-caller.ts';
import { claimsToBePersonalToken } from './personal-token-text.ts';
import { personalTokenSession } from './personal-tokens.ts';
import { RIGHTS_CHANNEL } from '../rights-changed.ts';
import { openTokenKeys, type TokenKeys } from './tokens.ts';

export interface CallerSource {
  /**
   * The caller behind a bearer token. Callers are kept by the hash of their token until the token ends or anybody's
   * rights change.
   *
   * @param path the path that the token was sent to: a token that is bound to one resource is good nowhere else
   * @throws UNAUTHENTICATED
   */
  readonly callerOf: (token: string, path: string) => Caller | Promise<Caller>;
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
const MAX_CALLERS = 10_000; // about a kilobyte each
const USE_STEP_MS = 60_000; // how exactly a session's last use is known, and how rarely it is written

export async function createCallerSource(context: DomainContext): Promise<CallerSource> {
  const checks = { keyTokens: await openTokenKeys(context), accessTokens: createAccessTokenCheck(context) };
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
  const load = async (token: string, name: string, path: string): Promise<Caller> => {
    const epoch = rights.epoch;
    const found = await loadCaller(context, checks, token);
    const loaded = { ...found, caller: Object.freeze({ ...found.caller, endsAtMs: found.expiresAtMs }) };
    known.set(name, { ...loaded, epoch });
    return admit(loaded, path);
  };
  return {
    stop,
    callerOf(token, path) {
      const name = createHash('sha256').update(token).digest('base64');
      const found = known.get(name);
      const usable = found?.epoch === rights.epoch && found.expiresAtMs > clock.now().getTime();
      return usable ? admit(found, path) : load(token, name, path);
    },
  };
}

/** Notes the uses of a session, for the lists of them. Nobody waits for it: a request goes on when it cannot be written. */
function useCounter({ storage, clock, log }: DomainContext, session: string): () => void {
  let writtenMs = 0;
  return () => {
    const now = clock.now();
    if (now.getTime() - writtenMs < USE_STEP_MS) return;
    writtenMs = now.getTime();
    storage
      .transaction((db) => touch(db, session, now))
      .catch((error: unknown) => log.error({ err: error }, 'the use of a session could not be written'));
  };
}

function touch(db: Db, session: string, now: Date): Promise<void> {
  const grantId = grantOf(session);
  return grantId === undefined
    ? touchBrowserSession(db, session.slice('cli:'.length), now)
    : touchOAuthGrant(db, grantId, now);
}

/** The type that a token claims only chooses the check; each check insists on its own type. */
function loadCaller(context: DomainContext, checks: Checks, token: string): Promise<Loaded> {
  if (claimsToBePersonalToken(token)) return loadPersonal(context, token);
  return claimedType(token) === 'at+jwt'
    ? loadUser(context, checks.accessTokens, token)
    : loadKeyToken(context, checks.keyTokens, token);
}

async function loadPersonal(context: DomainContext, token: string): Promise<Loaded> {
  const now = context.clock.now();
  const found = await loadPersonalToken(context, token, async (db, { id, ownerKind, ownerId, scopes }) => {
    const session = personalTokenSession(id);
    if (ownerKind === 'USER') {
      const caller = await userCaller(db, ownerId, session, new Set(scopes));
      return { caller, endsAtMs: Number.POSITIVE_INFINITY };
    }
    const key = await usableKey(db, ownerId, now);
    const caller = Object.freeze({ ...(await apiKeyCaller(db, key, new Set(scopes))), session });
    return { caller, endsAtMs: endOf(key) };
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

async function loadKeyToken(context: DomainContext, keys: TokenKeys, token: string): Promise<Loaded> {
  const { subject, session, expiresAtMs, scopes = ALL_SCOPES, generation } = await keys.verify(token);
  if (session !== undefined) {
    const caller = await cliUser(context, subject, session, new Set(scopes));
    return { caller, audience: undefined, expiresAtMs, used: useCounter(context, caller.session) };
  }
  return context.storage.read(async (db) => {
    const key = await usableKey(db, subject, context.clock.now());
    if (key.generation !== generation) {
      throw new AppError('UNAUTHENTICATED', 'unauthorized: the secret behind this token was replaced; use the new one');
    }
    const caller = await apiKeyCaller(db, key, new Set(scopes));
    return { caller, audience: undefined, expiresAtMs: Math.min(expiresAtMs, endOf(key)) };
  });
}

/** A user at the command line: the token ends with what they signed in by. */
function cliUser(context: DomainContext, userId: string, session: string, scopes: Caller['scopes']): Promise<Caller> {
  const now = context.clock.now();
  const grantId = grantOf(session);
  return context.storage.read(async (db) => {
    if (grantId === undefined) {
      const row = await findBrowserSession(db, session, now);
      if (row?.userId === userId) return userCaller(db, userId, `cli:${session}`, scopes);
    } else if (await grantIsAlive(db, grantId, now)) return userCaller(db, userId, session, scopes);
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the session of this token was ended; log in again');
  });
}

async function usableKey(db: Db, id: string, now: Date): Promise<ApiKeyRow> {
  const key = await findApiKey(db, id);
  if (key !== undefined && isUsable(key, now)) return key;
  throw new AppError('UNAUTHENTICATED', 'unauthorized: the API key of this token was deleted or has ended');
}

async function apiKeyCaller(db: Db, key: ApiKeyRow, scopes: Caller['scopes']): Promise<Caller> {
  return Object.freeze({
    principal: Object.freeze({ kind: 'API_KEY', id: key.id, name: key.name } as const),
    session: `key:${key.id}`,
    scopes,
    grants: await grantsOf(db, await actorsOfKey(db, key)),
  });
}

async function loadUser(context: DomainContext, verify: VerifyAccessToken, token: string): Promise<Loaded> {
  const claims = await verify(token);
  const caller = await context.storage.read(async (db) => {
    if (await grantIsAlive(db, claims.grantId, context.clock.now()))
      return userCaller(db, claims.userId, grantSession(claims.grantId), claims.scopes);
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the sign-in behind this token was ended; sign in again');
  });
  const used = useCounter(context, caller.session);
  return { caller, audience: claims.audience, expiresAtMs: claims.expiresAtMs, used };
}

/**
 * A user with all their rights; what the token leaves out is narrowed by its scopes, field by field.
 *
 * @param session for OAuth the grant: stable over refresh
 */
async function userCaller(db: Db, userId: string, session: string, scopes: Caller['scopes']): Promise<Caller> {
  const user = await findUser(db, userId);
  if (user === undefined || user.disabled) {
    throw new AppError('UNAUTHENTICATED', 'unauthorized: the user of this token is disabled or gone');
  }
  return Object.freeze({
    principal: Object.freeze({ kind: 'USER', id: user.id, name: user.username } as const),
    session,
    scopes,
    grants: await grantsOf(db, await actorsOfUser(db, user)),
  });
}

async function grantsOf(db: Db, actors: Actors): Promise<Caller['grants']> {
  const roles = await findRoles(db);
  const all = [...(await findBindings(db)), ...(await bindingsOfRules(db, roles))];
  const bindings = all.filter(({ actorKind, actorId }) => actors.has(actorKey(actorKind, actorId)));
  return effectiveGrants({ bindings, spaces: await findSpaces(db), roles });
}

const endOf = ({ expiresAt }: ApiKeyRow): number => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;

export function isUsable(key: ApiKeyRow, now: Date): boolean {
  return !key.deleted && (key.expiresAt === undefined || key.expiresAt > now);
}
