import { AppError } from '../shared/errors.ts';
import { shownUrl } from './check-url.ts';
import { discard, explainFailure, follow, type Hop, type Route } from './follow.ts';

export interface GetOptions {
  readonly maxBytes: number;
  /** From the first connection to the last byte, redirects included. */
  readonly timeoutMs: number;
  /** Redirects to follow, 5 unless given. With 0 the redirect itself is the answer. */
  readonly maxRedirects?: number | undefined;
  /** Sent to the first host only; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface OutboundAnswer {
  readonly status: number;
  /** Where the answer came from in the end. */
  readonly url: string;
  /** Names in lower case; of repeated headers the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** As for reading, but that nothing is followed. */
export type PostOptions = Omit<GetOptions, 'maxRedirects'>;

/** Reads one answer into memory. */
export function get(route: Route, start: string, options: GetOptions): Promise<OutboundAnswer> {
  return ask(route, start, options, undefined);
}

/** Sends a body, JSON unless a header says otherwise, and reads the answer. */
export function post(route: Route, start: string, body: string, options: PostOptions): Promise<OutboundAnswer> {
  const headers = { 'content-type': 'application/json', ...options.headers };
  return ask(route, start, { ...options, headers, maxRedirects: 0 }, body);
}

async function ask(
  route: Route,
  start: string,
  options: GetOptions,
  body: string | undefined,
): Promise<OutboundAnswer> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const { url, response } = await follow(route, start, { ...options, body, signal });
    const answer = await readBody({ url, response }, options.maxBytes);
    return { status: response.statusCode, url: url.href, headers: plainHeaders(response.headers), body: answer };
  } catch (cause) {
    throw explainFailure(start, cause);
  }
}

async function readBody({ url, response }: Hop, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = new AppError('LIMIT_EXCEEDED', `${shownUrl(url)} answers with more than ${maxBytes} bytes`);
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) {
    await discard(response);
    throw tooLarge;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge; // leaving the loop ends the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) plain[name] = first;
  }
  return plain;
}
