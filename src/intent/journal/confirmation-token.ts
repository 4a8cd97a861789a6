import { createHash, randomBytes } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A one-time token; only its hash is kept. */
export function newConfirmationToken(): { token: string; hash: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  return { token, hash: confirmationHash(token) };
}

export function confirmationHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
