import { AppError } from '../shared/errors.ts';

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
