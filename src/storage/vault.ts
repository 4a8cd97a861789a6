import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { AppError, invariant } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Connection } from './connection.ts';
import { findDataKeys, insertDataKey, reserveMessages, rewrapDataKeys, type StoredDataKey } from './data-keys.ts';
import { addKey, createKeyFile, type KeyRing, readKeyFile, replaceKeyFile } from './key-file.ts';

/**
 * Encrypts what the database holds at rest: AES-256-GCM under data keys, which lie in the database wrapped by the
 * key-encryption keys of the key file. Each ciphertext is bound to its place, so it opens nowhere else.
 */
export interface Vault {
  /** @param place `table:row:column` */
  seal(plain: string | Uint8Array, place: string): Uint8Array;
  /** @throws INTERNAL-class errors when the bytes were altered, moved, or sealed under a lost key */
  open(sealed: Uint8Array, place: string): Promise<Buffer>;
  /** Makes a new key-encryption key and wraps every data key anew. Nothing else is rewritten. */
  rotate(): Promise<void>;
}

const VERSION = 1;
const HEADER_BYTES = 5; // version, then the data key's number
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
// NIST SP 800-38D: with random nonces one key may seal at most 2^32 messages.
const MAX_MESSAGES = 2 ** 32;
const BLOCK = 2 ** 20; // counted in the database ahead of use; an unclean stop wastes at most this many

interface DataKey {
  readonly id: number;
  readonly key: Buffer;
}

interface VaultOptions {
  readonly connection: Connection;
  readonly keyFile: string;
  readonly logger: Logger;
  /** Tests lower these to see a key retire. */
  readonly limits?: { readonly messages: number; readonly block: number };
}

/** @throws UNAVAILABLE when the key file lacks a key that the database was sealed with */
export async function createVault(options: VaultOptions): Promise<Vault> {
  const keys = await openKeys(options);
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
  return Buffer.concat([header, encrypt(dataKey.key, plain, Buffer.concat([header, Buffer.from(place)]))]);
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
  if (sealed.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) {
    throw new Error(`the sealed value at ${place} is cut short or of an unknown version`);
  }
  return Buffer.from(sealed.buffer, sealed.byteOffset, HEADER_BYTES).readUInt32BE(1);
}

function encrypt(key: Buffer, plain: string | Uint8Array, aad: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  const body = [cipher.update(typeof plain === 'string' ? Buffer.from(plain) : plain), cipher.final()];
  return Buffer.concat([nonce, ...body, cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Uint8Array, aad: Buffer): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

const wrapPlace = (keyId: string): Buffer => Buffer.from(`data_key:${keyId}`);

async function openKeys({ connection, keyFile, logger, limits }: VaultOptions) {
  const max = limits?.messages ?? MAX_MESSAGES;
  const block = limits?.block ?? BLOCK;
  const known = new Map<number, DataKey>();
  let ring = await ringFor(connection, keyFile, logger);
  let current: DataKey;
  let left = 0;
  let refilling: Promise<void> | undefined;

  const unwrap = (stored: StoredDataKey): void => {
    const kek = ring.keys.get(stored.keyId);
    if (kek === undefined) throw missingKey(keyFile, stored.keyId);
    known.set(stored.id, { id: stored.id, key: decrypt(kek, stored.wrapped, wrapPlace(stored.keyId)) });
  };
  const load = async (): Promise<StoredDataKey[]> => {
    const stored = await findDataKeys(connection.fork());
    if (stored.some(({ keyId }) => !ring.keys.has(keyId))) ring = (await readKeyFile(keyFile)) ?? ring;
    stored.forEach(unwrap);
    return stored;
  };
  const refill = async (): Promise<void> => {
    const em = connection.fork();
    const usable = (await load()).findLast(({ retired }) => !retired);
    if (usable !== undefined && (await reserveMessages(em, usable.id, block, max))) {
      return use(usable.id);
    }
    const wrapped = encrypt(currentKek(ring), randomBytes(32), wrapPlace(ring.current));
    const fresh = await insertDataKey(em, { keyId: ring.current, wrapped, used: block });
    unwrap(fresh);
    use(fresh.id);
  };
  const use = (id: number): void => {
    const key = known.get(id);
    invariant(key !== undefined, 'a data key in use is not loaded');
    left = key.id === current?.id ? left + block : block;
    current = key;
  };
  await refill();

  return {
    take(): DataKey {
      invariant(left > 0, 'no data key has messages left');
      left -= 1;
      if (left < block / 2) {
        refilling ??= refill()
          .catch((error: unknown) => logger.error({ error }, 'could not count ahead the use of the data key'))
          .finally(() => {
            refilling = undefined;
          });
      }
      return current;
    },
    async byId(id: number): Promise<DataKey> {
      if (!known.has(id)) await load();
      const key = known.get(id);
      if (key === undefined) throw new Error(`a value was sealed under data key ${id}, which is gone`);
      return key;
    },
    async rotate(): Promise<void> {
      await load();
      ring = addKey(ring);
      await replaceKeyFile(keyFile, ring);
      const kek = currentKek(ring);
      await rewrapDataKeys(connection.fork(), ring.current, (id) => {
        const key = known.get(id);
        return key === undefined ? undefined : encrypt(kek, key.key, wrapPlace(ring.current));
      });
    },
  };
}

async function ringFor(connection: Connection, keyFile: string, logger: Logger): Promise<KeyRing> {
  const ring = await readKeyFile(keyFile);
  if (ring !== undefined) return ring;
  const [stored] = await findDataKeys(connection.fork());
  if (stored !== undefined) throw missingKey(keyFile, stored.keyId);
  const created = await createKeyFile(keyFile, addKey(undefined));
  logger.warn({ keyFile }, 'made the key file; keep a copy of it apart from the data, neither is readable alone');
  return created;
}

function currentKek(ring: KeyRing): Buffer {
  const kek = ring.keys.get(ring.current);
  invariant(kek !== undefined, 'the current key is in the ring');
  return kek;
}

function missingKey(keyFile: string, keyId: string): AppError {
  return new AppError(
    'UNAVAILABLE',
    `key file ${keyFile} lacks key ${keyId}, with which this database is sealed: restore the file that belongs to it`,
  );
}
