import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { askForEnd, changeOperation, findOperation, type OperationRow } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { liveStatuses } from '../journal/transitions.ts';
import { requireOperation } from './operation-request.ts';
import { endWork, type Work } from './stop-work.ts';

/** Calls an operation off: one that waits for a person ends at once, one that runs as soon as its provider stops. */
export async function cancelOperation(
  engine: Engine,
  request: Request,
  input: { readonly intentProject: string; readonly operationID: string },
): Promise<OperationRow> {
  const row = await requireOperation(engine, input.intentProject, input.operationID);
  if (row.status === 'PLANNED') throw memberOf(row);
  return endWork(engine, request, workOf(engine, row));
}

function memberOf({ id, changeSet = '' }: OperationRow): AppError {
  const message = `operation ${id} waits for its turn in change set ${changeSet}: cancel that`;
  return new AppError('CONFLICT', message, { details: { operation: id, changeSet } });
}

function workOf(engine: Engine, row: OperationRow): Work<OperationRow> {
  const { id, project } = row;
  return {
    row,
    noun: 'operation',
    key: 'operation',
    find: (db) => findOperation(db, project, id),
    runs,
    waits,
    ask: (db, at) => askForEnd(db, row, at),
    end: (db, { status }, failure) => {
      const at = engine.domain.clock.now();
      const ended = {
        status: 'CANCELED' as const,
        confirmationHash: undefined,
        failure,
        updatedAt: at,
        finishedAt: at,
      };
      return changeOperation(db, { project, id, fence: undefined }, [status], ended, { step: 'cancel', at });
    },
    event: {
      action: 'intent-resource-operation.cancel',
      affected: { type: 'INTENT_OPERATION', id },
      related: { type: 'INTENT_PROJECT', id: project },
    },
  };
}

function runs({ status, leaseUntil }: OperationRow): boolean {
  return liveStatuses.includes(status) && leaseUntil !== undefined;
}

function waits({ status, leaseUntil }: OperationRow): boolean {
  return (
    status === 'PENDING_REVIEW' ||
    status === 'AWAITING_CONFIRMATION' ||
    (status === 'QUEUED' && leaseUntil === undefined)
  );
}
