import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { changeOperation, type OperationRow } from '../../storage/operations.ts';
import { findProject, type ProjectRow } from '../../storage/projects.ts';
import type { Engine } from '../engine.ts';
import { requireOperation } from './operation-request.ts';
import { requireReviewer } from './require-reviewer.ts';

export interface ReviewInput {
  readonly intentProject: string;
  readonly operationID: string;
  readonly decision: 'ALLOW' | 'DENY';
  readonly note?: string | null | undefined;
}

const MAX_NOTE_LENGTH = 1_000;

/**
 * Keeps a person's word on an operation that waits for it. What is let through is that plan and no other: it goes on when
 * its client resumes it, and is planned and judged again then.
 */
export async function reviewOperation(engine: Engine, request: Request, input: ReviewInput): Promise<OperationRow> {
  if ((input.note ?? '').length > MAX_NOTE_LENGTH)
    throw badInput('note', `must have at most ${MAX_NOTE_LENGTH} characters`);
  const { storage } = engine.domain;
  const row = await requireOperation(engine, input.intentProject, input.operationID);
  const project = await storage.read((db) => findProject(db, row.project));
  if (project === undefined) throw noSuch('Intent project', row.project);
  const destructive = row.status === 'AWAITING_CONFIRMATION';
  await requireReviewer(engine, request, { project, destructive, askedBy: row.principalId, decision: input.decision });
  requireReviewable(engine, row, project);
  const changes = reviewChanges(engine, request, row, input);
  await storage.transaction(async (db) => {
    const step = { step: 'review', at: changes.updatedAt, detail: { decision: input.decision } };
    await changeOperation(db, { project: row.project, id: row.id, fence: undefined }, [row.status], changes, step);
    await recordAudit(db, engine.domain, request, {
      action: 'intent-resource-operation.review',
      affected: { type: 'INTENT_OPERATION', id: row.id },
      related: { type: 'INTENT_PROJECT', id: row.project },
      data: { decision: input.decision, plan: row.planDigest ?? null },
    });
  });
  return { ...row, ...changes };
}

function requireReviewable(engine: Engine, row: OperationRow, project: ProjectRow): void {
  const now = engine.domain.clock.now().getTime();
  const reviewable = row.status === 'PENDING_REVIEW' && row.updatedAt.getTime() + engine.limits.reviewMs > now;
  if (reviewable) return;
  const confirmable = row.status === 'AWAITING_CONFIRMATION' && (row.confirmationUntil?.getTime() ?? 0) > now;
  if (confirmable && project.confirmation !== 'TOKEN') return;
  throw new AppError('CONFLICT', `operation ${row.id} is ${row.status} and waits for no review`, {
    details: { operation: row.id, status: row.status },
  });
}

function reviewChanges(engine: Engine, { caller }: Request, row: OperationRow, input: ReviewInput) {
  const at = engine.domain.clock.now();
  const { decision, note } = input;
  const author = caller.principal.name;
  const review = { author, decision, note: note ?? null, timestamp: unixSeconds(at), digest: row.planDigest ?? '' };
  const kept = { review, updatedAt: at };
  const waitsForReview = row.status === 'PENDING_REVIEW';
  if (decision === 'ALLOW') return { ...kept, status: waitsForReview ? ('QUEUED' as const) : row.status };
  const failure = `${author} rejected it${(note ?? '') === '' ? '' : `: ${note}`}`;
  return { ...kept, status: waitsForReview ? ('DENIED' as const) : ('CANCELED' as const), failure, finishedAt: at };
}
