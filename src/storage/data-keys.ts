import type { SqlEntityManager } from '@mikro-orm/postgresql';

import { invariant } from '../shared/errors.ts';

/** A data-encryption key as it lies in the database. */
export interface StoredDataKey {
  readonly id: number;
  /** The key-encryption key that wrapped it. */
  readonly keyId: string;
  readonly wrapped: Buffer;
  readonly retired: boolean;
}

interface DataKeyRow {
  id: number;
  key_id: string;
  wrapped: Uint8Array;
  retired: boolean;
}

const columns = 'id, key_id, wrapped, retired_at is not null as retired';

/** Oldest first. */
export async function findDataKeys(em: SqlEntityManager): Promise<StoredDataKey[]> {
  return (await em.execute<DataKeyRow[]>(`select ${columns} from data_key order by id`)).map(storedKey);
}

/** Adds a key and retires the others. */
export async function insertDataKey(
  em: SqlEntityManager,
  key: { keyId: string; wrapped: Buffer; used: number },
): Promise<StoredDataKey> {
  return em.transactional(async (inner) => {
    await inner.execute('update data_key set retired_at = now() where retired_at is null');
    const [row] = await inner.execute<DataKeyRow[]>(
      `insert into data_key (key_id, wrapped, used, created_at) values (?, ?, ?, now()) returning ${columns}`,
      [key.keyId, key.wrapped, key.used],
    );
    invariant(row !== undefined, 'an insert returns its row');
    return storedKey(row);
  });
}

/** @returns false when the key is retired or would seal more than `max` messages */
export async function reserveMessages(em: SqlEntityManager, id: number, count: number, max: number): Promise<boolean> {
  const rows = await em.execute(
    'update data_key set used = used + ? where id = ? and retired_at is null and used + ? <= ? returning id',
    [count, id, count, max],
  );
  return rows.length === 1;
}

const ROTATION_LOCK = 7_582_002; // any number, the same for all servers that share a database

/** Until the end of the transaction no other server rotates. */
export async function lockDataKeys(em: SqlEntityManager): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?)', [ROTATION_LOCK]);
}

export async function rewrapDataKey(em: SqlEntityManager, id: number, keyId: string, wrapped: Buffer): Promise<void> {
  await em.execute('update data_key set key_id = ?, wrapped = ? where id = ?', [keyId, wrapped, id]);
}

function storedKey(row: DataKeyRow): StoredDataKey {
  return { id: row.id, keyId: row.key_id, wrapped: Buffer.from(row.wrapped), retired: row.retired };
}
