import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

import { AppError, invariant } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts';
import type { Connection } from './connection.ts';
import {
  findDataKeys,
  insertDataKey,
  lockDataKeys,
  reserveMessages,
  rewrapDataKey,
  type StoredDataKey,
} from './data-keys.ts';
import { addKey, createKeyFile, type KeyRing, readKeyFile, replaceKeyFile } from './key-file.ts';

export interface DataKey {
  readonly id: number;
  /** Unpacked once: with plain bytes the library makes such an object for each message, which is half of the work. */
  readonly key: KeyObject;
}

export interface DataKeyLimits {
  /** Messages that one key may seal. */
  readonly messages: number;
  /** Messages counted in the database ahead of use; an unclean stop wastes at most this many. */
  readonly block: number;
}

// NIST SP 800-38D: with random nonces one key may seal at most 2^32 messages.
export const dataKeyLimits: DataKeyLimits = { messages: 2 ** 32, block: 2 ** 20 };

interface Options {
  readonly connection: Connection;
  readonly keyFile: string;
  readonly logger: Logger;
  readonly limits: DataKeyLimits;
}

/** The data keys of this database, unwrapped in memory, and the count of what the current one may still seal. */
export class DataKeyRing {
  readonly #options: Options;
  readonly #known = new Map<number, DataKey>();
  #ring: KeyRing;
  #current: DataKey | undefined;
  #left = 0;
  #refilling: Promise<void> | undefined;

  private constructor(options: Options, ring: KeyRing) {
    this.#options = options;
    this.#ring = ring;
  }

  static async open(options: Options): Promise<DataKeyRing> {
    const keys = new DataKeyRing(options, await openKeyFile(options));
    await keys.#refill();
    return keys;
  }

  /** The key for one message more. */
  take(): DataKey {
    invariant(this.#current !== undefined && this.#left > 0, 'the data key has messages left');
    this.#left -= 1;
    if (this.#left < this.#options.limits.block / 2) this.#refillSoon();
    return this.#current;
  }

  async byId(id: number): Promise<DataKey> {
    // Another server may have made a key since we loaded them.
    if (!this.#known.has(id)) await this.#load();
    const key = this.#known.get(id);
    if (key === undefined) throw new Error(`a value was sealed under data key ${id}, which is gone`);
    return key;
  }

  /**
   * Makes a new key-encryption key and wraps every data key with it. The file has the new key before the database needs
   * it, and keeps the old ones; servers that rotate at once do it one after the other, or one would drop the other's key.
   */
  async rotate(): Promise<{ keyId: string }> {
    const { connection, keyFile } = this.#options;
    return connection.fork().transactional(async (em) => {
      await lockDataKeys(em);
      this.#ring = addKey((await readKeyFile(keyFile)) ?? this.#ring);
      await replaceKeyFile(keyFile, this.#ring);
      for (const { id } of await this.#load(em))
        await rewrapDataKey(em, id, this.#ring.current, this.#wrap(this.#key(id).export()));
      return { keyId: this.#ring.current };
    });
  }

  #refillSoon(): void {
    if (this.#refilling !== undefined) return;
    this.#refilling = this.#refill()
      .catch((error: unknown) => this.#options.logger.error({ error }, 'could not count ahead the use of a data key'))
      .finally(() => {
        this.#refilling = undefined;
      });
  }

  async #refill(): Promise<void> {
    const { connection, limits } = this.#options;
    const em = connection.fork();
    const usable = (await this.#load()).findLast(({ retired }) => !retired);
    if (usable !== undefined && (await reserveMessages(em, usable.id, limits.block, limits.messages))) {
      return this.#use(usable.id);
    }
    const wrapped = this.#wrap(randomBytes(KEY_BYTES));
    const fresh = await insertDataKey(em, { keyId: this.#ring.current, wrapped, used: limits.block });
    this.#unwrap(fresh);
    return this.#use(fresh.id);
  }

  #key(id: number): KeyObject {
    const key = this.#known.get(id);
    invariant(key !== undefined, 'a data key in use is loaded');
    return key.key;
  }

  #use(id: number): void {
    const key = { id, key: this.#key(id) };
    this.#left = (key.id === this.#current?.id ? this.#left : 0) + this.#options.limits.block;
    this.#current = key;
  }

  async #load(em = this.#options.connection.fork()): Promise<StoredDataKey[]> {
    const stored = await findDataKeys(em);
    // Another server may have rotated the key file since we read it.
    if (stored.some(({ keyId }) => !this.#ring.keys.has(keyId))) {
      this.#ring = (await readKeyFile(this.#options.keyFile)) ?? this.#ring;
    }
    for (const key of stored) this.#unwrap(key);
    return stored;
  }

  #unwrap(stored: StoredDataKey): void {
    if (this.#known.has(stored.id)) return;
    const kek = this.#ring.keys.get(stored.keyId);
    if (kek === undefined) throw missingKey(this.#options.keyFile, stored.keyId);
    const key = createSecretKey(decrypt(kek, stored.wrapped, wrapPlace(stored.keyId)));
    this.#known.set(stored.id, { id: stored.id, key });
  }

  #wrap(key: Buffer): Buffer {
    const kek = this.#ring.keys.get(this.#ring.current);
    invariant(kek !== undefined, 'the current key is in the ring');
    return encrypt(kek, key, wrapPlace(this.#ring.current));
  }
}

const wrapPlace = (keyId: string): Buffer => Buffer.from(`data_key:${keyId}`);

async function openKeyFile({ connection, keyFile, logger }: Options): Promise<KeyRing> {
  const ring = await readKeyFile(keyFile);
  if (ring !== undefined) return ring;
  const [stored] = await findDataKeys(connection.fork());
  if (stored !== undefined) throw missingKey(keyFile, stored.keyId);
  const created = await createKeyFile(keyFile, addKey(undefined));
  logger.warn({ keyFile }, 'made the key file; keep a copy of it apart from the data, neither is readable alone');
  return created;
}

function missingKey(keyFile: string, keyId: string): AppError {
  return new AppError(
    'UNAVAILABLE',
    `key file ${keyFile} lacks key ${keyId}, with which this database is sealed: restore the file that belongs to it`,
  );
}
