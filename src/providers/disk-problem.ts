import { AppError } from '../shared/errors.ts';

/**
 * Turns what the operating system refused (full disk, missing rights) into an error that says so: nothing was done, and
 * the operator can mend it. Anything else is returned as it is.
 */
export function diskProblem(doing: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) return cause;
  const code = String(cause.code);
  const remedy = code === 'ENOSPC' || code === 'EDQUOT' ? 'free some disk space' : 'mend the folder or its rights';
  return new AppError('UNAVAILABLE', `${doing} failed (${code}); ${remedy} and try again`, { cause });
}
