import { LRUCache } from 'lru-cache';

import type { Outbound } from '../../outbound/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import type { ProviderAddress } from '../address.ts';
import { noSense, readDocument, readJsonObject } from '../remote/read-document.ts';
import { isVersion } from '../version.ts';
import { cleanDocument } from './clean-document.ts';
import { type DocumentEntry, parseDocumentList, pathOf } from './document-list.ts';

/** What a registry has of providers' documentation. Each answer is `undefined` where it has nothing. */
export interface RegistryDocs {
  /** The versions that it knows, with the name that each has in its addresses. */
  versions(address: ProviderAddress): Promise<ReadonlyMap<string, string> | undefined>;
  /** @param id name of the version, as `versions` gives it */
  list(address: ProviderAddress, id: string): Promise<readonly DocumentEntry[] | undefined>;
  text(address: ProviderAddress, id: string, entry: DocumentEntry): Promise<string | undefined>;
}

const TIMEOUT_MS = 10_000; // somebody waits for the answer
const versionLimits = { maxBytes: 4_000_000, timeoutMs: TIMEOUT_MS };
const listLimits = { maxBytes: 16_000_000, timeoutMs: TIMEOUT_MS }; // 2,500 documents, in several languages besides
const textLimits = { maxBytes: 2_000_000, timeoutMs: TIMEOUT_MS };

const MINUTE_MS = 60_000;
const MAX_KEPT_CHARACTERS = 16_000_000;

/**
 * The documents of OpenTofu's registry, by its published API: `providers/NAMESPACE/TYPE/index.json` names the versions,
 * `…/VERSION/index.json` the documents, and those are Markdown files beside it.
 *
 * @param url such as `https://api.opentofu.org/registry/docs/`
 */
export function createRegistryDocs(outbound: Outbound, url: string): RegistryDocs {
  const folderOf = ({ namespace, type }: ProviderAddress): string => `${url}providers/${namespace}/${type}/`;
  const versions = kept(
    10 * MINUTE_MS,
    (all: ReadonlyMap<string, string>) => 100 * all.size,
    async (source) => {
      const document = await readJsonObject(outbound, source, versionLimits);
      return document && parseVersions(source, document.content['versions']);
    },
  );
  const lists = kept(
    10 * MINUTE_MS,
    (all: readonly DocumentEntry[]) => 300 * all.length,
    async (source) => {
      const document = await readJsonObject(outbound, source, listLimits);
      return document && parseDocumentList(document.content);
    },
  );
  const texts = kept(
    60 * MINUTE_MS,
    (text: string) => text.length,
    async (source) => {
      const document = await readDocument(outbound, source, textLimits);
      return document && cleanDocument(document.content);
    },
  );
  return {
    versions: (address) => versions(`${folderOf(address)}index.json`),
    list: (address, id) => lists(`${folderOf(address)}${encodeURIComponent(id)}/index.json`),
    text: (address, id, entry) => texts(`${folderOf(address)}${encodeURIComponent(id)}/${pathOf(entry)}`),
  };
}

interface Kept<T> {
  readonly found: T | undefined;
}

/**
 * Answers by address, kept for a while: one request for all who ask at the same time, and none that failed is kept.
 *
 * @param sizeOf characters that an answer takes, about
 */
function kept<T>(
  lifeMs: number,
  sizeOf: (found: T) => number,
  read: (url: string) => Promise<T | undefined>,
): (url: string) => Promise<T | undefined> {
  const cache = new LRUCache<string, Kept<T>>({
    maxSize: MAX_KEPT_CHARACTERS,
    sizeCalculation: ({ found }) => 500 + (found === undefined ? 0 : sizeOf(found)),
    ttl: lifeMs,
    ignoreFetchAbort: true,
    fetchMethod: async (url) => ({ found: await read(url) }),
  });
  return async (url) => (await cache.fetch(url))?.found;
}

// Names of versions have a `v` in front, by what the registry's API says; by older and newer ones they need not.
function parseVersions(url: string, versions: Json | undefined): Map<string, string> {
  if (!Array.isArray(versions)) throw noSense(url, 'no list of versions');
  const ids = versions.map((each: Json) => (isJsonObject(each) ? each['id'] : undefined));
  return new Map(
    ids.flatMap((id): [string, string][] => {
      const version = typeof id === 'string' ? id.replace(/^v/, '') : '';
      return typeof id === 'string' && isVersion(version) ? [[version, id]] : [];
    }),
  );
}
