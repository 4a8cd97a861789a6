import { invariant } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { insertAudit } from '../../storage/audit.ts';
import type { Db } from '../../storage/database.ts';
import {
  type Belongings,
  changeWithBelongings,
  type OperationChange,
  type OperationRow,
  type OperationStatus,
} from '../../storage/operations.ts';
import { saveResource } from '../../storage/resources.ts';
import { type Run, fact } from '../run.ts';
import { isFinal, liveStatuses, transitions } from './transitions.ts';

export interface Move {
  readonly to: OperationStatus;
  /** Name of the step, for the journal. */
  readonly step: string;
  readonly detail?: Json;
  readonly changes?: Partial<OperationRow>;
  /** Rows that are written in the same statement. */
  readonly belongings?: Belongings;
  /** What else is written in the same transaction. */
  readonly also?: ((db: Db) => Promise<void>) | undefined;
  /** Whether it must survive a power cut before anything else happens. */
  readonly durable?: boolean;
}

/**
 * Moves an operation on and writes its journal, under the fence of the project's lock: whoever lost the lock writes
 * nothing.
 *
 * @throws PROJECT_LOCKED when another session took the project over; CONFLICT when somebody else moved the operation
 */
export async function moveOperation(run: Run, move: Move): Promise<void> {
  const { storage, clock } = run.engine.domain;
  const operation = fact(run, 'operation');
  invariant(transitions[operation.status].includes(move.to), `no way from ${operation.status} to ${move.to}`);
  const at = clock.now();
  const { unwritten } = run;
  const changes = { ...unwritten.changes, ...move.changes, ...statusChanges(run, move.to, at) };
  const target = { project: operation.project, id: operation.id, fence: fact(run, 'project').fence };
  // An operation that is said to be interrupted while its server was only slow may still come to its end.
  const expected: OperationStatus[] = isFinal(move.to) ? [operation.status, 'INTERRUPTED'] : [operation.status];
  const [first, ...more] = [...unwritten.journal, { step: move.step, at, detail: move.detail }];
  await write(run, move, { target, expected, changes, journal: [first, ...more] });
  run.facts.operation = { ...operation, ...changes };
  unwritten.journal = [];
  unwritten.changes = {};
  if (move.durable === true) await storage.durable();
  run.request.report?.(`${operation.type} ${JSON.stringify(operation.resourceId)}: ${statusWord(move.to)}`);
}

/** `AWAITING_CONFIRMATION` reads `awaiting confirmation`. */
function statusWord(status: OperationStatus): string {
  return status.toLowerCase().replaceAll('_', ' ');
}

async function write(run: Run, { belongings = {}, also }: Move, operation: OperationChange): Promise<void> {
  const { storage } = run.engine.domain;
  const { target, ...change } = operation;
  if (run.writer !== undefined) {
    const fence = fact(run, 'project');
    return run.writer.write({ id: target.id, ...change }, async (db) => {
      if (belongings.resource !== undefined) {
        await saveResource(db, belongings.resource, { project: fence.id, fence: fence.fence });
      }
      if (belongings.receipt !== undefined) await insertAudit(db, belongings.receipt);
      await also?.(db);
    });
  }
  const changeIn = (db: Db): Promise<void> => changeWithBelongings(db, operation, belongings);
  // One statement is a transaction by itself, which saves two round trips.
  if (also === undefined) return storage.read(changeIn);
  return storage.transaction((db) => changeIn(db).then(() => also(db)), { vital: true });
}

/** Notes a step that moves nothing: it is written with the next one that does. */
export function noteStep(run: Run, note: { step: string; detail?: Json; changes?: Partial<OperationRow> }): void {
  const { unwritten } = run;
  unwritten.journal.push({ step: note.step, at: run.engine.domain.clock.now(), detail: note.detail });
  Object.assign(unwritten.changes, note.changes);
}

function statusChanges(run: Run, status: OperationStatus, at: Date): Partial<OperationRow> {
  const leaseUntil = liveStatuses.includes(status) ? new Date(at.getTime() + run.engine.limits.leaseMs) : undefined;
  return { status, updatedAt: at, leaseUntil, ...(isFinal(status) ? { finishedAt: at } : {}) };
}
