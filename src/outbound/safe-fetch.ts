import { badInput } from '../shared/errors.ts';
import { createOutbound, type OutboundOptions } from './outbound.ts';

export interface SafeFetchOptions extends OutboundOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface Fetched {
  readonly status: number;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
  readonly body: Buffer;
}

/** Gets a document for somebody who is not trusted. @throws AppError as `Outbound.get` */
export type SafeFetch = (url: string) => Promise<Fetched>;

/** The strictest way out, for addresses that anybody may name: the standard port only, and no redirects. */
export function createSafeFetch({ timeoutMs, maxBytes, ...options }: SafeFetchOptions): SafeFetch {
  const outbound = createOutbound(options);
  const request = { timeoutMs, maxBytes, maxRedirects: 0, headers: { accept: 'application/json' } };
  return async (url) => {
    if (URL.parse(url)?.port !== '') throw badInput('url', 'the address is refused: it must name no port');
    const { status, headers, body } = await outbound.get(url, request);
    return {
      status,
      contentType: headers['content-type'] ?? '',
      cacheControl: headers['cache-control'],
      body: Buffer.from(body),
    };
  };
}
