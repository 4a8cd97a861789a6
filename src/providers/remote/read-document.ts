import type { Outbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';

const usualLimits: DocumentLimits = {
  maxBytes: 4_000_000, // ten times what the provider with the most versions needs
  timeoutMs: 20_000,
};

export interface DocumentLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** An answer, with the address that relative links in it start from. */
export interface Document<T> {
  readonly content: T;
  readonly url: string;
}

/**
 * Reads a document of a registry or mirror. A server that has no such document (404, or 403 as object stores say it)
 * gives `undefined`.
 *
 * @throws AppError UNAVAILABLE when there is no good answer, PROVIDER_REFUSED when the address may not be requested
 */
export async function readDocument(
  outbound: Outbound,
  url: string,
  limits: DocumentLimits = usualLimits,
): Promise<Document<Uint8Array> | undefined> {
  const answer = await outbound.get(url, limits).catch((cause: unknown) => {
    throw refusedAddress(cause);
  });
  if (answer.status === 404 || answer.status === 403 || answer.status === 410) return undefined;
  if (answer.status !== 200) {
    throw new AppError('UNAVAILABLE', `${shown(url)} answers with status ${answer.status}; try again later`);
  }
  return { content: answer.body, url: answer.url };
}

/** The same for a JSON object or list. */
export async function readJson(
  outbound: Outbound,
  url: string,
  limits?: DocumentLimits,
): Promise<Document<Json> | undefined> {
  const document = await readDocument(outbound, url, limits);
  if (document === undefined) return undefined;
  return { content: parseJson(url, document.content), url: document.url };
}

export async function readJsonObject(
  outbound: Outbound,
  url: string,
  limits?: DocumentLimits,
): Promise<Document<JsonObject> | undefined> {
  const document = await readJson(outbound, url, limits);
  if (document === undefined) return undefined;
  const { content } = document;
  if (!isJsonObject(content)) throw noSense(url, 'no JSON object');
  return { content, url: document.url };
}

/** Follows a link of a document; registries give relative ones too. */
export function resolveLink(document: { readonly url: string }, link: Json | undefined, field: string): string {
  const url = typeof link === 'string' && link !== '' ? URL.parse(link, document.url) : null;
  if (url === null) throw noSense(document.url, `a ${field} that is no address`);
  return url.href;
}

/** The error for an answer that does not follow the protocol. */
export function noSense(url: string, what: string): AppError {
  return new AppError('UNAVAILABLE', `${shown(url)} answers with ${what}; tell whoever runs it`);
}

/** An address that may not be requested was named by the server, so it is the provider that is refused. */
export function refusedAddress(cause: unknown): unknown {
  if (!(cause instanceof AppError) || cause.code !== 'BAD_INPUT') return cause;
  return new AppError('PROVIDER_REFUSED', `the provider cannot be got: ${cause.message}`, { cause });
}

/** An address without its query, which may hold a signature. */
export function shown(url: string): string {
  return (url.split(/[?#]/, 1)[0] ?? '').slice(0, 300);
}

function parseJson(url: string, content: Uint8Array): Json {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8')) as Json; // JSON.parse makes nothing else
  } catch {
    throw noSense(url, 'what is no JSON');
  }
}
