import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { holdLock } from '../../domain/projects/index.ts';
import { AppError } from '../../shared/errors.ts';
import { changeChangeSet, type ChangeSetRow, hasWork } from '../../storage/change-sets.ts';
import type { Db } from '../../storage/database.ts';
import { changeOperation, findMembers, leaseMembers, type OperationRow } from '../../storage/operations.ts';
import { type ProjectRow, releaseLock } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { hasActed } from '../journal/sweep.ts';
import { askOf } from '../operations/operation-request.ts';
import { timeFor } from '../operations/start-operation.ts';
import { inTurn } from '../steps/hold-lock.ts';
import { fact, newRun } from '../run.ts';
import { recordOutcome } from '../steps/record-outcome.ts';
import { settleByReading } from '../steps/settle-by-reading.ts';
import { requireNoneUnderWay, requireSet } from './apply-change-set.ts';
import { applySet, edgesOf, letGoBy, takeMemberSteps } from './apply-set.ts';
import { type Change, readChanges } from './change.ts';
import { requireEnabled } from './create-change-set.ts';
import { followSet, type SetEnd } from './follow-set.ts';
import { planSet } from './plan-set.ts';
import { requireActions } from './require-actions.ts';
import { openSet, type SetWork } from './set-work.ts';

export interface ResumeChangeSetInput {
  readonly intentProject: string;
  readonly id: string;
  readonly wait?: number | null | undefined;
  readonly lockWait?: number | null | undefined;
}

interface Resuming {
  readonly engine: Engine;
  readonly request: Request;
  readonly set: ChangeSetRow;
  readonly project: ProjectRow;
  readonly changes: readonly Change[];
}

/**
 * Goes on with a change set that was interrupted or failed in part. What a provider may have done is found out and not
 * done again. What is not done yet goes on if its plans come to what was approved; otherwise the set waits to be applied
 * again, with the new plans.
 */
export async function resumeChangeSet(
  engine: Engine,
  request: Request,
  input: ResumeChangeSetInput,
): Promise<ChangeSetRow> {
  const time = timeFor(input);
  const found = await requireSet(engine, input.intentProject, input.id);
  const changes = readChanges(found.set);
  requireEnabled(found.project);
  requireActions(request.caller, found.project, changes);
  requireResumable(found.set);
  const wanted = { project: found.project.id, waitMs: time.lockWaitMs };
  const claimed = await inTurn(engine, request, wanted, () => claimSet(engine, request, found.set, changes));
  const resuming = { engine, request, changes, ...claimed };
  return followSet({ engine, ...claimed }, () => goOn(resuming), time.leftMs());
}

function requireResumable({ id, status }: ChangeSetRow): void {
  if (status === 'INTERRUPTED' || status === 'FAILED') return;
  const advice =
    status === 'PLANNED'
      ? 'apply it'
      : status === 'PENDING_REVIEW'
        ? 'a person must review it'
        : 'there is nothing to resume';
  throw new AppError('CONFLICT', `change set ${id} is ${status}: ${advice}`, { details: { changeSet: id, status } });
}

/** Takes the set under a new fence: a server that was only slow must not write any more. */
async function claimSet(engine: Engine, request: Request, set: ChangeSetRow, changes: readonly Change[]) {
  const { domain, limits } = engine;
  const at = domain.clock.now();
  const leaseUntil = new Date(at.getTime() + limits.leaseMs);
  return domain.storage.transaction(
    async (db) => {
      await holdLock(db, domain, request.caller, set.project);
      await requireQuiet(db, set);
      await requireNoneUnderWay(db, set, changes);
      await releaseLock(db, set.project, request.caller.session);
      const project = await holdLock(db, domain, request.caller, set.project);
      const row = {
        status: 'PLANNING' as const,
        fence: project.fence,
        leaseUntil,
        finishedAt: undefined,
        cancelRequestedAt: undefined,
        updatedAt: at,
      };
      await changeChangeSet(db, set, [set.status], row);
      await leaseMembers(db, set.id, leaseUntil);
      await recordAudit(db, domain, request, {
        action: 'intent-change-set.resume',
        affected: { type: 'INTENT_CHANGE_SET', id: set.id },
        related: { type: 'INTENT_PROJECT', id: set.project },
      });
      return { set: { ...set, ...row }, project };
    },
    { durable: true },
  );
}

/** Within this transaction nobody may be at work in the project, on an operation of the set either. */
async function requireQuiet(db: Db, { id, project }: ChangeSetRow): Promise<void> {
  const atWork = (await findMembers(db, id)).some(({ status }) => status === 'APPLYING');
  if (!atWork && !(await hasWork(db, project, { changeSet: id }))) return;
  throw new AppError(
    'CONFLICT',
    `operations run in project ${project}: resume change set ${id} when they are at their end`,
  );
}

async function goOn(resuming: Resuming): Promise<SetEnd> {
  const unsettled = await settleMembers(await openSet(resuming));
  if (unsettled !== undefined) return leaveInterrupted(resuming, unsettled);
  // What was settled has changed what is there.
  const work = await openSet(resuming);
  if (isPlanned(work)) return applySet(await startApplying(work));
  const planned = await planSet(work);
  if (planned.set.status !== 'APPLYING') return planned;
  return applySet(await openSet({ ...resuming, set: planned.set }));
}

/** Approved plans of which nothing was begun are carried out as they are. */
function isPlanned({ set, changes, rows }: SetWork): boolean {
  if (set.approvedDigest === undefined || set.approvedDigest !== set.planDigest) return false;
  return changes.every(({ position }) => {
    const status = rows.get(position)?.status;
    return status === 'FINISHED' || status === 'PLANNED';
  });
}

async function startApplying(work: SetWork): Promise<SetWork> {
  const changes = { status: 'APPLYING' as const, updatedAt: work.engine.domain.clock.now() };
  await work.engine.domain.storage.transaction((db) => changeChangeSet(db, work.set, ['PLANNING'], changes));
  return { ...work, set: { ...work.set, ...changes } };
}

/** Finds out what became of the operations that were interrupted. @returns one that nobody can tell */
async function settleMembers(work: SetWork): Promise<OperationRow | undefined> {
  for (const change of work.changes) {
    const row = work.rows.get(change.position);
    if (row?.status !== 'INTERRUPTED') continue;
    const settled = await settleMember(work, change, row);
    if (settled.status === 'INTERRUPTED') return settled;
  }
  return undefined;
}

async function settleMember(work: SetWork, change: Change, row: OperationRow): Promise<OperationRow> {
  const { domain, limits } = work.engine;
  const acted = await domain.storage.read((db) => hasActed(db, row.id));
  const at = domain.clock.now();
  const target = { project: row.project, id: row.id, fence: work.project.fence };
  const leaseUntil = new Date(at.getTime() + limits.leaseMs);
  const changes: Partial<OperationRow> = acted
    ? { status: 'APPLYING', fence: work.project.fence, leaseUntil, updatedAt: at, cancelRequestedAt: undefined }
    : { status: 'FAILED', updatedAt: at, finishedAt: at };
  const step = { step: acted ? 'claimInterrupted' : 'settleUntouched', at };
  await domain.storage.transaction((db) => changeOperation(db, target, ['INTERRUPTED'], changes, step), {
    durable: true,
  });
  if (!acted) return { ...row, ...changes };
  const run = newRun(work.engine, work.request, askOf(row));
  const resource = work.resources.get(row.resourceId);
  Object.assign(run.facts, { project: work.project, operation: { ...row, ...changes } });
  if (resource !== undefined) run.facts.resource = resource;
  run.facts.loaded = await work.load(change);
  run.facts.edges = edgesOf(work, change);
  run.facts.letGo = letGoBy(work, change);
  await takeMemberSteps(run, [settleByReading, recordOutcome]);
  return fact(run, 'operation');
}

async function leaveInterrupted({ engine, set, project }: Resuming, row: OperationRow): Promise<SetEnd> {
  const failure = `operation ${row.id} on ${JSON.stringify(row.resourceId)} is in doubt: ${row.failure ?? ''}`;
  const at = engine.domain.clock.now();
  const changes = { status: 'INTERRUPTED' as const, failure, leaseUntil: undefined, updatedAt: at };
  await engine.domain.storage.transaction(async (db) => {
    await changeChangeSet(db, set, ['PLANNING'], changes);
    await leaseMembers(db, set.id, undefined);
  });
  const error = new AppError('PROVIDER_FAILED', failure, { details: { project: project.id, operation: row.id } });
  return { set: { ...set, ...changes }, error };
}
