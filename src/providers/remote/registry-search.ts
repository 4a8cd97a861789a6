import type { Outbound } from '../../outbound/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { formatAddress, parseAddress } from '../address.ts';
import { noSense } from './read-document.ts';

const MAX_BYTES = 2_000_000;
const TIMEOUT_MS = 5_000; // somebody waits for the answer
const MAX_HITS = 20;

const QUIET_MS = 60_000; // offline, nobody should wait again and again

/** Finds addresses of providers, best first. */
export type RegistrySearch = (query: string) => Promise<string[]>;

/** The search of OpenTofu's registry; after a failure it fails at once for a minute. */
export function createRegistrySearch(outbound: Outbound, url: string): RegistrySearch {
  let failed: { readonly cause: unknown; readonly until: number } | undefined;
  return async (query) => {
    if (failed !== undefined && Date.now() < failed.until) throw failed.cause;
    try {
      return await searchRegistry(outbound, url, query);
    } catch (cause) {
      failed = { cause, until: Date.now() + QUIET_MS };
      throw cause;
    }
  };
}

/**
 * Asks the search of OpenTofu's registry. Of what it says only the addresses are taken: its texts are written by
 * strangers.
 *
 * @param url such as `https://api.opentofu.org/registry/docs/search`
 * @returns addresses in short form, best first
 */
async function searchRegistry(outbound: Outbound, url: string, query: string): Promise<string[]> {
  const target = new URL(url);
  target.searchParams.set('q', query.slice(0, 200));
  const answer = await outbound.get(target.href, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
  if (answer.status !== 200) throw noSense(url, `status ${answer.status}`);
  const hits = parseHits(url, answer.body);
  return [...new Set(hits.flatMap(addressOf))].slice(0, MAX_HITS);
}

function parseHits(url: string, body: Uint8Array): readonly Json[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (Array.isArray(parsed)) return parsed as Json[]; // JSON.parse makes nothing else
  } catch {
    // told below
  }
  throw noSense(url, 'no list of hits');
}

// Hits are providers, their resource types and data sources, and modules; a module's address does not parse.
function addressOf(hit: Json): string[] {
  if (!isJsonObject(hit) || typeof hit['type'] !== 'string' || typeof hit['addr'] !== 'string') return [];
  if (!/^provider(?:\/|$)/.test(hit['type'])) return [];
  try {
    return [formatAddress(parseAddress(hit['addr']))];
  } catch {
    return [];
  }
}
