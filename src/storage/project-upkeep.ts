import type { Db } from './database.ts';
import { ProjectExpiryEntity, ProjectNoticeEntity, ProjectWatchEntity } from './entities/upkeep.ts';
import { type Row, tableOf } from './table.ts';

/** When a project ends. Its id is the project's. */
export type ExpiryRow = Row<typeof ProjectExpiryEntity>;
/** How a project is looked after. Its id is the project's. */
export type WatchRow = Row<typeof ProjectWatchEntity>;
/** What a project's webhook is to be told. */
export type NoticeRow = Row<typeof ProjectNoticeEntity>;

const expiries = tableOf(ProjectExpiryEntity);
const notices = tableOf(ProjectNoticeEntity);
const watches = tableOf(ProjectWatchEntity, ['webhookUrl', 'webhookSecret']);

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

export function insertNotice(db: Db, row: NoticeRow): Promise<void> {
  return notices.insert(db, row);
}

/** Projects whose webhooks are to be told something now. */
export async function findDueNotices(db: Db, now: Date, limit: number): Promise<string[]> {
  const rows = await db.em.execute<{ project: string }[]>(
    'select project from intent_project_notice where next_at <= ? group by project order by min(next_at) limit ?',
    [now, limit],
  );
  return rows.map(({ project }) => project);
}

/** Takes what a webhook is to be told now, until then; oldest first. */
export async function claimNotices(db: Db, project: string, now: Date, until: Date): Promise<NoticeRow[]> {
  const taken = await notices.execute(
    db,
    'update intent_project_notice set next_at = ? where project = ? and next_at <= ? returning *',
    [until, project, now],
  );
  return taken.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export async function postponeNotice(db: Db, id: string, attempts: number, nextAt: Date): Promise<void> {
  await notices.update(db, id, { attempts, nextAt });
}

export async function removeNotice(db: Db, id: string): Promise<void> {
  await notices.remove(db, { id });
}
