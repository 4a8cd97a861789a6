import { AppError } from '../shared/errors.ts';

/** A provider that could be installed. */
export interface ProviderHit {
  readonly address: string;
  /** Newest first. */
  readonly versions: readonly string[];
  /** Which source has it: development override, filesystem mirror, built in, network mirror, registry. */
  readonly source: string;
}

const MAX_HITS = 20;

/** An empty query lists everything, by name. */
export function rankHits(query: string, hits: readonly ProviderHit[]): ProviderHit[] {
  const wanted = query.trim().toLowerCase();
  const ranked = hits.map((hit) => ({ hit, rank: rankOf(wanted, hit.address) })).filter(({ rank }) => rank > 0);
  return ranked
    .toSorted((a, b) => b.rank - a.rank || (a.hit.address < b.hit.address ? -1 : 1))
    .slice(0, MAX_HITS)
    .map(({ hit }) => hit);
}

function rankOf(wanted: string, address: string): number {
  const type = address.slice(address.lastIndexOf('/') + 1);
  if (wanted === '') return 1;
  if (address === wanted) return 5;
  if (type === wanted) return 4;
  if (type.startsWith(wanted)) return 3;
  if (address.includes(wanted)) return 2;
  // `hashicorp time` and `random pet` find by any word that is long enough to mean something
  return wanted.split(/[\s/]+/).some((word) => word.length > 2 && address.includes(word)) ? 1 : 0;
}

/**
 * Adds what a server finds after what this machine has: a server finds by more than names. When it does not answer,
 * the hits on this machine are the answer; only without any is its failure told.
 */
export async function addFound(
  local: readonly ProviderHit[],
  find: () => Promise<readonly ProviderHit[]>,
): Promise<ProviderHit[]> {
  const found = await find().catch((cause: unknown) => {
    if (local.length === 0) throw withAdvice(cause);
    return [];
  });
  const known = new Set(local.map(({ address }) => address));
  return [...local, ...found.filter(({ address }) => !known.has(address))].slice(0, MAX_HITS);
}

function withAdvice(cause: unknown): unknown {
  if (!(cause instanceof AppError)) return cause;
  const { code, message } = cause;
  const advice = 'on a machine without internet, set SLUICE_REGISTRY_SEARCH_URL=off and search what is there';
  return new AppError(
    code,
    `no provider on this machine fits, and the search of the registry failed: ${message}; ${advice}`,
    {
      cause,
    },
  );
}
