import { AppError } from '../shared/errors.ts';
import type { Db } from './database.ts';

/** The right to write for a project: what its holder got with the lock. A late holder's number no longer fits. */
export interface Fence {
  readonly project: string;
  readonly fence: number;
}

// Locks the row against a change of holder until the transaction ends, and against nothing else.
export const FENCED = 'fenced as (select 1 from intent_project where id = ? and fence = ? for share)';

export function fenceMoved(project: string): AppError {
  return new AppError(
    'PROJECT_LOCKED',
    `project ${project} was taken over by another session meanwhile: nothing was recorded. Look at its history before trying again`,
  );
}

/** Within a transaction: sees that the lock is still held, and keeps it from being taken until the end. */
export async function requireFence(db: Db, { project, fence }: Fence): Promise<void> {
  const rows = await db.execute(`with ${FENCED} select 1 from fenced`, [project, fence]);
  if (rows.length !== 1) throw fenceMoved(project);
}
