import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** A random secret with its hash: the one is shown once, the other kept. */
export function newSecret(): { readonly secret: string; readonly hash: Buffer } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, hash: hashSecret(secret) };
}

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
