import type { Db } from './database.ts';
import { AuditCheckpointEntity } from './entities/audit.ts';
import { type Row, tableOf } from './table.ts';

export type CheckpointRow = Row<typeof AuditCheckpointEntity>;

const checkpoints = tableOf(AuditCheckpointEntity);

export function insertCheckpoint(db: Db, checkpoint: CheckpointRow): Promise<void> {
  return checkpoints.insert(db, checkpoint);
}

/** The one with the highest number, and of several with the same the latest. */
export function findLastCheckpoint(db: Db, kind: 'END' | 'DROPPED', before?: Date): Promise<CheckpointRow | undefined> {
  const where = before === undefined ? { kind } : { kind, at: { $lt: before } };
  return checkpoints.findOne(db, where, { orderBy: { seq: 'desc', id: 'desc' } });
}

/** In order. */
export function findCheckpoints(db: Db, kind: 'END' | 'DROPPED'): Promise<CheckpointRow[]> {
  return checkpoints.find(db, { kind }, { orderBy: { seq: 'asc' } });
}

/**
 * Drops the entries up to `seq`, and the checkpoints that speak of them. The transaction has a DROPPED checkpoint
 * written before; the database refuses otherwise.
 *
 * @returns how many entries
 */
export async function dropAuditUntil(db: Db, seq: number): Promise<number> {
  await db.em.execute(`select set_config('sluice.drop_audit', 'on', true)`);
  const dropped = await db.em.execute<{ count: number }[]>(
    'with gone as (delete from audit_entry where seq <= ? returning 1) select count(*)::int as count from gone',
    [seq],
  );
  await checkpoints.remove(db, { seq: { $lt: seq } });
  return dropped[0]?.count ?? 0;
}
