import { createHash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { Caller } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, findBindings, findRoles } from '../../storage/identity.ts';
import { findSpaces } from '../../storage/spaces.ts';
import type { DomainContext } from '../context.ts';
import { effectiveGrants } from './grants.ts';
import { RIGHTS_CHANNEL } from './rights-changed.ts';
import { openTokenKeys, type TokenKeys } from './tokens.ts';

export interface CallerSource {
  /**
   * The caller behind a bearer token. Callers are kept by the hash of their token until the token ends or anybody's
   * rights change.
   *
   * @throws UNAUTHENTICATED
   */
  readonly callerOf: (token: string) => Caller | Promise<Caller>;
  stop(): Promise<void>;
}

interface Known {
  readonly caller: Caller;
  readonly expiresAtMs: number;
  readonly epoch: number;
}

const MAX_CALLERS = 10_000; // about a kilobyte each

export async function createCallerSource(context: DomainContext): Promise<CallerSource> {
  const keys = await openTokenKeys(context);
  const known = new LRUCache<string, Known>({ max: MAX_CALLERS });
  const { rights, clock, storage } = context;
  const stop = await storage.listen(RIGHTS_CHANNEL, () => {
    rights.epoch += 1;
  });
  const load = async (token: string, name: string): Promise<Caller> => {
    const epoch = rights.epoch;
    const loaded = await loadCaller(context, keys, token);
    known.set(name, { ...loaded, epoch });
    return loaded.caller;
  };
  return {
    stop,
    callerOf(token) {
      const name = createHash('sha256').update(token).digest('base64');
      const found = known.get(name);
      const usable = found?.epoch === rights.epoch && found.expiresAtMs > clock.now().getTime();
      return usable ? found.caller : load(token, name);
    },
  };
}

async function loadCaller(context: DomainContext, keys: TokenKeys, token: string): Promise<Omit<Known, 'epoch'>> {
  const { subject, expiresAtMs } = await keys.verify(token);
  return context.storage.read(async (db) => {
    const key = await usableKey(db, subject, context.clock.now());
    const keyEndsMs = key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    return { caller: await apiKeyCaller(db, key), expiresAtMs: Math.min(expiresAtMs, keyEndsMs) };
  });
}

async function usableKey(db: Db, id: string, now: Date): Promise<ApiKeyRow> {
  const key = await findApiKey(db, id);
  if (key !== undefined && isUsable(key, now)) return key;
  throw new AppError('UNAUTHENTICATED', 'unauthorized: the API key of this token was deleted or has ended');
}

async function apiKeyCaller(db: Db, key: ApiKeyRow): Promise<Caller> {
  const actors = new Set([`API_KEY ${key.id}`, ...key.teams.map((team) => `GROUP ${team}`)]);
  const bindings = (await findBindings(db)).filter(({ actorKind, actorId }) => actors.has(`${actorKind} ${actorId}`));
  const grants = effectiveGrants({ bindings, spaces: await findSpaces(db), roles: await findRoles(db) });
  return Object.freeze({
    principal: Object.freeze({ kind: 'API_KEY', id: key.id, name: key.name } as const),
    session: `key:${key.id}`,
    // A key's token is not narrowed: it has its owner's rights.
    scopes: new Set(['mcp:read', 'mcp:write'] as const),
    grants,
  });
}

export function isUsable(key: ApiKeyRow, now: Date): boolean {
  return !key.deleted && (key.expiresAt === undefined || key.expiresAt > now);
}
