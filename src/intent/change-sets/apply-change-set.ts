import { createHash } from 'node:crypto';

import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { holdLock } from '../../domain/projects/index.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { changeChangeSet, type ChangeSetRow, findChangeSet } from '../../storage/change-sets.ts';
import type { Db } from '../../storage/database.ts';
import { findNeedingAny } from '../../storage/dependencies.ts';
import { findMembers, findWork, leaseMembers } from '../../storage/operations.ts';
import { findProject, type ProjectRow } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { newConfirmationToken } from '../journal/confirmation-token.ts';
import { timeFor } from '../operations/start-operation.ts';
import { inTurn } from '../steps/hold-lock.ts';
import { underWay } from '../steps/record-operation.ts';
import { applySet } from './apply-set.ts';
import { type Change, readChanges } from './change.ts';
import { requireEnabled } from './create-change-set.ts';
import { followSet, type SetEnd } from './follow-set.ts';
import { isLetThroughByPerson } from './let-through.ts';
import { requireActions } from './require-actions.ts';
import { openSet } from './set-work.ts';
import { summariseDestruction } from './summarise-destruction.ts';

export interface ApplyChangeSetInput {
  readonly intentProject: string;
  readonly id: string;
  readonly confirmation?: string | null | undefined;
  readonly wait?: number | null | undefined;
  readonly lockWait?: number | null | undefined;
}

/** A change set, with what the one caller that must confirm it is asked. */
export interface AnsweredSet {
  readonly set: ChangeSetRow;
  readonly asked: { readonly token: string; readonly summary: string } | undefined;
}

/**
 * Has the providers act as it was planned. Where something is destroyed the first call answers with a token, bound to
 * the caller's session and to all plans together, and changes nothing; the second one brings it back.
 */
export async function applyChangeSet(
  engine: Engine,
  request: Request,
  input: ApplyChangeSetInput,
): Promise<AnsweredSet> {
  const time = timeFor(input);
  const { set, project } = await requireSet(engine, input.intentProject, input.id);
  const changes = readChanges(set);
  requireEnabled(project);
  requireActions(request.caller, project, changes);
  requireApplicable(set);
  requireLetThrough(set, project);
  if (needsToken(set, project) && (input.confirmation ?? '') === '') return askToConfirm(engine, request, set);
  const claim = { engine, request, set, changes, token: input.confirmation ?? undefined };
  const wanted = { project: project.id, waitMs: time.lockWaitMs };
  const claimed = await inTurn(engine, request, wanted, () => claimSet(claim));
  const work = async (): Promise<SetEnd> => applySet(await openSet({ engine, request, changes, ...claimed }));
  return { set: await followSet({ engine, ...claimed }, work, time.leftMs()), asked: undefined };
}

/** @throws NO_SUCH */
export async function requireSet(
  engine: Engine,
  project: string,
  id: string,
): Promise<{ set: ChangeSetRow; project: ProjectRow }> {
  const found = await engine.domain.storage.read(async (db) => ({
    set: await findChangeSet(db, project, id),
    project: await findProject(db, project),
  }));
  if (found.set === undefined || found.project === undefined) throw noSuch('change set', id);
  return { set: found.set, project: found.project };
}

function requireApplicable({ id, status }: ChangeSetRow): void {
  if (status === 'PLANNED') return;
  const options = { details: { changeSet: id, status } };
  if (status === 'PENDING_REVIEW') {
    const message = `change set ${id} waits for a person to review it; ask for it now and then`;
    throw new AppError('REVIEW_PENDING', message, options);
  }
  const advice =
    status === 'INTERRUPTED' || status === 'FAILED'
      ? 'resume it'
      : status === 'PLANNING' || status === 'APPLYING'
        ? 'ask for it again in a moment'
        : 'it is at its end';
  throw new AppError('CONFLICT', `change set ${id} is ${status} and cannot be applied: ${advice}`, options);
}

/** Where the project wants a person for what destroys, a token is not enough. */
function requireLetThrough(set: ChangeSetRow, project: ProjectRow): void {
  if (!set.destructive || project.confirmation === 'TOKEN' || isLetThroughByPerson(set)) return;
  const message = `change set ${set.id} destroys something: a signed-in person must let it through by intentChangeSetReview`;
  throw new AppError('CONFIRMATION_REQUIRED', message, { details: { changeSet: set.id } });
}

function needsToken({ destructive }: ChangeSetRow, project: ProjectRow): boolean {
  return destructive && project.confirmation === 'TOKEN';
}

/** The token belongs to this session and to these plans. */
function tokenHash(token: string, request: Request, { id, planDigest }: ChangeSetRow): string {
  const parts = JSON.stringify([token, request.caller.session, id, planDigest]);
  return createHash('sha256').update(parts).digest('hex');
}

async function askToConfirm(engine: Engine, request: Request, set: ChangeSetRow): Promise<AnsweredSet> {
  const { clock, storage } = engine.domain;
  const { token } = newConfirmationToken();
  const at = clock.now();
  const confirmationUntil = new Date(at.getTime() + engine.limits.confirmationMs);
  const changes = { confirmationHash: tokenHash(token, request, set), confirmationUntil, updatedAt: at };
  const members = await storage.transaction(async (db) => {
    await changeChangeSet(db, set, ['PLANNED'], changes);
    await recordAudit(db, engine.domain, request, {
      action: 'intent-change-set.ask',
      affected: { type: 'INTENT_CHANGE_SET', id: set.id },
      related: { type: 'INTENT_PROJECT', id: set.project },
      data: { digest: set.planDigest ?? null },
    });
    return findMembers(db, set.id);
  });
  return { set: { ...set, ...changes }, asked: { token, summary: summariseDestruction(members) } };
}

interface Claim {
  readonly engine: Engine;
  readonly request: Request;
  readonly set: ChangeSetRow;
  readonly changes: readonly Change[];
  readonly token: string | undefined;
}

/** Takes the project and the change set, and sees that nothing else is under way on what it changes. */
async function claimSet(claim: Claim): Promise<{ set: ChangeSetRow; project: ProjectRow }> {
  const { engine, request, set, changes } = claim;
  const { domain, limits } = engine;
  const at = domain.clock.now();
  const leaseUntil = new Date(at.getTime() + limits.leaseMs);
  return domain.storage.transaction(
    async (db) => {
      const project = await holdLock(db, domain, request.caller, set.project);
      const fresh = (await findChangeSet(db, set.project, set.id)) ?? set;
      if (fresh.planDigest !== set.planDigest) throw movedOn(set);
      if (needsToken(fresh, project) || claim.token !== undefined) requireToken(claim, fresh, at);
      await requireNoneUnderWay(db, set, changes);
      await requireNoneNeeded(db, set, changes);
      const { fence } = project;
      const taken = {
        status: 'APPLYING' as const,
        confirmationHash: undefined,
        confirmationUntil: undefined,
        cancelRequestedAt: undefined,
      };
      const row = { ...taken, approvedDigest: set.planDigest, fence, leaseUntil, failure: undefined, updatedAt: at };
      await changeChangeSet(db, set, ['PLANNED'], row);
      await leaseMembers(db, set.id, leaseUntil);
      await recordAudit(db, domain, request, {
        action: 'intent-change-set.apply',
        affected: { type: 'INTENT_CHANGE_SET', id: set.id },
        related: { type: 'INTENT_PROJECT', id: set.project },
        data: { digest: set.planDigest ?? null, changes: changes.length },
      });
      return { set: { ...fresh, ...row }, project };
    },
    { durable: true },
  );
}

function movedOn({ id }: ChangeSetRow): AppError {
  return new AppError('CONFLICT', `change set ${id} has moved on meanwhile; read it again`, {
    details: { changeSet: id },
  });
}

function requireToken({ request, token = '' }: Claim, set: ChangeSetRow, now: Date): void {
  if (!set.destructive) throw badInput('confirmation', 'nothing is destroyed by this change set; leave it out');
  const fits = set.confirmationHash !== undefined && set.confirmationHash === tokenHash(token, request, set);
  if (fits && (set.confirmationUntil ?? now) > now) return;
  // One answer for a wrong, used, foreign or run-out token: a guesser learns nothing.
  throw new AppError(
    'CONFIRMATION_REQUIRED',
    'confirmation: this token does not confirm this change set: it is used up, run out, or of another one or session; ' +
      'call again without it to get a new one',
    { details: { field: 'confirmation' } },
  );
}

/** Sees that no other operation is at work on, or in doubt about, what the set changes. */
export async function requireNoneUnderWay(db: Db, set: ChangeSetRow, changes: readonly Change[]): Promise<void> {
  const resources = changes.map(({ ask }) => ask.resourceID);
  const wanted = { project: set.project, resources, except: { changeSet: set.id } };
  const busy = await findWork(db, wanted, ['INTERRUPTED']);
  if (busy !== undefined) throw underWay(busy);
}

/** Sees that nothing has come to depend on what goes. */
async function requireNoneNeeded(db: Db, set: ChangeSetRow, changes: readonly Change[]): Promise<void> {
  const leaving = changes.filter(({ ask }) => ask.kind === 'DELETE').map(({ ask }) => ask.resourceID);
  if (leaving.length === 0) return;
  const edges = await findNeedingAny(db, set.project, leaving);
  const updated = new Set(changes.filter(({ ask }) => ask.kind === 'UPDATE').map(({ ask }) => ask.resourceID));
  const stays = edges.find(
    ({ fromResource, type }) => !leaving.includes(fromResource) && !(type === 'IMPLICIT' && updated.has(fromResource)),
  );
  if (stays === undefined) return;
  const message = `resource ${JSON.stringify(stays.toResource)} is needed by ${stays.fromResource} by now: make a new change set`;
  throw new AppError('CONFLICT', message, { details: { dependents: [stays.fromResource] } });
}
