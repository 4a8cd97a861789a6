import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import { AppError } from '../../shared/errors.ts';
import { storableText } from '../../shared/json.ts';
import type { LoginRow } from '../../storage/logins.ts';

const MAX_MESSAGE_LENGTH = 500; // some sentences; the page and the terminal show no more

/** What the authors of policies say to somebody who is denied, as one text without line breaks. */
export function messageFrom(reasons: readonly string[]): string {
  const text = reasons.map((reason) => replaceDeceiving(reason, ' ').replaceAll(/\s+/g, ' ').trim()).join('; ');
  return storableText(text.slice(0, MAX_MESSAGE_LENGTH).toWellFormed());
}

/** Says no, and of the policies nothing but what their authors want said. */
export function refused({ outcome, message }: Pick<LoginRow, 'outcome' | 'message'>): AppError {
  if (outcome === 'ERROR') {
    return new AppError(
      'UNAUTHENTICATED',
      'unauthorized: the login policies of this server could not be evaluated, so nobody is let in; ' +
        'try again, and tell an administrator if it stays so',
      { details: { reason: 'LOGIN_UNDECIDED' } },
    );
  }
  const reason = message === '' ? 'ask an administrator' : message;
  return new AppError(
    'UNAUTHENTICATED',
    `unauthorized: the login policies of this server do not let you in: ${reason}`,
  );
}
