import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';

/**
 * Turns a bearer token into its caller.
 *
 * @param path the path that it was sent to: some tokens are good for one resource only
 * @param origin where the request came from
 * @throws UNAUTHENTICATED for a token that is wrong, ended, revoked, or meant for another place
 */
export type CallerOf = (token: string, path: string, origin: Origin) => Caller | Promise<Caller>;

/** Reads who is calling from the `Authorization` header; a stranger when there is none. */
export type Authenticate = (header: string | undefined, path: string, origin: Origin) => Caller | Promise<Caller>;

const MAX_TOKEN_LENGTH = 8_192; // an access token of ours is under 1,000 characters
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/**
 * @param callerOf verifies the token; it looks tokens up by their hash and compares signatures in constant time, so
 * that the time of an answer tells nothing about a token
 */
export function createAuthenticate(callerOf: CallerOf): Authenticate {
  return (header, path, origin) =>
    header === undefined || header === '' ? anonymous : callerOf(parseBearer(header), path, origin);
}

/** @throws UNAUTHENTICATED without repeating what was sent */
export function parseBearer(header: string): string {
  const token = header.length > MAX_TOKEN_LENGTH ? undefined : BEARER.exec(header)?.[1];
  if (token !== undefined) return token;
  throw new AppError(
    'UNAUTHENTICATED',
    'unauthorized: the Authorization header cannot be read; send "Authorization: Bearer <token>"',
  );
}
