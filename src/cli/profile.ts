import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';

export interface ProfileOptions {
  /** Where the server is. */
  readonly url: string;
  /** JSON file with the key's `id` and `secret`. */
  readonly key: string;
}

export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

const REQUEST_LIMIT_MS = 10_000;
const exchangeDocument = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';

/** The file that a first start writes. */
export function adminKeyFile(root: string): string {
  return join(root, '.sluice', 'admin-key.json');
}

/** @throws AppError NO_SUCH when the file is missing or is no key */
export function readKey(file: string): ApiKey {
  const key = parseJson(readText(file));
  const { id, secret } = isJsonObject(key) ? key : {};
  if (typeof id === 'string' && typeof secret === 'string') return { id, secret };
  throw new AppError('NO_SUCH', `no API key in ${file}: start the server once, or name the file with --key`);
}

/** Exchanges an API key for a bearer token, which lasts one hour. */
export async function exchangeKey({ url, key }: ProfileOptions): Promise<string> {
  const { id, secret } = readKey(key);
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: exchangeDocument, variables: { id, secret } }),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  }).catch((cause: unknown) => {
    throw new AppError('UNAVAILABLE', `no server answers at ${url}: start it, or name it with --url`, { cause });
  });
  return parseToken(parseJson(await response.text()), url);
}

function parseToken(answer: Json, url: string): string {
  const data = isJsonObject(answer) ? answer['data'] : undefined;
  const user = isJsonObject(data) ? data['apiKeyUser'] : undefined;
  const token = isJsonObject(user) ? user['jwt'] : undefined;
  if (typeof token === 'string') return token;
  throw new AppError('UNAUTHENTICATED', `${url} refused the API key`);
}

/** The JSON object of request headers that Claude Code's `headersHelper` reads. */
export function headersText(token: string): string {
  return JSON.stringify({ Authorization: `Bearer ${token}` });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return 'null';
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
