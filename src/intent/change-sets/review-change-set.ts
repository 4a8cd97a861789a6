import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import { changeChangeSet, type ChangeSetRow } from '../../storage/change-sets.ts';
import { cancelMembers, findMembers } from '../../storage/operations.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { requireReviewer } from '../operations/require-reviewer.ts';
import { requireSet } from './apply-change-set.ts';
import { packEnded, readChanges } from './change.ts';

export interface ReviewChangeSetInput {
  readonly intentProject: string;
  readonly id: string;
  readonly decision: 'ALLOW' | 'DENY';
  readonly note?: string | null | undefined;
}

const MAX_NOTE_LENGTH = 1_000;

/**
 * Keeps a person's word on a change set as a whole: where policies left part of it open, or where the project wants a
 * person for what destroys. What is let through are these plans and no others; it is applied by whoever made it.
 */
export async function reviewChangeSet(
  engine: Engine,
  request: Request,
  input: ReviewChangeSetInput,
): Promise<ChangeSetRow> {
  const { note } = input;
  if ((note ?? '').length > MAX_NOTE_LENGTH) throw badInput('note', `must have at most ${MAX_NOTE_LENGTH} characters`);
  const { set, project } = await requireSet(engine, input.intentProject, input.id);
  requireReviewable(set, project);
  await requireReviewer(engine, request, {
    project,
    destructive: set.destructive,
    askedBy: set.principalId,
    decision: input.decision,
  });
  const changes = reviewed(engine, request, set, input);
  await engine.domain.storage.transaction(async (db) => {
    await changeChangeSet(db, set, [set.status], changes);
    if (input.decision === 'DENY') {
      const waiting = (await findMembers(db, set.id)).filter(({ status }) => status === 'PLANNED');
      const reasons = new Map(waiting.map(({ id }) => [id, `not begun: ${changes.failure ?? ''}`]));
      await cancelMembers(db, set.id, reasons, changes.updatedAt);
    }
    await recordAudit(db, engine.domain, request, {
      action: 'intent-change-set.review',
      affected: { type: 'INTENT_CHANGE_SET', id: set.id },
      related: { type: 'INTENT_PROJECT', id: set.project },
      data: { decision: input.decision, plan: set.planDigest ?? null },
    });
  });
  return { ...set, ...changes };
}

function requireReviewable(set: ChangeSetRow, project: ProjectRow): void {
  const wantsPerson = set.status === 'PLANNED' && set.destructive && project.confirmation !== 'TOKEN';
  if (set.status !== 'PENDING_REVIEW' && !wantsPerson) {
    throw new AppError('CONFLICT', `change set ${set.id} is ${set.status} and waits for no review`, {
      details: { changeSet: set.id, status: set.status },
    });
  }
}

function reviewed(engine: Engine, { caller }: Request, set: ChangeSetRow, { decision, note }: ReviewChangeSetInput) {
  const updatedAt = engine.domain.clock.now();
  const author = caller.principal.name;
  const timestamp = unixSeconds(updatedAt);
  const { kind } = caller.principal;
  const review = { author, kind, decision, note: note ?? null, timestamp, digest: set.planDigest ?? '' };
  if (decision === 'ALLOW') return { review, updatedAt, status: 'PLANNED' as const, failure: undefined };
  const failure = `${author} rejected it${(note ?? '') === '' ? '' : `: ${note}`}`;
  const request = packEnded(readChanges(set));
  return { review, updatedAt, status: 'DENIED' as const, failure, finishedAt: updatedAt, request };
}
