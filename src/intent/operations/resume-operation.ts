import type { Request } from '../../domain/context.ts';
import { AppError, invariant } from '../../shared/errors.ts';
import { isJsonObject } from '../../shared/json.ts';
import { hasWork } from '../../storage/change-sets.ts';
import { changeOperation, type OperationRow } from '../../storage/operations.ts';
import { releaseLock } from '../../storage/projects.ts';
import type { Db } from '../../storage/database.ts';
import type { Engine } from '../engine.ts';
import { hasActed } from '../journal/sweep.ts';
import { newRun, type Run, type Step } from '../run.ts';
import { takeFirstSteps } from '../run-steps.ts';
import { findResourceIfAny } from '../steps/find-resource.ts';
import { requireLock, takeProject } from '../steps/hold-lock.ts';
import { loadProvider } from '../steps/load-provider.ts';
import { openProject } from '../steps/open-project.ts';
import { claimResource } from '../steps/record-operation.ts';
import { recordOutcome } from '../steps/record-outcome.ts';
import { settleByReading } from '../steps/settle-by-reading.ts';
import { lives } from './lives.ts';
import { askOf, requireOperation } from './operation-request.ts';
import { follow, inLine, timeFor, type Waits } from './start-operation.ts';

/** How an operation goes on from where it stopped. */
interface Resumption {
  readonly prepare: readonly Step[];
  readonly claim: Step;
  readonly goOn: readonly Step[];
}

/**
 * Goes on with an operation that was interrupted, or that a person let through. One whose provider may have acted is not
 * done again: what became of it is found out.
 */
export async function resumeOperation(
  engine: Engine,
  request: Request,
  input: Waits & { readonly intentProject: string; readonly operationID: string },
): Promise<Run> {
  const time = timeFor(input);
  const row = await requireOperation(engine, input.intentProject, input.operationID);
  requireNoMember(row);
  const acted = await engine.domain.storage.read((db) => hasActed(db, row.id));
  const { prepare, claim, goOn } = resumptionOf(row, acted);
  const run = newRun(engine, request, askOf(row));
  await takeFirstSteps(run, [...inLine(time), ...prepare, claim]);
  return follow(run, goOn, time.leftMs());
}

function requireNoMember({ id, changeSet }: OperationRow): void {
  if (changeSet === undefined) return;
  throw new AppError('CONFLICT', `operation ${id} belongs to change set ${changeSet}: resume that`, {
    details: { operation: id, changeSet },
  });
}

function resumptionOf(row: OperationRow, acted: boolean): Resumption {
  const { kind, status } = row;
  invariant(kind !== 'READ', `an operation of kind ${kind} is never resumed`);
  const life = lives[kind];
  const claim = claimOperation(row);
  if (status === 'INTERRUPTED' && acted) {
    return {
      prepare: [openProject, requireLock, findResourceIfAny, loadProvider],
      claim: claimInterrupted(row),
      goOn: [settleByReading, recordOutcome],
    };
  }
  if (status === 'INTERRUPTED' || (status === 'QUEUED' && row.leaseUntil === undefined)) {
    return { prepare: life.prepare, claim, goOn: life.carryOut };
  }
  if (status === 'AWAITING_CONFIRMATION' && isLetThrough(row)) {
    return { prepare: life.prepare, claim, goOn: life.confirm };
  }
  throw notResumable(row);
}

function isLetThrough({ review }: OperationRow): boolean {
  return isJsonObject(review) && review['decision'] === 'ALLOW';
}

function notResumable({ id, status }: OperationRow): AppError {
  const options = { details: { operation: id, status } };
  switch (status) {
    case 'PENDING_REVIEW':
      return new AppError(
        'REVIEW_PENDING',
        `operation ${id} waits for a person to review it; ask for it now and then`,
        options,
      );
    case 'AWAITING_CONFIRMATION':
      return new AppError(
        'CONFIRMATION_REQUIRED',
        `operation ${id} waits for confirmation: repeat its call with the token`,
        options,
      );
    default:
      return new AppError('CONFLICT', `operation ${id} is ${status}: there is nothing to resume`, options);
  }
}

/** Takes an operation that has not acted on again. */
function claimOperation(row: OperationRow): Step {
  return async function claimResumed(run: Run): Promise<void> {
    const to = row.status === 'AWAITING_CONFIRMATION' ? row.status : 'QUEUED';
    await claimAs(run, row, to, 'claimResumed', (db) => takeProject(db, run));
  };
}

/** Takes an operation that may have acted, under a new fence: a server that was only slow must not write any more. */
function claimInterrupted(row: OperationRow): Step {
  return async function claimInterruptedOperation(run: Run): Promise<void> {
    await claimAs(run, row, 'APPLYING', 'claimInterrupted', async (db) => {
      await takeProject(db, run);
      await requireQuiet(db, row);
      await releaseLock(db, row.project, run.request.caller.session);
      return takeProject(db, run);
    });
  };
}

async function claimAs(
  run: Run,
  row: OperationRow,
  status: OperationRow['status'],
  step: string,
  take: (db: Db) => ReturnType<typeof takeProject>,
): Promise<void> {
  const { storage, clock } = run.engine.domain;
  const at = clock.now();
  const leaseUntil = new Date(at.getTime() + run.engine.limits.leaseMs);
  await storage.transaction(
    async (db) => {
      const project = await take(db);
      run.facts.operation = row;
      await claimResource(db, run);
      const changes = { status, fence: project.fence, leaseUntil, updatedAt: at, cancelRequestedAt: undefined };
      const target = { project: row.project, id: row.id, fence: project.fence };
      await changeOperation(db, target, [row.status], changes, { step, at });
      run.facts.project = project;
      run.facts.operation = { ...row, ...changes };
    },
    { durable: true },
  );
}

async function requireQuiet(db: Db, { id, project }: OperationRow): Promise<void> {
  if (!(await hasWork(db, project, { operation: id }))) return;
  throw new AppError('CONFLICT', `other operations run in project ${project}: resume ${id} when they are at their end`);
}
