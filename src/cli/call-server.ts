import { AppError, badInput, type ErrorCode, errorCodes } from '../shared/errors.ts';
import type { Terminal } from './terminal.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

const REQUEST_LIMIT_MS = 15_000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where a server is, without a trailing slash. @throws BAD_INPUT */
export function parseServerUrl(text: string, { say }: Pick<Terminal, 'say'>): string {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) {
    throw badInput('url', `must begin with https:// or http://, not ${JSON.stringify(text)}`);
  }
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) {
    say(`${url.origin} is reached without TLS: anybody on the way can read the tokens that are sent there.`);
  }
  return url.origin;
}

export interface CallOptions {
  readonly variables?: JsonObject;
  readonly token?: string;
  readonly timeoutMs?: number;
}

/** Asks the GraphQL API. @returns the data of an answer without errors */
export async function callServer(
  url: string,
  document: string,
  { variables = {}, token, timeoutMs }: CallOptions = {},
): Promise<JsonObject> {
  const { body } = await answerOf(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: document, variables }),
    timeoutMs,
  });
  const { data, errors } = body;
  const error: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (isJsonObject(error)) throw toError(error);
  if (isJsonObject(data)) return data;
  throw new AppError('UNAVAILABLE', `${url} answers, but not as a Sluice server does: is the address right?`);
}

/** Sends a form, as OAuth's endpoints take it. @returns status and body of the answer, whatever it says */
export function sendForm(url: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  return answerOf(url, { method: 'POST', body: new URLSearchParams(fields) });
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

/** @returns status and body of what is there */
export function getJson(url: string): Promise<Answer> {
  return answerOf(url, { method: 'GET' });
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  readonly timeoutMs?: number | undefined;
}

async function answerOf(url: string, { headers = {}, timeoutMs = REQUEST_LIMIT_MS, ...sent }: Sent): Promise<Answer> {
  const response = await fetch(url, {
    ...sent,
    headers: { accept: 'application/json', ...headers },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error', // it would carry the token to wherever it leads
  }).catch((cause: unknown) => {
    const { origin } = new URL(url);
    throw new AppError('UNAVAILABLE', `no server answers at ${origin}: start it, or name it with --url`, { cause });
  });
  const body = parseJson(await response.text());
  return { status: response.status, body: isJsonObject(body) ? body : {} };
}

function toError({ message, extensions }: JsonObject): AppError {
  const code = isJsonObject(extensions) ? extensions['code'] : undefined;
  return new AppError(isCode(code) ? code : 'INTERNAL', typeof message === 'string' ? message : 'the server refused');
}

function isCode(code: Json | undefined): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
