import { refusalMessage } from '../gateway/index.ts';
import { type AppError, errorCodes } from '../shared/errors.ts';
import { type Exchange, type ExtraHeaders, send } from './exchange.ts';

const RPC_REFUSED = -32_000;

/** An error outside of GraphQL's own answers, in the same form: what is wrong and what to do, as JSON. */
export function sendError(exchange: Exchange, error: AppError, status: number, extra?: ExtraHeaders): void {
  const body = { errors: [{ message: refusalMessage(error), extensions: { ...error.details, code: error.code } }] };
  const headers = { ...challengeFor(error, true), ...retryAfter(error.details), ...extra };
  send(exchange, status, 'application/json', JSON.stringify(body), headers);
}

/** The same for clients of MCP, which read errors of JSON-RPC. */
export function sendRpcError(exchange: Exchange, error: AppError, status: number): void {
  const data = { ...error.details, code: error.code };
  const body = { jsonrpc: '2.0', id: null, error: { code: RPC_REFUSED, message: refusalMessage(error), data } };
  send(exchange, status, 'application/json', JSON.stringify(body), retryAfter(error.details));
}

/** When to try again, for an error that says so. */
export function retryAfter({ retryAfterSeconds: seconds }: Readonly<Record<string, unknown>>): ExtraHeaders {
  return typeof seconds === 'number' ? { 'Retry-After': String(seconds) } : {};
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
