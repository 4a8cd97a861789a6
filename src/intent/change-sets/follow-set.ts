import { AppError } from '../../shared/errors.ts';
import { type ChangeSetRow, findChangeSet, renewChangeSet } from '../../storage/change-sets.ts';
import type { Db } from '../../storage/database.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { settleWithin } from '../journal/running-operations.ts';

/** Where the work on a change set stopped: at its end, or where it waits. */
export interface SetEnd {
  readonly set: ChangeSetRow;
  /** Why it came to a bad end. */
  readonly error: AppError | undefined;
}

interface Followed {
  readonly engine: Engine;
  readonly set: ChangeSetRow;
  readonly project: ProjectRow;
}

/**
 * Works on a change set in the background and waits for it as long as the caller wants to.
 *
 * @throws why it came to a bad end while the caller waited
 */
export async function followSet(
  { engine, set, project }: Followed,
  work: () => Promise<SetEnd>,
  waitMs: number,
): Promise<ChangeSetRow> {
  const { running, domain } = engine;
  const { id } = set;
  let ended: SetEnd | undefined;
  let problem: unknown;
  const done = work()
    .then((end) => {
      ended = end;
    })
    .catch((error: unknown) => {
      problem = error;
      domain.log.error({ error, changeSet: id }, 'the work on a change set was stopped');
    })
    .finally(() => running.remove(id));
  const renew = (db: Db, until: Date): Promise<string[]> => renewChangeSet(db, { id, fence: project.fence }, until);
  running.add({ id, project: project.id, fence: project.fence, done, cancelRequested: false, renew });
  await settleWithin(done, waitMs);
  if (problem !== undefined) throw problem;
  if (ended !== undefined) return tell(ended);
  const current = await domain.storage.read((db) => findChangeSet(db, project.id, id));
  return current ?? set;
}

/** A caller who waited to a bad end is told by an error; the change set is named in it. */
function tell({ set, error }: SetEnd): ChangeSetRow {
  if (error === undefined) return set;
  throw new AppError(error.code, `${set.failure ?? error.message}${goingOn(set)}`, {
    details: { ...error.details, changeSet: set.id },
    cause: error,
  });
}

function goingOn({ id, status }: ChangeSetRow): string {
  if (status !== 'FAILED' && status !== 'INTERRUPTED') return '';
  return `\nMend the cause; intentChangeSetResume then goes on with change set ${id}: what is done stays.`;
}
