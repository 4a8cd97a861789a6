import type { Action } from '../../generated/enums.ts';
import { type Caller, type Origin, placeWords, type Scope, spaceOfPlace } from '../shared/caller.ts';
import { AppError, type ErrorCode } from '../shared/errors.ts';

/** A refusal as the audit trail wants it. */
export interface Refusal {
  readonly caller: Caller;
  readonly origin: Origin;
  readonly code: ErrorCode;
  /** `Type.field` */
  readonly field: string;
  readonly action: Action | undefined;
  readonly space: string | undefined;
}

export type RefusalHook = (refusal: Refusal) => void;

// Clients that print only the message tell a refusal by its first word.
const PREFIX = 'unauthorized: ';
const refusalCodes: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'INSUFFICIENT_SCOPE', 'FORBIDDEN']);

/** The message as clients know it: a refusal of identity or access begins with `unauthorized: `. */
export function refusalMessage(error: AppError): string {
  if (!refusalCodes.has(error.code) || error.message.startsWith(PREFIX)) return error.message;
  return PREFIX + error.message;
}

export function unauthenticated(field: string): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    `${PREFIX}${field} needs a signed-in caller: send the header "Authorization: Bearer <token>"`,
    { details: { field } },
  );
}

export function insufficientScope(field: string, lists: readonly (readonly Scope[])[]): AppError {
  const scope = lists.map((list) => list.join(' and ')).join(' or ');
  return new AppError('INSUFFICIENT_SCOPE', `${PREFIX}${field} needs a token with the scope ${scope}`, {
    details: { field, scope: lists[0]?.join(' ') ?? '' },
  });
}

/** @param place undefined when the action is held nowhere */
export function forbidden(field: string, action: Action, place: string | undefined): AppError {
  const where = place === undefined ? 'which you hold in no space' : `which you do not hold in ${placeWords(place)}`;
  return new AppError('FORBIDDEN', `${PREFIX}${field} needs the action ${action}, ${where}`, {
    details: { field, action, ...(place === undefined ? {} : { space: spaceOfPlace(place) }) },
  });
}
