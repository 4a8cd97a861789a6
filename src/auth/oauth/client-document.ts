import type { SafeFetch } from '../../outbound/index.ts';

/**
 * Gets the document that a client names as its id. The library checks that the document names the same id and turns it
 * into a client; where and how it is fetched is decided here.
 */
export async function fetchClientDocument(fetchDocument: SafeFetch, url: string): Promise<Response> {
  const { status, contentType, cacheControl, body } = await fetchDocument(url);
  const headers = {
    'content-type': contentType,
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
  };
  // A `Response` takes no other status than these; a redirect is as good as a refusal.
  const shown = status >= 200 && status <= 599 ? status : 502;
  const bodyless = [204, 205, 304].includes(shown);
  return new Response(bodyless ? null : new Uint8Array(body), { status: shown, headers });
}
