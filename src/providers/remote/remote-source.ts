import { join } from 'node:path';

import { LRUCache } from 'lru-cache';

import type { Outbound } from '../../outbound/index.ts';
import { formatAddress, formatFullAddress, type ProviderAddress } from '../address.ts';
import type { AddressFilter } from '../address-filter.ts';
import { cacheFolderOf } from '../install-package.ts';
import type { Installer, ObtainedPackage, Wanted } from '../installer.ts';
import type { OnProgress, PackageSource } from '../package-source.ts';
import type { ProviderBinary } from '../provider-binary.ts';
import { parseConstraint } from '../version.ts';
import { downloadPackage } from './download-package.ts';
import { inOneProcess } from './one-process.ts';
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
  const running = new Map<string, Promise<ProviderBinary>>(); // whoever comes meanwhile waits for the same download
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
      const key = `${formatFullAddress(address)} ${version}`;
      const pending = running.get(key) ?? install(options, { address, version, constraint }, onProgress);
      running.set(key, pending);
      return pending.finally(() => running.delete(key));
    },
  };
}

/** Of several processes with the same folder one downloads, and the others then find what it installed. */
function install(
  options: RemoteSourceOptions,
  wanted: Wanted,
  onProgress: OnProgress | undefined,
): Promise<ProviderBinary> {
  const { installer, cacheDir } = options;
  const { address, version } = wanted;
  const folder = cacheFolderOf(cacheDir, address, version, installer.platform);
  return inOneProcess(join(folder, '.lock'), async () => {
    const installed = await installer.installed(address, parseConstraint(version));
    if (installed !== undefined) return installed;
    return installer.install(wanted, () => obtain(options, address, version, onProgress));
  });
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
