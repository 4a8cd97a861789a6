import { actions, type Action } from '../../../generated/enums.ts';
import { type Caller, may, projectPlace } from '../../shared/caller.ts';

const projectActions = actions.filter((action) => action.startsWith('INTENT_'));

/** What the caller may do in a project, of all that can be done with Intent. */
export function allowedActions(caller: Caller, project: { readonly space: string; readonly id: string }): Action[] {
  return projectActions.filter((action) => may(caller, action, projectPlace(project)));
}
