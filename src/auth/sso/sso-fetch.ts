import type { CustomFetch, CustomFetchOptions } from 'openid-client';

import type { Outbound } from '../../outbound/index.ts';

const LIMITS = { maxBytes: 500_000, timeoutMs: 10_000 }; // key sets of large providers reach 100 kB

/** What the OpenID library calls instead of `fetch`: our own way out, which reaches allowed places only. */
export function createSsoFetch(outbound: Outbound): CustomFetch {
  return async (url, { method, headers, body }) => {
    const options = { ...LIMITS, headers };
    const answer = await (method === 'POST'
      ? outbound.post(url, textOf(body), options)
      : outbound.get(url, { ...options, maxRedirects: 0 }));
    const bodyless = [204, 205, 304].includes(answer.status);
    return new Response(bodyless ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: { ...answer.headers },
    });
  };
}

function textOf(body: CustomFetchOptions['body']): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('the OpenID library sends forms only');
}
