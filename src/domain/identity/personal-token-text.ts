import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

// Base 62, like everything after the prefix: one word that a double click selects and a URL leaves as it is.
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 24;
const RANDOM_LENGTH = 33; // 62^33 > 2^192
const CHECKSUM_LENGTH = 6; // 62^6 > 2^32
const PREFIX = 'slc_';
const FORM = new RegExp(`^${PREFIX}([0-9A-Za-z]{${RANDOM_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`);

/**
 * A new personal access token: `slc_`, 192 random bits, and a CRC-32 of what stands before it, so that scanners for leaked
 * secrets know one when they see it, and a mistyped one is refused without a look into the database.
 */
export function newPersonalTokenText(): string {
  const text = PREFIX + base62(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), RANDOM_LENGTH);
  return text + checksumOf(text);
}

/** Whether it says of itself that it is one. */
export function claimsToBePersonalToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Whether it has the form of one and its checksum fits; nothing secret is compared. */
export function isPersonalTokenText(token: string): boolean {
  const checksum = FORM.exec(token)?.[2];
  return checksum !== undefined && checksum === checksumOf(token.slice(0, -CHECKSUM_LENGTH));
}

/** What is stored of it. */
export function hashPersonalToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const checksumOf = (text: string): string => base62(BigInt(crc32(text)), CHECKSUM_LENGTH);

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = (DIGITS[Number(rest % 62n)] ?? '') + text;
  return text.padStart(length, '0');
}
