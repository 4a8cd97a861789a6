import type { OperationStatus } from '../../storage/operations.ts';

/**
 * Where an operation may go from where it is. Whoever moves one names the status it had, so two that try to move it at
 * the same time do not both succeed.
 */
export const transitions: Readonly<Record<OperationStatus, readonly OperationStatus[]>> = {
  QUEUED: ['PLANNING', 'FAILED', 'CANCELED', 'INTERRUPTED'],
  PLANNING: [
    'PLANNING',
    'DENIED',
    'PENDING_REVIEW',
    'AWAITING_CONFIRMATION',
    'APPLYING',
    'FAILED',
    'CANCELED',
    'INTERRUPTED',
  ],
  PLANNED: ['APPLYING', 'FAILED', 'CANCELED', 'DENIED'],
  PENDING_REVIEW: ['QUEUED', 'DENIED', 'CANCELED'],
  AWAITING_CONFIRMATION: ['AWAITING_CONFIRMATION', 'APPLYING', 'CANCELED', 'INTERRUPTED'],
  APPLYING: ['APPLYING', 'FINISHED', 'FAILED', 'INTERRUPTED'],
  INTERRUPTED: ['QUEUED', 'APPLYING', 'FINISHED', 'FAILED'],
  DENIED: [],
  FINISHED: [],
  FAILED: [],
  CANCELED: [],
};

/** Statuses in which a server is at work on the operation. */
export const liveStatuses: readonly OperationStatus[] = ['QUEUED', 'PLANNING', 'APPLYING'];

export function isFinal(status: OperationStatus): boolean {
  return transitions[status].length === 0;
}
