import { LRUCache } from 'lru-cache';

import type { Outbound } from '../../outbound/index.ts';
import { formatAddress, formatFullAddress, type ProviderAddress } from '../address.ts';
import type { AddressFilter } from '../address-filter.ts';
import { cacheFolderOf } from '../install-package.ts';
import type { Installer, ObtainedPackage } from '../installer.ts';
import type { OnProgress, PackageSource } from '../package-source.ts';
import { downloadPackage } from './download-package.ts';
import type { RemoteIndex } from './remote-index.ts';

export interface RemoteSourceOptions {
  readonly index: RemoteIndex;
  readonly installer: Installer;
  readonly outbound: Outbound;
  readonly cacheDir: string;
  readonly serves: AddressFilter;
}

const VERSIONS_LIFE_MS = 60_000;

/** Packages of a server. What is pinned and unpacked already is used without asking it. */
export function remoteSource(options: RemoteSourceOptions): PackageSource {
  const { index, installer, serves } = options;
  const versions = cachedVersions(index);
  return {
    name: index.name,
    addresses: async () => [], // servers do not list what they have
    versions: async (address) => (serves(address) ? await versions(address) : undefined),
    resolve: async (address, constraint, onProgress) => {
      if (!serves(address)) return undefined;
      const installed = await installer.installed(address, constraint);
      if (installed !== undefined) return installed;
      const version = await installer.choose(address, constraint, (await versions(address)) ?? []);
      if (version === undefined) return undefined;
      const wanted = { address, version, constraint };
      return installer.install(wanted, () => obtain(options, address, version, onProgress));
    },
  };
}

async function obtain(
  { index, outbound, installer, cacheDir }: RemoteSourceOptions,
  address: ProviderAddress,
  version: string,
  onProgress: OnProgress | undefined,
): Promise<ObtainedPackage> {
  const remote = await index.locate(address, version);
  const name = formatAddress(address);
  return downloadPackage(remote, {
    outbound,
    version,
    folder: cacheFolderOf(cacheDir, address, version, installer.platform),
    onProgress: (progress) => onProgress?.({ address: name, version, ...progress }),
  });
}

/** One question at a time for each provider, and none for a minute after a good answer. */
function cachedVersions(index: RemoteIndex): (address: ProviderAddress) => Promise<string[] | undefined> {
  const known = new LRUCache<string, Promise<readonly string[] | undefined>>({ max: 200, ttl: VERSIONS_LIFE_MS });
  return async (address) => {
    const key = formatFullAddress(address);
    const found = known.get(key) ?? index.versions(address);
    known.set(key, found, { noUpdateTTL: true });
    try {
      const versions = await found;
      return versions === undefined || versions.length === 0 ? undefined : [...versions];
    } catch (cause) {
      known.delete(key);
      throw cause;
    }
  };
}
