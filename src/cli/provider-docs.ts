import { join } from 'node:path';

import { createOutbound } from '../outbound/index.ts';
import { createProviderSource, type DocumentEntry, type DocumentKind } from '../providers/index.ts';
import { badInput } from '../shared/errors.ts';
import { lockFile, type ProviderPlace } from './read-provider.ts';

export interface DocsRequest {
  readonly address: string;
  readonly name: string | undefined;
  readonly version?: string;
  readonly kind?: string;
  /** Where the registry's search is; its documents lie beside it. */
  readonly search: string;
  readonly list?: boolean;
}

const kinds = new Map<string, DocumentKind>([
  ['overview', 'OVERVIEW'],
  ['resource', 'RESOURCE'],
  ['data-source', 'DATA_SOURCE'],
  ['guide', 'GUIDE'],
]);

/** Prints a document of a provider, or the list of them. The text is cleaned, but it is the publisher's. */
export async function printDocs(place: ProviderPlace, request: DocsRequest): Promise<void> {
  const kind = parseKind(request.kind);
  const outbound = createOutbound({ allow: place.allowHosts });
  const searchUrl = request.search === 'off' ? undefined : request.search;
  try {
    const { documentation } = createProviderSource({
      allowed: [{ address: request.address }], // whoever reads by hand allows it
      mirrorDir: place.mirror,
      network: { outbound, mirrorUrl: place.networkMirror, registryUrl: place.registry, searchUrl },
      cacheDir: join(place.root, '.cache/providers'),
      lockFile: join(place.root, lockFile),
    });
    const documents = await documentation(request.address, request.version);
    if (request.list === true) {
      for (const entry of documents.entries) if (kind === undefined || entry.kind === kind) place.print(lineOf(entry));
    } else {
      place.print((await documents.read({ kind, name: request.name })).text);
    }
  } finally {
    await outbound.close();
  }
}

function parseKind(text: string | undefined): DocumentKind | undefined {
  if (text === undefined) return undefined;
  const kind = kinds.get(text);
  if (kind === undefined) throw badInput('--kind', `must be one of ${[...kinds.keys()].join(', ')}`);
  return kind;
}

function lineOf({ kind, name, title }: DocumentEntry): string {
  return `${kind.toLowerCase().replace('_', '-')} ${name}${title === '' || title === name ? '' : `: ${title}`}`;
}
