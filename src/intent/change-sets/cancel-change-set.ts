import type { Request } from '../../domain/context.ts';
import { askForEndOfSet, type ChangeSetRow, findChangeSet } from '../../storage/change-sets.ts';
import type { Engine } from '../engine.ts';
import { endWork, type Work } from '../operations/stop-work.ts';
import { requireSet } from './apply-change-set.ts';
import { readChanges } from './change.ts';
import { requireActions } from './require-actions.ts';
import { callSetOff } from './sweep-sets.ts';

export interface ChangeSetName {
  readonly intentProject: string;
  readonly id: string;
}

/**
 * Ends a change set that waits. Of one that is at work, on whichever server, nothing more is begun, and its operations
 * that run are asked to stop; what is done stays done.
 */
export async function cancelChangeSet(engine: Engine, request: Request, name: ChangeSetName): Promise<ChangeSetRow> {
  const { set, project } = await requireSet(engine, name.intentProject, name.id);
  requireActions(request.caller, project, readChanges(set));
  return endWork(engine, request, workOf(engine, set));
}

function workOf(engine: Engine, set: ChangeSetRow): Work<ChangeSetRow> {
  const { id, project } = set;
  return {
    row: set,
    noun: 'change set',
    key: 'changeSet',
    find: (db) => findChangeSet(db, project, id),
    runs: ({ status, leaseUntil }) => (status === 'PLANNING' || status === 'APPLYING') && leaseUntil !== undefined,
    waits: ({ status }) => status === 'PLANNED' || status === 'PENDING_REVIEW',
    ask: (db, at) => askForEndOfSet(db, set, at),
    end: (db, row, failure) => callSetOff(db, engine, row, failure),
    event: {
      action: 'intent-change-set.cancel',
      affected: { type: 'INTENT_CHANGE_SET', id },
      related: { type: 'INTENT_PROJECT', id: project },
    },
  };
}
