import assert from 'node:assert/strict';

import { AppError, type ErrorCode } from '../shared/errors.ts';

/** The work fails with this code, and its message says so in words that match. */
export async function assertRefused(code: ErrorCode, work: Promise<unknown>, message = /./): Promise<AppError> {
  const error: unknown = await work.then(
    () => assert.fail(`was not refused with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppError, `refused with ${String(error)}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return error;
}
