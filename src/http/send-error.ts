import { refusalMessage } from '../gateway/index.ts';
import { type AppError, errorCodes } from '../shared/errors.ts';
import { type Exchange, type ExtraHeaders, send } from './exchange.ts';

/** An error outside of GraphQL's own answers, in the same form: what is wrong and what to do, as JSON. */
export function sendError(exchange: Exchange, error: AppError, status: number, extra?: ExtraHeaders): void {
  const body = { errors: [{ message: refusalMessage(error), extensions: { ...error.details, code: error.code } }] };
  send(exchange, status, 'application/json', JSON.stringify(body), { ...challengeFor(error, true), ...extra });
}

export function statusFor(error: AppError): number {
  return errorCodes[error.code].status;
}

/** What a client must do to be let in, as the header that OAuth clients read. */
export function challengeFor(
  error: { readonly code: string; readonly details: Readonly<Record<string, unknown>> },
  tokenSent: boolean,
): ExtraHeaders {
  if (error.code === 'UNAUTHENTICATED') {
    return { 'WWW-Authenticate': tokenSent ? 'Bearer error="invalid_token"' : 'Bearer' };
  }
  if (error.code !== 'INSUFFICIENT_SCOPE') return {};
  const scope = error.details['scope'];
  const wanted = typeof scope === 'string' && /^[\w: ]+$/.test(scope) ? `, scope="${scope}"` : '';
  return { 'WWW-Authenticate': `Bearer error="insufficient_scope"${wanted}` };
}
