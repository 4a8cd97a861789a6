import { AppError } from '../shared/errors.ts';
import type { Db } from './database.ts';
import { ChangeSetEntity, type ChangeSetStatus } from './entities/intent.ts';
import { type Row, tableOf, type Where } from './table.ts';

export type { ChangeSetStatus };
export type ChangeSetRow = Row<typeof ChangeSetEntity>;

const changeSets = tableOf(ChangeSetEntity, ['request']);

export function insertChangeSet(db: Db, row: ChangeSetRow): Promise<void> {
  return changeSets.insert(db, row);
}

export function findChangeSet(db: Db, project: string, id: string): Promise<ChangeSetRow | undefined> {
  return changeSets.findOne(db, { project, id });
}

/** A change set of the project that a server applies now. */
export function findApplyingChangeSet(db: Db, project: string, now: Date): Promise<ChangeSetRow | undefined> {
  return changeSets.findOne(db, { project, status: 'APPLYING', leaseUntil: { $gt: now } });
}

/** A change set of the project that is under way, or was interrupted in the middle. */
export function findUnsettledChangeSet(db: Db, project: string): Promise<ChangeSetRow | undefined> {
  return changeSets.findOne(db, { project, status: { $in: ['PLANNING', 'APPLYING', 'INTERRUPTED'] } });
}

/** Newest first. */
export function findChangeSets(
  db: Db,
  project: string,
  page: { readonly limit: number; readonly offset: number },
): Promise<ChangeSetRow[]> {
  return changeSets.find(db, { project }, { orderBy: { id: 'desc' }, ...page });
}

/**
 * Moves a change set on.
 *
 * @param expected statuses it may have; another one means that somebody else moved it on
 * @throws CONFLICT when the status is another
 */
export async function changeChangeSet(
  db: Db,
  { id, project }: Pick<ChangeSetRow, 'id' | 'project'>,
  expected: readonly ChangeSetStatus[],
  changes: Partial<ChangeSetRow>,
): Promise<void> {
  const where: Where<ChangeSetRow> = { project, status: { $in: [...expected] } };
  if (await changeSets.update(db, id, changes, where)) return;
  throw new AppError('CONFLICT', `change set ${id} has moved on meanwhile; read it again`, {
    details: { changeSet: id },
  });
}

/**
 * Says that the server still works on the change set and on those of its operations that are begun. Those that wait for
 * their turn have a lease as well, of which only matters that it is there.
 *
 * @returns the set or operations whose end somebody asked for
 */
export async function renewChangeSet(
  db: Db,
  { id, fence }: Pick<ChangeSetRow, 'id' | 'fence'>,
  until: Date,
): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(
    `with begun as (update intent_operation set lease_until = ? where change_set = ? and fence = ?
        and status in ('PLANNING', 'APPLYING') and finished_at is null and lease_until is not null
        returning id, cancel_requested_at),
      own as (update intent_change_set set lease_until = ? where id = ? and status in ('PLANNING', 'APPLYING')
        returning id, cancel_requested_at)
      select id from (select * from own union all select * from begun) as renewed where cancel_requested_at is not null`,
    [until, id, fence, until, id],
  );
  return rows.map((row) => row.id);
}

/** Leaves word for the server that works on the change set. @returns false when nobody does any more */
export async function askForEndOfSet(db: Db, { project, id }: ChangeSetRow, at: Date): Promise<boolean> {
  const rows = await db.execute(
    `update intent_change_set set cancel_requested_at = ? where id = ? and project = ? and lease_until is not null
      and status in ('PLANNING', 'APPLYING') returning id`,
    [at, id, project],
  );
  return rows.length === 1;
}

/** Change sets that a server works on, or should: those whose lease has run out at `now`, or all without it. */
export function findAbandonedChangeSets(db: Db, now: Date | undefined): Promise<ChangeSetRow[]> {
  const lease = now === undefined ? { $ne: null } : { $lte: now };
  const where = { status: { $in: ['PLANNING', 'APPLYING'] as const }, leaseUntil: lease };
  return changeSets.find(db, where, { orderBy: { id: 'asc' } });
}

/** Change sets that waited for a person too long: unconfirmed at `now`, or left since `leftBefore`. */
export function findExpiredChangeSets(db: Db, now: Date, leftBefore: Date): Promise<ChangeSetRow[]> {
  const where = {
    $or: [
      { status: 'PLANNED' as const, confirmationUntil: { $lte: now } },
      { status: { $in: ['PLANNED', 'PENDING_REVIEW'] as const }, updatedAt: { $lte: leftBefore } },
    ],
  };
  return changeSets.find(db, where, { orderBy: { id: 'asc' } });
}

/** Whether a server works in the project: on a change set or on an operation, other than these. */
export async function hasWork(
  db: Db,
  project: string,
  except: { readonly operation?: string; readonly changeSet?: string | undefined },
): Promise<boolean> {
  const rows = await db.execute(
    `select 1 from intent_operation where project = ? and lease_until is not null and id <> ?
        and status in ('QUEUED', 'PLANNING', 'PLANNED', 'APPLYING', 'AWAITING_CONFIRMATION') and finished_at is null
        and coalesce(change_set, '') <> ?
      union all
      select 1 from intent_change_set where project = ? and lease_until is not null and id <> ?
        and status in ('PLANNING', 'APPLYING') limit 1`,
    [project, except.operation ?? '', except.changeSet ?? '-', project, except.changeSet ?? ''],
  );
  return rows.length > 0;
}
