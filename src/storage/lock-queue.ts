import type { Db } from './database.ts';
import { LockWaiterEntity } from './entities/intent.ts';
import { type Row, tableOf } from './table.ts';

/** A session in line for a project. It is awake while a call of it waits, and keeps its place a little longer. */
export type LockWaiterRow = Row<typeof LockWaiterEntity>;

const waiters = tableOf(LockWaiterEntity);

/**
 * Takes a place at the end of the line, or says that the one who has a place is awake. Places that nobody came back to
 * are given up.
 *
 * @returns false when the line is full
 */
export async function standInLine(db: Db, waiter: Omit<LockWaiterRow, 'place'>, limit: number): Promise<boolean> {
  const { project, session, name, since, awakeUntil, keptUntil } = waiter;
  await db.execute('delete from project_lock_waiter where project = ? and kept_until <= ?', [project, since]);
  const rows = await db.execute(
    `insert into project_lock_waiter (project, session, name, since, awake_until, kept_until)
      select ?, ?, ?, ?::timestamptz, ?::timestamptz, ?::timestamptz
      where (select count(*) from project_lock_waiter where project = ? and session <> ?) < ?
      on conflict (project, session) do update set awake_until = excluded.awake_until, kept_until = excluded.kept_until
      returning place`,
    [project, session, name, since, awakeUntil, keptUntil, project, session, limit],
  );
  return rows.length === 1;
}

/** The line as it is at `now`, first come first; who is not awake has no turn. */
export function findLine(db: Db, project: string, now: Date): Promise<LockWaiterRow[]> {
  return waiters.find(db, { project, keptUntil: { $gt: now } }, { orderBy: { place: 'asc' } });
}

/** Nobody of this session waits any more; the place is kept until then. */
export async function dozeInLine(db: Db, project: string, session: string, at: Date, keptUntil: Date): Promise<void> {
  await db.execute('update project_lock_waiter set awake_until = ?, kept_until = ? where project = ? and session = ?', [
    at,
    keptUntil,
    project,
    session,
  ]);
}

export async function leaveLine(db: Db, project: string, session: string): Promise<void> {
  await waiters.remove(db, { project, session });
}
