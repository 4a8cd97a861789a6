import { AppError } from '../shared/errors.ts';
import { withoutStatement } from './without-statement.ts';

// Codes of the operating system and of PostgreSQL: classes 08 (connection; 08P01 is bad input instead), 53 (no room, no
// connections), 57P (shut down).
const LOST = /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|0800[013467]|53300|57P..)$/;
const FULL = /^(ENOSPC|EDQUOT|53100|53200)$/;
const LOST_MESSAGE =
  /connection terminated|terminating connection|connection error and is not queryable|timeout exceeded when trying to connect/i;

/**
 * What a failed unit of work tells its caller: a lost database or a full disk becomes an error that says so, anything
 * else stays what it is, without the statement and its values.
 *
 * @param committing whether the work itself was done and only its commit failed: then nobody knows whether it holds
 */
export function explainOutage(error: unknown, committing = false): unknown {
  const trouble = troubleOf(error);
  const cause = withoutStatement(error);
  if (trouble === undefined) return cause;
  if (committing) {
    const message = `${trouble} in the middle of recording: look at the history before you try again`;
    return new AppError('INTERNAL', message, { cause });
  }
  return new AppError('UNAVAILABLE', `${trouble}; nothing was done. Try again when that is mended`, { cause });
}

function troubleOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause ?? previous(at), depth += 1) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    if (FULL.test(code) || /no space left on device/i.test(at.message)) return "the database's disk is full";
    if (LOST.test(code) || LOST_MESSAGE.test(at.message)) return 'the database cannot be reached';
    if (at instanceof AggregateError && at.errors.length > 0) return troubleOf(at.errors[0]);
  }
  return undefined;
}

// The ORM keeps the driver's error under a name of its own.
function previous(error: Error): unknown {
  return 'previous' in error ? error.previous : undefined;
}
