import type { Action } from '../../../generated/enums.ts';
import { type Caller, may, placeWords, projectPlace } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { Change, ChangeKind } from './change.ts';

const actionOf: Readonly<Record<ChangeKind, Action>> = {
  CREATE: 'INTENT_RESOURCE_CREATE',
  UPDATE: 'INTENT_RESOURCE_UPDATE',
  DELETE: 'INTENT_RESOURCE_DELETE',
  IMPORT: 'INTENT_RESOURCE_IMPORT',
};

type Asked = Pick<Change, 'ask' | 'templates'>;

/**
 * Sees that the caller may do each change by itself: a set is no way round the rights on single operations. Whoever
 * refers to other resources sees their state, which is a right of its own.
 *
 * @throws FORBIDDEN naming the action
 */
export function requireActions(caller: Caller, project: ProjectRow, changes: readonly Asked[]): void {
  const kinds = new Set(changes.map(({ ask }) => actionOf[ask.kind]));
  if (changes.some(({ templates }) => templates.length > 0)) kinds.add('INTENT_STATE_READ');
  const missing = [...kinds].find((action) => !may(caller, action, projectPlace(project)));
  if (missing === undefined) return;
  throw new AppError(
    'FORBIDDEN',
    `unauthorized: this change set needs the action ${missing}, which you do not hold in ${placeWords(projectPlace(project))}`,
    { details: { action: missing, space: project.space } },
  );
}
