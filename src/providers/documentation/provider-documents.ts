import { AppError } from '../../shared/errors.ts';
import { defaultHostname, formatAddress, parseAddress, type ProviderAddress } from '../address.ts';
import type { AddressFilter } from '../address-filter.ts';
import type { AllowList } from '../allow-list.ts';
import { builtInAddress } from '../built-in.ts';
import type { DocumentEntry } from './document-list.ts';
import { type DocumentShelf, type DocumentWish, findDocument } from './find-document.ts';
import type { RegistryDocs } from './registry-docs.ts';

/** The documentation of one version of a provider. */
export interface ProviderDocuments extends DocumentShelf {
  /**
   * The document that is meant, and its text: cleaned Markdown, but the words of strangers.
   *
   * @throws AppError NO_SUCH or BAD_INPUT for what there is not, UNAVAILABLE when the registry does not answer
   */
  read(wish: DocumentWish): Promise<DocumentText>;
}

export interface DocumentText {
  readonly entry: DocumentEntry;
  readonly text: string;
}

export interface DocumentationOptions {
  /** Absent where the server asks no registry, or none for documentation. */
  readonly docs: RegistryDocs | undefined;
  /** Whether registries may be asked for a provider. */
  readonly serves: AddressFilter;
  readonly allowList: AllowList;
  /** Chooses as an installation would: what is pinned where it fits, else the newest. */
  chooseVersion(address: ProviderAddress, constraint: string | undefined): Promise<string>;
}

/**
 * Finds the documentation of a provider at a version or constraint.
 *
 * @throws AppError PROVIDER_REFUSED, NO_SUCH with the reason why there is none, UNAVAILABLE
 */
export type FindDocumentation = (address: string, constraint?: string) => Promise<ProviderDocuments>;

export function createDocumentation(options: DocumentationOptions): FindDocumentation {
  return async (text, constraint) => {
    const address = parseAddress(text);
    options.allowList.require(address); // before anybody is asked for it
    const docs = explaining(requireDocs(options, address));
    const version = await options.chooseVersion(address, constraint);
    const id = await versionId(docs, address, version);
    const entries = await docs.list(address, id);
    if (entries === undefined || entries.length === 0) {
      throw none(
        `${named(address, version)}, as of all whose licence does not let it; the schema is there all the same`,
      );
    }
    const shelf = { address: formatAddress(address), version, entries };
    return {
      ...shelf,
      read: async (wish) => {
        const entry = findDocument(shelf, wish);
        const found = await docs.text(address, id, entry);
        if (found === undefined) throw none(`${named(address, version)} under ${entry.name}, though it lists it`);
        return { entry, text: found };
      },
    };
  };
}

function requireDocs({ docs, serves }: DocumentationOptions, address: ProviderAddress): RegistryDocs {
  const name = formatAddress(address);
  if (name === builtInAddress) throw unknown(`${name} is built in; its schema says what there is to say`);
  if (docs === undefined) {
    throw unknown(
      'it comes from the registry, and this server asks none: SLUICE_PROVIDER_REGISTRY or SLUICE_REGISTRY_SEARCH_URL is off',
    );
  }
  if (address.hostname !== defaultHostname) {
    throw unknown(`it is read from ${defaultHostname} only, and ${name} is of another registry`);
  }
  if (!serves(address)) throw unknown(`SLUICE_PROVIDER_REGISTRY_FOR lets no registry be asked for ${name}`);
  return docs;
}

/** The same registry, whose failures say what they keep somebody from and what there is without it. */
function explaining(docs: RegistryDocs): RegistryDocs {
  const explain = (address: ProviderAddress) => (cause: unknown) => {
    throw explained(formatAddress(address), cause);
  };
  return {
    versions: (address) => docs.versions(address).catch(explain(address)),
    list: (address, id) => docs.list(address, id).catch(explain(address)),
    text: (address, id, entry) => docs.text(address, id, entry).catch(explain(address)),
  };
}

function explained(name: string, cause: unknown): unknown {
  if (!(cause instanceof AppError) || cause.code !== 'UNAVAILABLE') return cause;
  const why = `${cause.message}; its schema can be read without it`;
  return new AppError('UNAVAILABLE', `the documentation of ${name} cannot be read: ${why}`, { cause });
}

const MAX_VERSIONS = 10;

async function versionId(docs: RegistryDocs, address: ProviderAddress, version: string): Promise<string> {
  const versions = await docs.versions(address);
  if (versions === undefined) throw none(formatAddress(address));
  const id = versions.get(version);
  if (id === undefined) {
    const others = [...versions.keys()].slice(0, MAX_VERSIONS).join(', ') || 'no version';
    throw none(`${named(address, version)}; it has that of ${others}`);
  }
  return id;
}

function named(address: ProviderAddress, version: string): string {
  return `${formatAddress(address)} ${version}`;
}

function none(ofWhat: string): AppError {
  return unknown(`the registry has none of ${ofWhat}`);
}

function unknown(why: string): AppError {
  return new AppError('NO_SUCH', `no such documentation: ${why}`);
}
