import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose';

import type { Scope } from '../../shared/caller.ts';
import { AppError, invariant } from '../../shared/errors.ts';
import type { DomainContext } from '../context.ts';
import { type KeyContext, publicKeys, SIGNING_ALGORITHM } from './signing-keys.ts';

const TYPE = 'at+jwt'; // tokens of API keys are `JWT` and are refused here
const CLOCK_TOLERANCE_SECONDS = 5; // replicas' clocks differ a little

export interface AccessToken {
  readonly userId: string;
  readonly grantId: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The one resource that it is good for; the public URL itself stands for all of them, and for the GraphQL API. */
  readonly audience: string;
  readonly expiresAtMs: number;
}

/** Verifies an access token of OAuth, whichever resource it is for. @throws UNAUTHENTICATED */
export type VerifyAccessToken = (token: string) => Promise<AccessToken>;

export function createAccessTokenCheck(context: KeyContext & Pick<DomainContext, 'publicUrl'>): VerifyAccessToken {
  const { clock, publicUrl } = context;
  return async (token) => {
    const options = {
      algorithms: [SIGNING_ALGORITHM],
      typ: TYPE,
      issuer: publicUrl,
      audience: [...resourcesOf(publicUrl), publicUrl],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: clock.now(),
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id', 'grant_id'],
    };
    const keys = createLocalJWKSet(await publicKeys(context, 'oauth-signing-keys'));
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
