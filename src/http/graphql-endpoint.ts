import type { Authenticate } from '../auth/index.ts';
import {
  type AnswerError,
  answerText,
  type ExecutionOutcome,
  type Gateway,
  plainAnswerText,
} from '../gateway/index.ts';
import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError, errorCodes, maskError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { type Exchange, type ExtraHeaders, send } from './exchange.ts';
import { type GraphqlRequest, parseBody, parseQueryString } from './graphql-request.ts';
import { type AnswerType, chooseAnswerType, isJsonBody } from './media-type.ts';
import { originOf } from './origin.ts';
import { readBody } from './read-body.ts';
import { challengeFor, retryAfter, sendError, statusFor } from './send-error.ts';
import type { Traffic } from './traffic.ts';

export interface GraphqlEndpointOptions {
  readonly gateway: Pick<Gateway, 'execute'>;
  readonly authenticate: Authenticate;
  readonly maxBodyBytes: number;
  readonly log: Logger;
  readonly traffic?: Traffic | undefined;
}

/** How this client wants its answer. */
interface Manner {
  /** Clients in the field that take anything but 200 for a broken server, and print every key of `extensions`. */
  readonly plain: boolean;
  readonly type: AnswerType;
}

/** Serves `POST /graphql`, and `GET` for queries. Nothing here allocates more than it must: this is the hot path. */
export async function serveGraphql(options: GraphqlEndpointOptions, exchange: Exchange): Promise<void> {
  const { method } = exchange.request;
  if (method !== 'POST' && method !== 'GET') return refuseMethod(exchange);
  const manner = mannerOf(exchange);
  if (manner === undefined) return refuseAccept(exchange);
  try {
    const request = await readRequest(exchange, options.maxBodyBytes);
    const outcome = await runRequest(options, exchange, request);
    answer(exchange, manner, outcome);
  } catch (error) {
    answerFailure(options, exchange, manner, error);
  }
}

function mannerOf({ request: { headers } }: Exchange): Manner | undefined {
  const { accept } = headers;
  if (accept === undefined || headers['spacelift-client-type'] !== undefined) {
    return { plain: true, type: 'application/json' };
  }
  const type = chooseAnswerType(accept);
  return type === undefined ? undefined : { plain: false, type };
}

async function readRequest({ request, search }: Exchange, maxBodyBytes: number): Promise<GraphqlRequest> {
  if (request.method === 'GET') return parseQueryString(search);
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  if (isPacked(encoding)) throw new UnsupportedBody('Content-Encoding: bodies are read as they are; send it unpacked');
  if (type === undefined) throw new AppError('BAD_INPUT', 'Content-Type: send application/json');
  if (!isJsonBody(type)) throw new UnsupportedBody('Content-Type: only application/json in UTF-8 is read');
  return parseBody(await readBody(request, maxBodyBytes));
}

class UnsupportedBody extends AppError {
  constructor(message: string) {
    super('BAD_INPUT', message);
  }
}

function isPacked(encoding: string | undefined): boolean {
  return encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

/** The token is bad; a rule of its own on the wire, whatever else is wrong. */
class BadToken extends AppError {}

async function runRequest(
  { gateway, authenticate, traffic }: GraphqlEndpointOptions,
  exchange: Exchange,
  { document, variables, operationName }: GraphqlRequest,
): Promise<ExecutionOutcome> {
  const origin = originOf(exchange);
  const caller = await callerOf(authenticate, exchange, origin);
  const leave = traffic?.enterCaller(caller, exchange);
  try {
    const allow = exchange.request.method === 'GET' ? 'query' : 'any';
    return await gateway.execute({ document, variables, operationName, caller, origin, allow });
  } finally {
    leave?.();
  }
}

async function callerOf(authenticate: Authenticate, exchange: Exchange, origin: Origin): Promise<Caller> {
  const header = exchange.request.headers.authorization;
  if (header === undefined || header === '') return anonymous;
  try {
    const caller = await authenticate(header, exchange.path, origin);
    exchange.caller = caller;
    return caller;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') throw new BadToken(error.code, error.message);
    throw error;
  }
}

function answer(exchange: Exchange, manner: Manner, outcome: ExecutionOutcome): void {
  if (outcome.errors.length === 0) return send(exchange, 200, manner.type, answerText(outcome));
  const limited = outcome.errors.find(({ extensions }) => extensions.code === 'RATE_LIMITED');
  if (limited !== undefined && (outcome.data ?? null) === null)
    return answerLimited(exchange, manner, outcome, limited);
  if (manner.plain) return send(exchange, 200, manner.type, plainAnswerText(outcome));
  const { status, headers } = statusOf(outcome, manner.type, exchange);
  return send(exchange, status, manner.type, answerText(outcome), headers);
}

const MAX_SILENT_WAIT_SECONDS = 60;

/** The one status besides 200 that is good for every client: theirs wait as long as they are told, and try again. */
function answerLimited(exchange: Exchange, manner: Manner, outcome: ExecutionOutcome, error: AnswerError): void {
  const text = manner.plain ? plainAnswerText(outcome) : answerText(outcome);
  const seconds = Number(error.extensions['retryAfterSeconds'] ?? 0);
  // Existing clients wait as long as they are told without a word to anybody.
  const isTold = !manner.plain || seconds <= MAX_SILENT_WAIT_SECONDS;
  send(exchange, 429, manner.type, text, isTold ? retryAfter(error.extensions) : {});
}

function statusOf(
  { data, errors }: ExecutionOutcome,
  type: AnswerType,
  { request }: Exchange,
): { status: number; headers?: ExtraHeaders } {
  const [first] = errors;
  if (first === undefined) return { status: 200 };
  const { code, ...details } = first.extensions;
  // UNAVAILABLE promises that nothing was done, so it is a status even where a field has answered it.
  if ((data ?? null) === null && code === 'UNAVAILABLE') return { status: 503 };
  if (data !== undefined) return { status: 200 };
  if (request.method === 'GET' && details['expected'] === 'query') return { status: 405, headers: { Allow: 'POST' } };
  if (type === 'application/json') return { status: 200 };
  const headers = challengeFor({ code, details }, request.headers.authorization !== undefined);
  return { status: errorCodes[code].status, headers };
}

/** The request could not be read, its token is bad, or something of ours broke before GraphQL began. */
function answerFailure(options: GraphqlEndpointOptions, exchange: Exchange, manner: Manner, error: unknown): void {
  const shown = maskError(error, exchange.requestId);
  if (shown.code === 'INTERNAL') options.log.error({ err: error, requestId: exchange.requestId }, 'a request failed');
  if (manner.plain && shown instanceof BadToken) {
    const body = { errors: [{ message: shown.message }], data: null };
    return send(exchange, 200, manner.type, JSON.stringify(body));
  }
  if (shown instanceof UnsupportedBody) {
    return sendError(exchange, shown, 415, { Accept: 'application/json', 'Accept-Encoding': 'identity' });
  }
  // What is left of a body that was too long is not read, so the connection cannot be used again.
  const close: ExtraHeaders = shown.code === 'LIMIT_EXCEEDED' ? { Connection: 'close' } : {};
  return sendError(exchange, shown, statusFor(shown), close);
}

function refuseMethod(exchange: Exchange): void {
  const error = new AppError('BAD_INPUT', `${exchange.request.method}: /graphql takes POST, and GET for queries`);
  sendError(exchange, error, 405, { Allow: 'GET, POST' });
}

function refuseAccept(exchange: Exchange): void {
  const error = new AppError(
    'BAD_INPUT',
    'Accept: answers are application/graphql-response+json or application/json; accept one of them',
  );
  sendError(exchange, error, 406);
}
