import { parseAddress, formatFullAddress } from '../../providers/index.ts';
import type { DomainContext, Request } from '../context.ts';

export interface ProviderListing {
  readonly id: string;
  readonly type: string;
  readonly addr: string;
  readonly version: string;
  readonly versions: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly source: string;
}

/** Providers that can be used here, best match first. Nothing is installed or started for it. */
export async function searchProviders(
  context: DomainContext,
  _request: Request,
  query: string,
): Promise<ProviderListing[]> {
  const hits = await context.providers.search(query);
  return hits.map(({ address, versions, source }) => ({
    id: address,
    type: 'provider',
    addr: formatFullAddress(parseAddress(address)),
    version: versions[0] ?? '',
    versions,
    title: address.slice(address.lastIndexOf('/') + 1),
    description: `${address}, ${placeOf(source)}${documentationOf(address, source)}`,
    source,
  }));
}

function placeOf(source: string): string {
  return source === 'built in' ? source : `from the ${source}`;
}

/** Where people read about a provider of the default registry; others have no place that is known. */
function documentationOf(address: string, source: string): string {
  if (source !== 'registry' || address.split('/').length > 2) return '';
  return `; documentation: https://search.opentofu.org/provider/${address}/latest`;
}
