import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What encryption adds to a message. */
export const OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/** AES-256-GCM with a random nonce: nonce, ciphertext, tag. */
export function encrypt(key: Buffer | KeyObject, plain: Uint8Array, aad: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws when key, bytes or `aad` are not those of `encrypt` */
export function decrypt(key: Buffer | KeyObject, sealed: Uint8Array, aad: Buffer): Buffer {
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagAt));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()]);
}
