import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
} from 'jose';

import type { Scope } from '../../shared/caller.ts';
import { AppError, invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { ensureSetting, findSetting, saveSetting } from '../../storage/settings.ts';
import type { DomainContext } from '../context.ts';

/** Exactly one algorithm, whatever a token says of itself. */
export const ACCESS_TOKEN_ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt'; // tokens of API keys are `JWT` and are refused here
const KEYS_SETTING = 'oauth-signing-keys';
const CLOCK_TOLERANCE_SECONDS = 5; // replicas' clocks differ a little
const KEY_LIFE_DAYS = 90;
const KEPT_KEYS = 2; // the one that signs and the one before it, whose tokens live on for some minutes
const DAY_SECONDS = 24 * 60 * 60;

export interface SigningKey extends JWK {
  readonly kid: string;
  /** Unix seconds. */
  readonly created_at: number;
}

export interface AccessToken {
  readonly userId: string;
  readonly grantId: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The one resource that it is good for; the public URL itself stands for all of them, and for the GraphQL API. */
  readonly audience: string;
  readonly expiresAtMs: number;
}

type KeyContext = Pick<DomainContext, 'storage' | 'clock'>;

/**
 * The private keys that access tokens of OAuth are signed with, the current one first. Made at the first start; a start
 * that finds the newest one old puts a new one before it.
 */
export async function openSigningKeys({ storage, clock }: KeyContext): Promise<readonly SigningKey[]> {
  const now = Math.floor(clock.now().getTime() / 1000);
  const stored = await storage.read((db) => findSetting(db, KEYS_SETTING));
  if (stored === undefined) {
    const made = JSON.stringify([await makeKey(now)]);
    return parseKeys(await storage.transaction((db) => ensureSetting(db, KEYS_SETTING, made)));
  }
  const keys = parseKeys(stored);
  const newest = keys[0];
  if (newest !== undefined && now - newest.created_at < KEY_LIFE_DAYS * DAY_SECONDS) return keys;
  const rotated = [await makeKey(now), ...keys].slice(0, KEPT_KEYS);
  await storage.transaction((db) => saveSetting(db, KEYS_SETTING, JSON.stringify(rotated)));
  return rotated;
}

async function makeKey(now: number): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ACCESS_TOKEN_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: newUlid(), alg: ACCESS_TOKEN_ALGORITHM, use: 'sig', created_at: now };
}

// Written by this file, sealed since.
const parseKeys = (text: string): SigningKey[] => JSON.parse(text) as SigningKey[];

/** Verifies an access token of OAuth, whichever resource it is for. @throws UNAUTHENTICATED */
export type VerifyAccessToken = (token: string) => Promise<AccessToken>;

export function createAccessTokenCheck(context: KeyContext & Pick<DomainContext, 'publicUrl'>): VerifyAccessToken {
  const { storage, clock, publicUrl } = context;
  // Read anew for each token: callers are cached, and another server may have rotated the keys.
  const publicKeys = async (): Promise<JSONWebKeySet> => {
    const stored = await storage.read((db) => findSetting(db, KEYS_SETTING));
    return { keys: stored === undefined ? [] : parseKeys(stored).map(({ d: _secret, ...jwk }) => jwk) };
  };
  return async (token) => {
    const options = {
      algorithms: [ACCESS_TOKEN_ALGORITHM],
      typ: TYPE,
      issuer: publicUrl,
      audience: [...resourcesOf(publicUrl), publicUrl],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id', 'grant_id'],
    };
    const keys = createLocalJWKSet(await publicKeys());
    const verified = await jwtVerify(token, keys, options).catch((error: unknown) => refuse(error));
    return parseClaims(verified.payload);
  };
}

/** What an access token can be bound to: the two MCP endpoints. */
export function resourcesOf(publicUrl: string): string[] {
  return [`${publicUrl}/mcp`, `${publicUrl}/intent/mcp`];
}

function parseClaims({ sub, exp, aud, scope, client_id, grant_id }: JWTPayload): AccessToken {
  const isText = (value: unknown): value is string => typeof value === 'string';
  // A token that names both resources is none of ours.
  if (!isText(aud) || !isText(grant_id) || !isText(client_id)) return refuse(undefined);
  invariant(sub !== undefined && exp !== undefined, 'a verified token has the required claims');
  const scopes = parseScopes(isText(scope) ? scope : '');
  return { userId: sub, grantId: grant_id, clientId: client_id, scopes, audience: aud, expiresAtMs: exp * 1000 };
}

/** `mcp:write` implies `mcp:read`; whatever else is named there stands for nothing. */
function parseScopes(text: string): ReadonlySet<Scope> {
  const named = new Set(text.split(' '));
  if (named.has('mcp:write')) return new Set(['mcp:read', 'mcp:write']);
  return new Set(named.has('mcp:read') ? ['mcp:read'] : []);
}

function refuse(error: unknown): never {
  const ended = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
  const message = ended
    ? 'unauthorized: the token has ended; refresh it or sign in again'
    : 'unauthorized: the token is not one of this server';
  throw new AppError('UNAUTHENTICATED', message, { cause: error });
}
