import { argon2id, hash, verify } from 'argon2';

import { badInput } from '../../shared/errors.ts';

// What OWASP asks of argon2id at the least: 19 MiB, two passes. About 30 ms.
const PARAMETERS = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MIN_LENGTH = 12;
const MAX_LENGTH = 256;

/** Of a password that nobody has: compared with when there is no such user, so that the time tells nothing. */
const nobodysHash = hash('no password of anybody', PARAMETERS);

/** @throws BAD_INPUT when the password is too short or too long */
export function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_LENGTH) throw badInput('password', `must have at least ${MIN_LENGTH} characters`);
  if (password.length > MAX_LENGTH) throw badInput('password', `must have at most ${MAX_LENGTH} characters`);
  return hash(password, PARAMETERS);
}

/** @param stored undefined when there is no such user: then nothing matches, and it takes as long */
export async function matchesPassword(stored: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(stored ?? (await nobodysHash), password.slice(0, MAX_LENGTH + 1));
  return matches && stored !== undefined;
}
