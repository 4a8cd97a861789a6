import type { Places } from '../shared/caller.ts';
import type { Db } from './database.ts';
import { ProjectEntity } from './entities/intent.ts';
import { type Page, type SearchInput, searchPage, type SearchSpec } from './search.ts';
import { type Row, tableOf } from './table.ts';

export type ProjectRow = Row<typeof ProjectEntity>;

/** A session's claim to a project. */
export interface LockClaim {
  readonly project: string;
  readonly session: string;
  readonly holderName: string;
  readonly now: Date;
  readonly until: Date;
  /** The session selects the project: it keeps its lock for its whole time, also when others wait. */
  readonly selects?: boolean;
}

/** Tells who waits in line, when the transaction commits, which project is free. */
export const FREED_CHANNEL = 'project_freed';

const projects = tableOf(ProjectEntity);

const search: SearchSpec<ProjectRow> = {
  fields: {
    name: { column: 'name', kind: 'TEXT' },
    space: { column: 'space', kind: 'TEXT' },
    state: { column: 'state', kind: 'TEXT' },
    labels: { column: 'labels', kind: 'LIST' },
    createdAt: { column: 'createdAt', kind: 'TIME' },
  },
  text: ['name', 'id', 'description'],
  newest: 'createdAt',
};

/** By id. */
export function findProjects(db: Db, places: Places): Promise<ProjectRow[]> {
  return projects.find(db, within(places), { orderBy: { id: 'asc' } });
}

export function searchProjects(db: Db, places: Places, input: SearchInput): Promise<Page<ProjectRow>> {
  return searchPage(db, projects, search, within(places), input);
}

function within({ spaces, projects: ids }: Places) {
  return { $or: [{ space: { $in: [...spaces] } }, { id: { $in: [...ids] } }] };
}

export function findProject(db: Db, id: string): Promise<ProjectRow | undefined> {
  return projects.findOne(db, { id });
}

export function findProjectsById(db: Db, ids: readonly string[]): Promise<ProjectRow[]> {
  return projects.find(db, { id: { $in: [...ids] } });
}

/** @returns false when the id is taken, also by the history of a deleted project, which a new one must not show */
export async function insertProject(db: Db, project: ProjectRow): Promise<boolean> {
  const history = await db.execute('select 1 from intent_operation where project = ? limit 1', [project.id]);
  return history.length === 0 && projects.insertUnlessTaken(db, project);
}

/** Within a transaction: the project, and nobody else takes, renews or frees its lock until the end. */
export async function pinProject(db: Db, id: string): Promise<ProjectRow | undefined> {
  const [row] = await projects.execute(db, 'select * from intent_project where id = ? for update', [id]);
  return row;
}

export function updateProject(db: Db, id: string, changes: Partial<ProjectRow>): Promise<boolean> {
  return projects.update(db, id, changes);
}

export async function deleteProject(db: Db, id: string): Promise<void> {
  await projects.remove(db, { id });
}

/**
 * Takes a free or run-out lock, or extends one's own. The fence moves on whenever the holder changes. Whoever waits in
 * line goes before who does not.
 *
 * @returns the project as it is then, or undefined when it is another session's turn (or there is no such project)
 */
export async function takeLock(db: Db, claim: LockClaim): Promise<ProjectRow | undefined> {
  const { project, session, holderName, now, until, selects = false } = claim;
  const [taken] = await projects.execute(
    db,
    `update intent_project set fence = fence + case when lock_holder = ? then 0 else 1 end,
      lock_since = case when lock_holder = ? then lock_since else ? end,
      lock_selected = ? or (lock_selected and lock_holder is not distinct from ?),
      lock_holder = ?, lock_holder_name = ?, lock_until = ?
      where id = ? and (lock_holder = ? or ((lock_holder is null or lock_until <= ?) and not exists (
        select 1 from project_lock_waiter other where project = intent_project.id and session <> ? and awake_until > ?
          and place < coalesce((select place from project_lock_waiter where project = other.project and session = ?),
            9223372036854775807))))
      returning *`,
    [
      session, session, now, selects, session, session, holderName, until,
      project, session, now, session, now, session,
    ], // prettier-ignore
  );
  return taken;
}

/** Extends the lock of an operation at work. @returns false when the project has been taken over */
export async function renewLock(db: Db, project: string, fence: number, until: Date): Promise<boolean> {
  const rows = await db.execute(
    'update intent_project set lock_until = ? where id = ? and fence = ? and lock_holder is not null returning id',
    [until, project, fence],
  );
  return rows.length === 1;
}

/**
 * Frees the lock and moves the fence on, so that whatever the holder still writes is refused.
 *
 * @param holder frees it only if this session holds it; `undefined` frees it from anybody
 */
export async function releaseLock(db: Db, project: string, holder: string | undefined): Promise<boolean> {
  const rows = await db.execute(
    `with freed as (update intent_project set fence = fence + 1, lock_holder = null, lock_holder_name = null,
        lock_until = null, lock_since = null, lock_selected = false
        where id = ? and lock_holder is not null and (? or lock_holder = ?) returning id),
      told as (select pg_notify(?, id) from freed
        where exists (select 1 from project_lock_waiter where project = freed.id))
      select id, (select count(*) from told) from freed`,
    [project, holder === undefined, holder ?? '', FREED_CHANNEL],
  );
  return rows.length === 1;
}
