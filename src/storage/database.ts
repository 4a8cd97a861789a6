import { AsyncLocalStorage } from 'node:async_hooks';

import type { SqlEntityManager } from '@mikro-orm/postgresql';

import { invariant } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { AuditRow } from './audit.ts';
import type { Connection } from './connection.ts';
import type { DependencyRow } from './dependencies.ts';
import { explainOutage } from './explain-outage.ts';
import { migrate } from './migrate.ts';
import { type ConnectionOptions, openConnection } from './open-connection.ts';
import type { ResourceRow } from './resources.ts';
import { createVault, type Vault } from './vault.ts';

/** One unit of work: what the functions of `storage/<noun>.ts` take. */
export interface Db {
  readonly em: SqlEntityManager;
  readonly vault: Vault;
  /**
   * One statement written by hand, with a `?` for each value. It goes past the ORM and may be kept prepared, so there is
   * no other question mark in it, and what varies is a value and not text.
   */
  execute<R extends object>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Rows that may wait for the end of the transaction, to be written together with others of their table. */
  readonly deferred?: Deferred;
}

export interface Deferred {
  readonly resources: ResourceRow[];
  readonly edges: DependencyRow[];
  readonly audit: AuditRow[];
}

export interface StorageOptions extends ConnectionOptions {
  /** File of the key-encryption keys, made at the first start. */
  readonly keyFile: string;
}

export interface Storage {
  readonly kind: 'pglite' | 'postgres';
  readonly vault: Vault;
  /** Statements outside a transaction. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /**
   * One transaction, rolled back when the work throws. Not nested: PGlite has one connection, so a call of the storage
   * from inside would wait for itself; it fails instead.
   *
   * @param options.durable also wait until the commit survives a power cut (only PGlite needs to be told)
   * @param options.vital records what has already happened, so it is tried on a disk that is too full for new work
   * @throws UNAVAILABLE on such a disk, before the work begins, unless it is durable or vital
   */
  transaction<T>(work: (db: Db) => Promise<T>, options?: { durable?: boolean; vital?: boolean }): Promise<T>;
  /** Everything committed so far survives a power cut when this returns. */
  durable(): Promise<void>;
  notify(channel: string, payload: string): Promise<void>;
  /** An empty payload means that notifications may have been missed. */
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>;
  /** For the queue and nothing else. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database, brings its tables to this code's version and unlocks its keys.
 *
 * @throws UNAVAILABLE when the database or its keys do not fit this server; the message says what to do
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const connection = await openConnection(options);
  try {
    await migrate(connection);
    return await storageOver(connection, options);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The storage over a connection whose tables are up to date. */
export async function storageOver(
  connection: Connection,
  options: { keyFile: string; logger: Logger },
): Promise<Storage> {
  const vault = await createVault({ connection, keyFile: options.keyFile, logger: options.logger });
  const open = new AsyncLocalStorage<{ done: boolean }>();
  const guard = (): void => {
    invariant(open.getStore()?.done !== false, 'the storage was called from inside a transaction');
  };
  return {
    kind: connection.kind,
    vault,
    async read(work) {
      guard();
      try {
        return await work(dbOver(connection, connection.fork(), vault));
      } catch (error) {
        throw explainOutage(error);
      }
    },
    async transaction(work, { durable = false, vital = durable } = {}) {
      guard();
      if (!vital) await connection.requireSpace();
      const result = await runTransaction(connection, vault, open, work);
      if (durable) await connection.flush();
      return result;
    },
    durable: () => connection.flush(),
    async notify(channel, payload) {
      await connection.fork().execute('select pg_notify(?, ?)', [channel, payload]);
    },
    listen: (channel, handler) => connection.listen(channel, handler),
    executeSql: (text, values) => connection.executeSql(text, values),
    async ping() {
      await connection.fork().execute('select 1');
    },
    close: () => connection.close(),
  };
}

function dbOver(connection: Connection, em: SqlEntityManager, vault: Vault): Db {
  return {
    em,
    vault,
    execute: async <R extends object>(sql: string, values: readonly unknown[] = []) =>
      asRows<R>(await connection.execute(em, sql, values)),
  };
}

// Whoever writes the statement says what its rows are.
const asRows = <R>(rows: object[]): R[] => rows as R[];

async function runTransaction<T>(
  connection: Connection,
  vault: Vault,
  open: AsyncLocalStorage<{ done: boolean }>,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const mark = { done: false };
  let committing = false;
  try {
    return await open.run(mark, () =>
      connection.fork().transactional(async (em) => {
        const result = await work(dbOver(connection, em, vault));
        committing = true;
        return result;
      }),
    );
  } catch (error) {
    throw explainOutage(error, committing);
  } finally {
    mark.done = true;
  }
}
