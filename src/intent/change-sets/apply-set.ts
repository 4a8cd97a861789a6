import { recordAudit } from '../../domain/audit/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { DependencyRow } from '../../storage/dependencies.ts';
import { changeChangeSet, type ChangeSetRow } from '../../storage/change-sets.ts';
import { requireFence } from '../../storage/fence.ts';
import { cancelMembers, type OperationRow } from '../../storage/operations.ts';
import { noteStep } from '../journal/move-operation.ts';
import { packRequest } from '../journal/shown-request.ts';
import { readPlan, readRequest } from '../journal/stored.ts';
import { fact, type Run, type Step } from '../run.ts';
import { takeSteps } from '../run-steps.ts';
import { adoptObject, applyChange } from '../steps/apply-change.ts';
import { recordOutcome } from '../steps/record-outcome.ts';
import { formatPath, listItem } from '../../shared/problems.ts';
import { deny } from '../steps/judge-change.ts';
import { isLetThrough } from './let-through.ts';
import { isSamePlan, planChanged } from './agreement.ts';
import { asTried, type Change, changeKinds, packEnded } from './change.ts';
import type { SetEnd } from './follow-set.ts';
import {
  beginMember,
  checkMemberConfig,
  judgeMember,
  leaveSource,
  memberRun,
  type Member,
  planSteps,
} from './member.ts';
import { type Fate, runInOrder } from './run-in-order.ts';
import { createSlots, inSlot, type Slots } from './slots.ts';
import type { SetWork } from './set-work.ts';

/** A set being applied. */
interface Applying {
  readonly work: SetWork;
  /** Where each change stopped. */
  readonly runs: Map<number, Run>;
  /** How many may act at once. */
  readonly slots: Slots;
}

// While some act, the next ones are planned again and the last ones are written down.
const READY_AHEAD = 3;

/**
 * Carries the approved plans out, each change after those it needs, several at once. What needs a failed one is not
 * begun; the rest goes on.
 */
export async function applySet(work: SetWork): Promise<SetEnd> {
  const { engine, set, changes } = work;
  const applying: Applying = { work, runs: new Map(), slots: createSlots(engine.limits.changesAtOnce) };
  const isStopped = (): boolean => engine.running.find(set.id)?.cancelRequested === true;
  const fates = await runInOrder({
    needs: new Map(changes.map(({ position, needs }) => [position, needs])),
    parallelism: engine.limits.changesAtOnce * READY_AHEAD,
    isStopped,
    work: async (position) => {
      const change = changes[position];
      return change !== undefined && applyMember(applying, change);
    },
  });
  return finishSet(applying, fates);
}

/** @returns whether it is done */
async function applyMember(applying: Applying, change: Change): Promise<boolean> {
  const { work, runs } = applying;
  const row = work.rows.get(change.position);
  if (row?.status === 'FINISHED') return true;
  const kind = changeKinds.find((each) => each === row?.kind);
  if (row === undefined || kind === undefined) return false;
  const { run, steps } = await lifeOf(applying, asTried(change, kind), row);
  runs.set(change.position, run);
  work.atWork.add(row.id);
  await takeMemberSteps(run, steps).finally(() => work.atWork.delete(row.id));
  const isDone = fact(run, 'operation').status === 'FINISHED';
  if (isDone && change.ask.kind !== 'DELETE') leaveSource(work, run);
  return isDone;
}

interface MemberLife {
  readonly run: Run;
  readonly steps: readonly Step[];
}

/** What is approved is planned again when everything it needs is there, must come to the same, and is judged again. */
async function lifeOf({ work, slots }: Applying, change: Change, row: OperationRow): Promise<MemberLife> {
  const operation = { ...row, review: work.set.review };
  const begun = await begin(work, change);
  if (begun instanceof Error) {
    const run = memberRun(work, change);
    run.facts.operation = operation;
    return { run, steps: [() => Promise.reject(begun)] };
  }
  const { run } = begun;
  run.facts.operation = operation;
  run.facts.edges = edgesOf(work, change);
  run.facts.letGo = letGoBy(work, change);
  const act = change.ask.kind === 'IMPORT' ? adoptObject : inSlot(slots, work.atWork, applyChange);
  return { run, steps: [planAgain(work, begun), judgeAgain(work, begun), act, recordOutcome] };
}

async function begin(work: SetWork, change: Change): Promise<Member | Error> {
  try {
    return await beginMember(work, change);
  } catch (error) {
    return error instanceof Error ? error : new Error('a change could not be begun');
  }
}

function planAgain(work: SetWork, member: Member): Step {
  return async function planAgainInSet(run: Run): Promise<void> {
    const { resourceID } = run.ask;
    const { plan, planDigest } = fact(run, 'operation');
    const approved = readPlan(plan);
    const request = withoutReferences(run);
    noteStep(run, { step: 'planAgain', changes: { fence: work.project.fence, request } });
    // The provider was asked about a whole configuration when it was planned, and only the same plan is carried out.
    await checkMemberConfig(member, approved?.isWhole === true ? 'form' : 'all');
    await planSteps[member.change.ask.kind](run);
    if (approved === undefined || !isSamePlan(member, approved, planDigest)) throw planChanged(resourceID);
  };
}

/** From here on the operation stands by itself: whoever resumes it or goes back to it needs no other resource. */
function withoutReferences({ ask, facts }: Run): Uint8Array {
  const { config, importID, importIdentity } = ask;
  const { providerAlias } = readRequest(facts.operation?.request);
  return packRequest({ config, importID, importIdentity, providerAlias }, facts.loaded?.schema.block);
}

/** What the policies say now counts: their answer may depend on what was not known before. */
function judgeAgain(work: SetWork, member: Member): Step {
  return async function judgeAgainInSet(run: Run): Promise<void> {
    await judgeMember(work, member);
    const decision = fact(run, 'decision');
    if (decision.outcome === 'DENIED') return deny(run, decision);
    if (decision.outcome === 'REVIEW' && !isLetThrough(work.set)) {
      throw new AppError(
        'REVIEW_PENDING',
        'the policies leave it to a person by now: resume the change set to have it reviewed',
      );
    }
  };
}

/** While it is at work it can be called off like any operation, and its lease is renewed. */
export async function takeMemberSteps(run: Run, steps: readonly Step[]): Promise<void> {
  const { running } = run.engine;
  const { id, project, changeSet } = fact(run, 'operation');
  const { promise: done, resolve } = Promise.withResolvers<void>();
  running.add({ id, project, fence: fact(run, 'project').fence, done, cancelRequested: false, changeSet });
  try {
    await takeSteps(run, steps);
  } finally {
    running.remove(id);
    resolve();
  }
}

/** What an update needs no more, because the set deletes it. */
export function letGoBy({ changes, neighbors }: SetWork, { ask }: Change): string[] {
  if (ask.kind !== 'UPDATE') return [];
  const needed = neighbors.up.get(ask.resourceID);
  return changes.flatMap((other) =>
    other.ask.kind === 'DELETE' && needed?.has(other.ask.resourceID) === true ? [other.ask.resourceID] : [],
  );
}

/** References are dependencies: what a resource refers to cannot be deleted before it. */
export function edgesOf({ project, engine }: SetWork, { ask, templates, references }: Change): DependencyRow[] {
  const createdAt = engine.domain.clock.now();
  const byTarget = Map.groupBy(references.values(), ({ resourceID }) => resourceID);
  return [...byTarget].map(([toResource, some]) => ({
    project: project.id,
    fromResource: ask.resourceID,
    toResource,
    type: 'IMPLICIT',
    explanation: undefined,
    fieldMappings: some.flatMap(({ expression, steps }) =>
      templates
        .filter(({ parts }) => parts.some((part) => 'expression' in part && part.expression === expression))
        .map(({ path }) => ({ sourceField: formatPath(steps), targetField: formatPath(path), description: null })),
    ),
    createdAt,
  }));
}

/** Writes down how it went, and ends what was not begun, each with the reason. */
async function finishSet(applying: Applying, fates: ReadonlyMap<number, Fate<number>>): Promise<SetEnd> {
  const { work } = applying;
  const { storage, clock } = work.engine.domain;
  const at = clock.now();
  const left = notBegun(applying, fates);
  const changes = endOf(applying, fates, at);
  await work.engine.beforeStep('finishSet', work.set.id);
  await storage.transaction(
    async (db) => {
      await requireFence(db, { project: work.project.id, fence: work.project.fence });
      await cancelMembers(db, work.set.id, left, at);
      await changeChangeSet(db, work.set, ['APPLYING', 'INTERRUPTED'], changes);
      await recordAudit(db, work.engine.domain, work.request, {
        action: 'intent-change-set.end',
        affected: { type: 'INTENT_CHANGE_SET', id: work.set.id },
        related: { type: 'INTENT_PROJECT', id: work.set.project },
        data: { outcome: (changes.status ?? '').toLowerCase(), notBegun: left.size },
      });
    },
    { durable: true },
  );
  const error = [...applying.runs.values()].find((run) => errorOf(run) !== undefined);
  const isBad = changes.status === 'FAILED' || changes.status === 'INTERRUPTED';
  return { set: { ...work.set, ...changes }, error: isBad && error !== undefined ? errorOf(error) : undefined };
}

function errorOf({ error, facts }: Run): AppError | undefined {
  if (facts.decision?.outcome === 'DENIED') return new AppError('POLICY_DENIED', 'a change is denied by policy');
  return error instanceof AppError ? error : undefined;
}

function notBegun({ work, runs }: Applying, fates: ReadonlyMap<number, Fate<number>>): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { position } of work.changes) {
    const row = work.rows.get(position);
    const fate = fates.get(position);
    if (row === undefined || row.status === 'FINISHED' || runs.has(position)) continue;
    const because = fate?.kind === 'left' ? work.changes[fate.because]?.ask.resourceID : undefined;
    const failed = fate?.kind === 'left' ? work.rows.get(fate.because)?.id : undefined;
    reasons.set(
      row.id,
      because === undefined
        ? 'not begun: the change set was called off'
        : `not begun: ${JSON.stringify(because)}, which it needs, failed in operation ${failed ?? ''}`,
    );
  }
  return reasons;
}

function endOf(applying: Applying, fates: ReadonlyMap<number, Fate<number>>, at: Date): Partial<ChangeSetRow> {
  const { work, runs } = applying;
  const done = [...fates.values()].filter(({ kind }) => kind === 'done').length;
  const statuses = [...runs.values()].map((run) => fact(run, 'operation').status);
  const isStopped = work.engine.running.find(work.set.id)?.cancelRequested === true;
  const status =
    done === work.changes.length
      ? 'FINISHED'
      : statuses.includes('INTERRUPTED')
        ? 'INTERRUPTED'
        : isStopped
          ? 'CANCELED'
          : 'FAILED';
  const failure = status === 'FINISHED' ? undefined : failureOf(applying, { done, isStopped });
  const isEnd = status !== 'INTERRUPTED';
  const kept = status === 'FINISHED' || status === 'CANCELED' ? { request: packEnded(work.changes) } : {};
  return { status, failure, leaseUntil: undefined, updatedAt: at, ...(isEnd ? { finishedAt: at } : {}), ...kept };
}

const MAX_LISTED = 50;

function failureOf({ work, runs }: Applying, { done, isStopped }: { done: number; isStopped: boolean }): string {
  const lines = [...runs.values()].flatMap((run) => {
    const { status, id, failure } = fact(run, 'operation');
    return status === 'FINISHED'
      ? []
      : [listItem(`${JSON.stringify(run.ask.resourceID)} (operation ${id}): ${failure ?? status}`)];
  });
  const began = runs.size;
  const lead = isStopped ? 'called off' : 'not all changes went well';
  const counts = `${done} of ${work.changes.length} are done, ${work.changes.length - Math.max(began, done)} were not begun`;
  const more = lines.length > MAX_LISTED ? [`- and ${lines.length - MAX_LISTED} more`] : [];
  return [`${lead}: ${counts}`, ...lines.slice(0, MAX_LISTED), ...more].join('\n');
}
