import { AppError } from '../shared/errors.ts';

/** Why a policy gave no decision. Whoever asks must treat each of them as a refusal. */
export type FailureReason =
  | 'TIMEOUT'
  | 'MEMORY'
  | 'TRAP'
  | 'CORRUPT'
  | 'RESULT_TOO_LARGE'
  | 'RESULT_MALFORMED'
  | 'INPUT_TOO_LARGE'
  | 'INPUT_MALFORMED'
  | 'BUSY'
  | 'CLOSED';

const inputFaults: readonly FailureReason[] = ['INPUT_TOO_LARGE', 'INPUT_MALFORMED'];

/** The error of a policy that could not decide; `details.reason` tells the cases apart. */
export function policyFailure(reason: FailureReason, message: string): AppError {
  return new AppError(inputFaults.includes(reason) ? 'BAD_INPUT' : 'UNAVAILABLE', message, { details: { reason } });
}
