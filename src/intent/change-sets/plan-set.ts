import { createHash } from 'node:crypto';

import { recordAudit } from '../../domain/audit/index.ts';
import { AppError, maskError } from '../../shared/errors.ts';
import { listItem } from '../../shared/problems.ts';
import type { Db } from '../../storage/database.ts';
import { type ChangeSetRow, changeChangeSet, hasWork } from '../../storage/change-sets.ts';
import { requireFence } from '../../storage/fence.ts';
import { cancelMembers, insertOperations, type NewOperation, type OperationRow } from '../../storage/operations.ts';
import { releaseLock } from '../../storage/projects.ts';
import { noteStep } from '../journal/move-operation.ts';
import { isDestructive } from '../plan/plan-action.ts';
import { problemsJson } from '../steps/judge-change.ts';
import { isSamePlan } from './agreement.ts';
import { asTried, type Change, packEnded, readChanges } from './change.ts';
import { isLetThrough } from './let-through.ts';
import { readPlan } from '../journal/stored.ts';
import type { SetEnd } from './follow-set.ts';
import {
  beginMember,
  checkMemberConfig,
  judgeMember,
  leaveSource,
  type Member,
  memberRow,
  memberRun,
  planSteps,
} from './member.ts';
import { type Fate, runInOrder } from './run-in-order.ts';
import type { SetWork } from './set-work.ts';

/** A change after planning: with plan and decision, or with the reason why it could not be planned. */
interface PlannedMember extends Member {
  readonly error: AppError | undefined;
}

/** How a change set stands after planning. */
type Verdict = 'PLANNED' | 'APPLYING' | 'PENDING_REVIEW' | 'DENIED' | 'FAILED' | 'CANCELED';

/**
 * Plans and judges every change that is not done, each after those it needs, and writes all of it down at once. Nothing is changed by
 * planning, so a server that dies meanwhile leaves nothing but a change set to plan again. A set that was approved, and
 * whose plans come to the same again, is said to be APPLYING: it needs no second approval.
 *
 * @returns where it stands then
 */
export async function planSet(work: SetWork): Promise<SetEnd> {
  const { engine, set } = work;
  const changes = changesToPlan(work);
  const planned: PlannedMember[] = [];
  const isStopped = (): boolean => engine.running.find(set.id)?.cancelRequested === true;
  const fates = await runInOrder({
    needs: planNeeds(changes),
    parallelism: engine.limits.changesAtOnce,
    isStopped,
    work: async (position) => {
      const change = changes.find((each) => each.position === position);
      if (change === undefined) return false;
      const member = await planMember(work, change);
      planned[position] = member;
      return member.error === undefined;
    },
  });
  const written = await writePlans({ ...work, changes }, planned, fates, isStopped());
  return { set: written, error: errorOf(written, planned) };
}

function errorOf(set: ChangeSetRow, planned: readonly PlannedMember[]): AppError | undefined {
  if (set.status === 'DENIED') return new AppError('POLICY_DENIED', 'the change set is denied by policy');
  return set.status === 'FAILED' ? planned.find((member) => member?.error !== undefined)?.error : undefined;
}

/** What is not done yet; what an earlier attempt left half-made is changed, not made again. */
function changesToPlan({ changes, rows, resources }: SetWork): Change[] {
  const open = changes.filter(({ position }) => rows.get(position)?.status !== 'FINISHED');
  return open.map((change) => {
    const isThere = rows.has(change.position) && resources.has(change.ask.resourceID);
    return isThere && change.ask.kind === 'CREATE' ? asTried(change, 'UPDATE') : change;
  });
}

/** A deletion waits for others only when it acts: its plan needs none of theirs. */
function planNeeds(changes: readonly Change[]): Map<number, ReadonlySet<number>> {
  const open = new Set(changes.map(({ position }) => position));
  return new Map(
    changes.map(({ ask, position, needs }) => [position, ask.kind === 'DELETE' ? new Set() : needs.intersection(open)]),
  );
}

async function planMember(work: SetWork, change: Change): Promise<PlannedMember> {
  await work.engine.beforeStep('planMember', work.set.id);
  let member: Member = { change, run: memberRun(work, change), filled: undefined };
  try {
    member = await beginMember(work, change);
    const { run } = member;
    run.facts.operation = memberRow(work, change, run);
    noteStep(run, { step: 'recordOperation' });
    await checkMemberConfig(member);
    await planSteps[change.ask.kind](run);
    await judgeMember(work, member);
    leaveSource(work, run);
    return { ...member, error: undefined };
  } catch (error) {
    const masked = maskError(error, work.set.id);
    if (masked !== error)
      work.engine.domain.log.error({ error, changeSet: work.set.id }, 'a change could not be planned');
    return { ...member, error: masked };
  }
}

async function writePlans(
  work: SetWork,
  planned: readonly PlannedMember[],
  fates: ReadonlyMap<number, Fate<number>>,
  canceled: boolean,
): Promise<ChangeSetRow> {
  const { storage, clock } = work.engine.domain;
  const at = clock.now();
  const verdict = canceled ? 'CANCELED' : verdictOf(work, planned);
  const rows = work.changes.map((change) => plannedRow(work, change, planned[change.position], { verdict, fates }));
  const changes = setChanges(work, planned, verdict, rows, at);
  await work.engine.beforeStep('writePlans', work.set.id);
  await storage.transaction(async (db) => {
    await requireFence(db, { project: work.project.id, fence: work.project.fence });
    await changeChangeSet(db, work.set, ['PLANNING'], changes);
    await cancelMembers(db, work.set.id, superseded(work), at);
    await insertOperations(db, rows);
    await recordPlanning(db, work, verdict);
    if (verdict !== 'APPLYING') await releaseWhileSetWaits(db, work);
  });
  return { ...work.set, ...changes };
}

/** Plans of an earlier time that nobody will carry out any more. */
function superseded({ rows }: SetWork): Map<string, string> {
  const waiting = [...rows.values()].filter(({ status }) => status === 'PLANNED');
  return new Map(waiting.map(({ id }) => [id, 'not begun: it was planned anew when its change set was resumed']));
}

function verdictOf(work: SetWork, planned: readonly PlannedMember[]): Verdict {
  const { changes, set } = work;
  const outcomes = changes.map(({ position }) => planned[position]?.run.facts.decision?.outcome);
  const failed = changes.some(
    ({ position }) => planned[position] === undefined || planned[position].error !== undefined,
  );
  if (failed) return 'FAILED';
  if (outcomes.includes('DENIED')) return 'DENIED';
  const same = isApproved(set) && changes.every(({ position }) => isAsApproved(work, planned[position]));
  if (outcomes.includes('REVIEW') && !(same && isLetThrough(set))) return 'PENDING_REVIEW';
  return same ? 'APPLYING' : 'PLANNED';
}

function isApproved({ approvedDigest, planDigest }: ChangeSetRow): boolean {
  return approvedDigest !== undefined && approvedDigest === planDigest;
}

function isAsApproved({ rows }: SetWork, member: PlannedMember | undefined): boolean {
  const before = member === undefined ? undefined : rows.get(member.change.position);
  const approved = readPlan(before?.plan);
  return member !== undefined && approved !== undefined && isSamePlan(member, approved, before?.planDigest);
}

interface Ending {
  readonly verdict: Verdict;
  readonly fates: ReadonlyMap<number, Fate<number>>;
}

function plannedRow(work: SetWork, change: Change, member: PlannedMember | undefined, ending: Ending): NewOperation {
  const at = work.engine.domain.clock.now();
  const run = member?.run ?? memberRun(work, change);
  const draft = run.facts.operation ?? memberRow(work, change, run);
  const { journal, changes } = run.unwritten;
  const ended = endOf(work, change, member, ending);
  const finished = ended.status === 'PLANNED' ? {} : { finishedAt: at };
  const diagnostics = problemsJson(run);
  return { row: { ...draft, ...changes, diagnostics, ...ended, ...finished, updatedAt: at }, journal };
}

function endOf(
  work: SetWork,
  { position }: Change,
  member: PlannedMember | undefined,
  { verdict, fates }: Ending,
): Pick<OperationRow, 'status' | 'failure'> & Partial<Pick<OperationRow, 'leaseUntil'>> {
  if (verdict === 'PLANNED' || verdict === 'PENDING_REVIEW') return { status: 'PLANNED', failure: undefined };
  if (verdict === 'APPLYING') return { status: 'PLANNED', failure: undefined, leaseUntil: work.set.leaseUntil };
  if (member?.error !== undefined) return { status: 'FAILED', failure: member.error.message };
  const decision = member?.run.facts.decision;
  if (decision?.outcome === 'DENIED') {
    const failure = ['a policy denied it:', ...decision.deny.map((reason) => listItem(reason))].join('\n');
    return { status: 'DENIED', failure };
  }
  const fate = fates.get(position);
  const because = fate?.kind === 'left' ? work.changes[fate.because]?.ask.resourceID : undefined;
  const failure =
    because === undefined
      ? 'not begun: its change set came to an end before anything was changed'
      : `not planned: ${JSON.stringify(because)}, which it needs, could not be planned`;
  return { status: 'CANCELED', failure };
}

function setChanges(
  work: SetWork,
  planned: readonly PlannedMember[],
  verdict: Verdict,
  rows: readonly NewOperation[],
  at: Date,
): Partial<ChangeSetRow> {
  const isEnd = verdict === 'DENIED' || verdict === 'FAILED' || verdict === 'CANCELED';
  return {
    status: verdict,
    // What goes on is what was approved, and is known by that.
    planDigest: verdict === 'APPLYING' ? work.set.planDigest : setDigest(rows),
    destructive: planned.some(({ run }) => isDestructive(run.facts.change?.planned.action ?? 'no-op')),
    failure: isEnd ? failureOf(work, planned, verdict) : undefined,
    leaseUntil: verdict === 'APPLYING' ? work.set.leaseUntil : undefined,
    updatedAt: at,
    finishedAt: isEnd ? at : undefined,
    ...(verdict === 'DENIED' || verdict === 'CANCELED' ? { request: packEnded(readChanges(work.set)) } : {}),
  };
}

/** Stands for all plans together. */
function setDigest(rows: readonly NewOperation[]): string {
  const parts = rows.map(({ row }) => [row.changePosition, row.resourceId, row.kind, row.planDigest]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

const MAX_LISTED = 50;

function failureOf({ changes, rows }: SetWork, planned: readonly PlannedMember[], verdict: Verdict): string {
  if (verdict === 'CANCELED') return 'called off before anything was changed';
  const lines = changes.flatMap(({ position, ask }) => {
    const member = planned[position];
    const name = JSON.stringify(ask.resourceID);
    if (member?.error !== undefined) return [listItem(`${name}: ${member.error.message}`)];
    const decision = member?.run.facts.decision;
    return decision?.outcome === 'DENIED' ? decision.deny.map((reason) => listItem(`${name}: ${reason}`)) : [];
  });
  const nothing = rows.size === 0 ? 'nothing' : 'nothing more';
  const lead =
    verdict === 'DENIED'
      ? `the change set is denied by policy; ${nothing} was changed:`
      : `the change set could not be planned; ${nothing} was changed:`;
  const more = lines.length > MAX_LISTED ? [`- and ${lines.length - MAX_LISTED} more`] : [];
  return [lead, ...lines.slice(0, MAX_LISTED), ...more].join('\n');
}

function recordPlanning(db: Db, { engine, request, set, changes }: SetWork, verdict: Verdict): Promise<void> {
  return recordAudit(db, engine.domain, request, {
    action: 'intent-change-set.plan',
    affected: { type: 'INTENT_CHANGE_SET', id: set.id },
    related: { type: 'INTENT_PROJECT', id: set.project },
    data: { changes: changes.length, outcome: verdict.toLowerCase() },
  });
}

/** Nobody needs the project while a change set waits to be applied. */
export async function releaseWhileSetWaits(db: Db, { set, request }: Pick<SetWork, 'set' | 'request'>): Promise<void> {
  if (await hasWork(db, set.project, { changeSet: set.id })) return;
  await releaseLock(db, set.project, request.caller.session);
}
