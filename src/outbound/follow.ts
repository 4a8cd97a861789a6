import { type Dispatcher, request } from 'undici';

import { AppError, badInput, invariant } from '../shared/errors.ts';
import { checkUrl, shownUrl } from './check-url.ts';

/** How requests leave: the hosts an operator named, and a connector for them and for all others. */
export interface Route {
  readonly trustedHosts: ReadonlySet<string>;
  dispatcherFor(trusted: boolean): Dispatcher;
}

export interface Hop {
  readonly url: URL;
  readonly response: Dispatcher.ResponseData;
}

export interface FollowOptions {
  /** Sent to the first origin only: they may be meant for it alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxRedirects?: number | undefined;
  /** Sent by POST; goes with no redirects, or the second host would get it too. */
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

const DEFAULT_REDIRECTS = 5;
const STALL_MS = 30_000; // without a byte for so long, a connection counts as dead
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Requests a URL and follows where it is sent. The body of the answer is the caller's to read or to dump. */
export async function follow(route: Route, start: string, options: FollowOptions): Promise<Hop> {
  const { headers = {}, maxRedirects = DEFAULT_REDIRECTS, body, signal } = options;
  invariant(body === undefined || maxRedirects === 0, 'a body is sent to one place only');
  let target = start;
  let origin: string | undefined;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const { url, trusted } = checkUrl(target, route.trustedHosts);
    origin ??= url.origin;
    const response = await request(url, {
      dispatcher: route.dispatcherFor(trusted),
      ...(body === undefined ? {} : { method: 'POST', body }),
      // Nothing is unpacked on the way, so the limits count what is kept.
      headers: {
        'accept-encoding': 'identity',
        'user-agent': 'sluice',
        ...(url.origin === origin ? headers : keepRange(headers)),
      },
      signal,
      headersTimeout: STALL_MS,
      bodyTimeout: STALL_MS,
    });
    const { location } = response.headers;
    const isLast = maxRedirects === 0 || !REDIRECTS.has(response.statusCode);
    if (isLast || typeof location !== 'string') return { url, response };
    await discard(response);
    const next = URL.parse(location, url);
    if (next === null) throw badInput('url', `${shownUrl(url)} redirects to what is no URL`);
    target = next.href;
  }
  throw badInput('url', `${start.split('?')[0]} redirects more than ${maxRedirects} times`);
}

function keepRange(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ['range', 'if-range'].filter((name) => headers[name] !== undefined);
  return Object.fromEntries(kept.map((name) => [name, headers[name] ?? '']));
}

/** Lets go of a body that nobody reads; a long one costs the connection, not our time. */
export async function discard(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 16_384 }).catch(() => {});
}

/** Turns what the network did into an error that says which host did not answer, and why. */
export function explainFailure(start: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const url = URL.parse(start);
  const shown = url === null ? 'the address' : shownUrl(url);
  return new AppError('UNAVAILABLE', `${shown} could not be read: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown failure';
  if (cause.name === 'TimeoutError') return 'it took too long';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return code === '' || cause.message.includes(code) ? cause.message.slice(0, 200) : `${cause.message} (${code})`;
}
