import type { Logger } from '../shared/logger.ts';
import { decrypt, encrypt, OVERHEAD_BYTES } from './cipher.ts';
import type { Connection } from './connection.ts';
import { type DataKey, type DataKeyLimits, dataKeyLimits, DataKeyRing } from './data-key-ring.ts';

/**
 * Encrypts what the database holds at rest: AES-256-GCM under data keys, which lie in the database wrapped by the
 * key-encryption keys of the key file. Each ciphertext is bound to its place, so it opens nowhere else.
 */
export interface Vault {
  /** @param place `table:row:column` */
  seal(plain: string | Uint8Array, place: string): Uint8Array;
  /** @throws when the bytes were altered, moved, or sealed under a lost key */
  open(sealed: Uint8Array, place: string): Promise<Buffer>;
  /** Makes a new key-encryption key and wraps every data key anew. Nothing else is rewritten. @returns the new key's id */
  rotate(): Promise<{ keyId: string }>;
}

const VERSION = 1;
const HEADER_BYTES = 5; // version, then the data key's number

interface VaultOptions {
  readonly connection: Connection;
  readonly keyFile: string;
  readonly logger: Logger;
  /** Tests lower these to see a key retire. */
  readonly limits?: DataKeyLimits;
}

/** @throws UNAVAILABLE when the key file lacks a key that the database was sealed with */
export async function createVault({ limits = dataKeyLimits, ...options }: VaultOptions): Promise<Vault> {
  const keys = await DataKeyRing.open({ ...options, limits });
  return {
    seal: (plain, place) => sealWith(keys.take(), plain, place),
    open: async (sealed, place) => openWith(await keys.byId(keyNumber(sealed, place)), sealed, place),
    rotate: () => keys.rotate(),
  };
}

function sealWith(dataKey: DataKey, plain: string | Uint8Array, place: string): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt32BE(dataKey.id, 1);
  const bytes = typeof plain === 'string' ? Buffer.from(plain) : plain;
  return Buffer.concat([header, encrypt(dataKey.key, bytes, Buffer.concat([header, Buffer.from(place)]))]);
}

function openWith(dataKey: DataKey, sealed: Uint8Array, place: string): Buffer {
  const header = Buffer.from(sealed.subarray(0, HEADER_BYTES));
  try {
    return decrypt(dataKey.key, sealed.subarray(HEADER_BYTES), Buffer.concat([header, Buffer.from(place)]));
  } catch (error) {
    throw new Error(`the sealed value at ${place} was altered or moved`, { cause: error });
  }
}

function keyNumber(sealed: Uint8Array, place: string): number {
  if (sealed.length < HEADER_BYTES + OVERHEAD_BYTES || sealed[0] !== VERSION) {
    throw new Error(`the sealed value at ${place} is cut short or of an unknown version`);
  }
  return Buffer.from(sealed.buffer, sealed.byteOffset, HEADER_BYTES).readUInt32BE(1);
}
