import type { Db } from './database.ts';
import { ProjectExpiryEntity, ProjectWatchEntity } from './entities/upkeep.ts';
import { type Row, tableOf } from './table.ts';

/** When a project ends. Its id is the project's. */
export type ExpiryRow = Row<typeof ProjectExpiryEntity>;
/** How a project is looked after. Its id is the project's. */
export type WatchRow = Row<typeof ProjectWatchEntity>;

const expiries = tableOf(ProjectExpiryEntity);
const watches = tableOf(ProjectWatchEntity, ['webhookSecret']);

export function findExpiry(db: Db, project: string): Promise<ExpiryRow | undefined> {
  return expiries.findOne(db, { id: project });
}

export async function saveExpiry(db: Db, row: ExpiryRow): Promise<void> {
  if (await expiries.insertUnlessTaken(db, row)) return;
  await expiries.update(db, row.id, row);
}

export async function removeExpiry(db: Db, project: string): Promise<void> {
  await expiries.remove(db, { id: project });
}

/** Projects whose end has something to be done about now, the longest due first. */
export function findDueExpiries(db: Db, now: Date, limit: number): Promise<ExpiryRow[]> {
  return expiries.find(db, { nextAt: { $lte: now } }, { orderBy: { nextAt: 'asc' }, limit });
}

/** Takes the work on a project's end, until then. @returns false when somebody else has it, or it is not due */
export function claimExpiry(db: Db, project: string, now: Date, until: Date): Promise<boolean> {
  return expiries.update(db, project, { nextAt: until }, { nextAt: { $lte: now } });
}

export function changeExpiry(db: Db, project: string, changes: Partial<ExpiryRow>): Promise<boolean> {
  return expiries.update(db, project, changes);
}

export function findWatch(db: Db, project: string): Promise<WatchRow | undefined> {
  return watches.findOne(db, { id: project });
}

export async function saveWatch(db: Db, row: WatchRow): Promise<void> {
  if (await watches.insertUnlessTaken(db, row)) return;
  await watches.update(db, row.id, row);
}

export async function removeWatch(db: Db, project: string): Promise<void> {
  await watches.remove(db, { id: project });
}

/** Projects that are to be looked at now, the longest due first. */
export function findDueWatches(db: Db, now: Date, limit: number): Promise<WatchRow[]> {
  return watches.find(db, { nextAt: { $lte: now } }, { orderBy: { nextAt: 'asc' }, limit });
}

/** Takes the look at a project, until then. @returns false when somebody else has it, or it is not due */
export function claimWatch(db: Db, project: string, now: Date, until: Date): Promise<boolean> {
  return watches.update(db, project, { nextAt: until }, { nextAt: { $lte: now } });
}

export function changeWatch(db: Db, project: string, changes: Partial<WatchRow>): Promise<boolean> {
  return watches.update(db, project, changes);
}
