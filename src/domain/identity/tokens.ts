import { createLocalJWKSet, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';

import type { Scope } from '../../shared/caller.ts';
import { AppError, invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { DomainContext } from '../context.ts';
import { type KeyContext, openSigningKeys, publicKeys, SIGNING_ALGORITHM } from './signing-keys.ts';

const TYPE = 'JWT'; // access tokens of OAuth are `at+jwt` and are refused here
const KEY_ISSUER = 'api-key'; // clients read it
const USER_ISSUER = 'user';
const CLOCK_TOLERANCE_SECONDS = 5; // replicas' clocks differ a little

/** One stated lifetime, long enough for the longest apply of clients that exchange once and never refresh. */
export const TOKEN_SECONDS = 60 * 60;

export interface IssuedToken {
  /** Names the token, in the token itself and in what is kept about it. */
  readonly tokenId: string;
  readonly jwt: string;
  /** Unix second at which it ends. */
  readonly validUntil: number;
}

export interface VerifiedToken {
  /** Of the token. */
  readonly id: string;
  /** Id of an API key, or of a user when there is a session. */
  readonly subject: string;
  readonly session: string | undefined;
  readonly expiresAtMs: number;
  /** Undefined for a token that is not narrowed. */
  readonly scopes: readonly Scope[] | undefined;
  /** Which secret of the key it was exchanged for, counted by rotations that ended the one before at once. */
  readonly generation: number;
}

/** How a token differs from a plain one. */
export interface TokenLimits {
  readonly generation?: number;
  readonly scopes?: readonly Scope[];
  /** At the most, and as long as a plain one when absent. */
  readonly lifeSeconds?: number;
}

export interface TokenKeys {
  /** A token for an API key, or, with the id of the session that it belongs to, for a user. */
  issue(subject: string, session?: string, limits?: TokenLimits): Promise<IssuedToken>;
  /** @throws UNAUTHENTICATED saying whether the token ended or is wrong, and nothing else */
  verify(token: string): Promise<VerifiedToken>;
}

/** Tokens signed with the account's own keys. */
export function createTokenKeys(context: KeyContext & Pick<DomainContext, 'publicUrl'>): TokenKeys {
  const { publicUrl, clock } = context;
  return {
    async issue(subject, session, limits = {}) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const validUntil = now + Math.min(limits.lifeSeconds ?? TOKEN_SECONDS, TOKEN_SECONDS);
      const tokenId = newUlid();
      const [key] = await openSigningKeys(context, 'token-signing-keys');
      invariant(key !== undefined, 'there is always a key');
      const jwt = await new SignJWT(extraClaims(session, limits))
        .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: TYPE, kid: key.kid })
        .setIssuer(session === undefined ? KEY_ISSUER : USER_ISSUER)
        .setAudience(publicUrl)
        .setSubject(subject)
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(validUntil)
        .setJti(tokenId)
        .sign(await importJWK(key, SIGNING_ALGORITHM));
      return { tokenId, jwt, validUntil };
    },
    async verify(token) {
      const options = {
        algorithms: [SIGNING_ALGORITHM],
        typ: TYPE,
        issuer: [KEY_ISSUER, USER_ISSUER],
        audience: publicUrl,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: clock.now(),
        requiredClaims: ['sub', 'exp', 'jti'],
      };
      const keys = createLocalJWKSet(await publicKeys(context, 'token-signing-keys'));
      const verified = await jwtVerify(token, keys, options).catch((error: unknown) => refuse(error));
      return parseClaims(verified.payload);
    },
  };
}

function extraClaims(session: string | undefined, { generation = 0, scopes }: TokenLimits): JWTPayload {
  return {
    ...(session === undefined ? {} : { sid: session }),
    ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
    ...(generation === 0 ? {} : { gen: generation }),
  };
}

function parseClaims({ sub, exp, iss, sid, jti, scope, gen }: JWTPayload): VerifiedToken {
  invariant(sub !== undefined && exp !== undefined && jti !== undefined, 'a verified token has the required claims');
  const session = typeof sid === 'string' ? sid : undefined;
  invariant((iss === USER_ISSUER) === (session !== undefined), 'exactly the tokens of users name a session');
  const generation = typeof gen === 'number' ? gen : 0;
  return { id: jti, subject: sub, session, expiresAtMs: exp * 1000, scopes: parseScopes(scope), generation };
}

/** Whatever else is named there stands for nothing. */
function parseScopes(scope: unknown): Scope[] | undefined {
  if (scope === undefined) return undefined;
  const named = typeof scope === 'string' ? scope.split(' ') : [];
  return (['mcp:read', 'mcp:write'] as const).filter((each) => named.includes(each));
}

function refuse(error: unknown): never {
  const ended = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
  const message = ended
    ? 'unauthorized: the token has ended; get a new one and connect again'
    : 'unauthorized: the token is not one of this server; get one with apiKeyUser';
  throw new AppError('UNAUTHENTICATED', message, { cause: error });
}
