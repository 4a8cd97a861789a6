import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { askForEndOfSet, type ChangeSetRow, findChangeSet } from '../../storage/change-sets.ts';
import type { Engine } from '../engine.ts';
import { isServerGone } from '../journal/interruption.ts';
import { stopWork } from '../operations/stop-work.ts';
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
  const { intentProject, id } = name;
  const found = await requireSet(engine, intentProject, id);
  let { set } = found;
  requireActions(request.caller, found.project, readChanges(set));
  if (engine.running.has(id) || runs(set)) {
    await stopWork(engine, request, workOf(set));
    ({ set } = await requireSet(engine, intentProject, id));
    // Planning may have come to its end before it heard.
    if (!waits(set) && !isServerGone(set.failure)) return set;
  }
  if (set.status === 'CANCELED') return set;
  if (!waits(set)) throw notCancelable(set);
  await callOff(engine, request, set);
  return (await requireSet(engine, intentProject, id)).set;
}

function workOf(set: ChangeSetRow): Parameters<typeof stopWork>[2] {
  return {
    id: set.id,
    ask: (db, at) => askForEndOfSet(db, set, at),
    lease: async (db) => {
      const current = await findChangeSet(db, set.project, set.id);
      return current !== undefined && runs(current) ? current.leaseUntil : undefined;
    },
    event: { ...eventOf(set), data: { status: set.status } },
  };
}

function runs({ status, leaseUntil }: ChangeSetRow): boolean {
  return (status === 'PLANNING' || status === 'APPLYING') && leaseUntil !== undefined;
}

function waits({ status }: ChangeSetRow): boolean {
  return status === 'PLANNED' || status === 'PENDING_REVIEW';
}

async function callOff(engine: Engine, request: Request, set: ChangeSetRow): Promise<void> {
  const failure = `called off by ${request.caller.principal.name} before anything was changed`;
  await engine.domain.storage.transaction(async (db) => {
    await callSetOff(db, engine, set, failure);
    await recordAudit(db, engine.domain, request, eventOf(set));
  });
}

function eventOf({ id, project }: ChangeSetRow) {
  return {
    action: 'intent-change-set.cancel',
    affected: { type: 'INTENT_CHANGE_SET', id },
    related: { type: 'INTENT_PROJECT', id: project },
  };
}

function notCancelable({ id, status, failure, finishedAt }: ChangeSetRow): AppError {
  const advice =
    status === 'INTERRUPTED'
      ? `${isServerGone(failure) ? `${failure}; ` : ''}resume it to find out what was done`
      : finishedAt === undefined
        ? 'ask again in a moment'
        : 'it is at its end';
  return new AppError('CONFLICT', `change set ${id} is ${status} and cannot be canceled: ${advice}`, {
    details: { changeSet: id, status },
  });
}
