/**
 * The one table of error codes. A code is an API promise: clients branch on it, so a code is never renamed.
 * `status` is the HTTP status where GraphQL over HTTP lets us choose one.
 */
export const errorCodes = {
  UNAUTHENTICATED: { status: 401 },
  INSUFFICIENT_SCOPE: { status: 403 },
  FORBIDDEN: { status: 403 },
  BAD_INPUT: { status: 400 },
  NO_SUCH: { status: 404 },
  CONFLICT: { status: 409 },
  PROJECT_LOCKED: { status: 409 },
  POLICY_DENIED: { status: 403 },
  REVIEW_PENDING: { status: 409 },
  CONFIRMATION_REQUIRED: { status: 409 },
  PLAN_CHANGED: { status: 409 },
  PROVIDER_REFUSED: { status: 422 },
  PROVIDER_FAILED: { status: 502 },
  LIMIT_EXCEEDED: { status: 413 },
  RATE_LIMITED: { status: 429 },
  UNAVAILABLE: { status: 503 },
  INTERNAL: { status: 500 },
} as const satisfies Record<string, { status: number }>;

export type ErrorCode = keyof typeof errorCodes;

/** Machine-readable particulars of an error, shown to the caller: never a secret, never a stack. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A failure we expect and explain. The message names the field, what is wrong and what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** An input error that names the field at fault, e.g. `badInput('config.length', 'must be a number')`. */
export function badInput(field: string, problem: string, details: ErrorDetails = {}): AppError {
  return new AppError('BAD_INPUT', `${field}: ${problem}`, { details: { field, ...details } });
}

/** Missing and unreadable objects answer alike. The words `not found` are kept for clients that treat them as protocol. */
export function noSuch(noun: string, id: string): AppError {
  return new AppError('NO_SUCH', `no such ${noun}: ${JSON.stringify(id)}`, { details: { noun, id } });
}

/** Our own mistake: it is logged with its cause and answered as INTERNAL. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`);
}

/**
 * Turns anything thrown into an AppError that may be shown. Anything unexpected becomes INTERNAL with a reference
 * that the log carries too; its own message stays in the log.
 *
 * @param reference id of the request, to find the log line
 */
export function maskError(error: unknown, reference: string): AppError {
  if (error instanceof AppError) return error;
  return new AppError('INTERNAL', `internal error; the log has it under ${reference}`, {
    details: { reference },
    cause: error,
  });
}
