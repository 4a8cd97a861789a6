import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { formatAddress, formatFullAddress, type ProviderAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import type { ArchiveLimits } from './archive.ts';
import { cacheFolderOf, installPackage, type PackageJudge } from './install-package.ts';
import { openLockFile, type LockFile } from './lock-file.ts';
import { hostPlatform, type ProviderPackage } from './mirror.ts';
import { contentHash, folderSums, type FileSums } from './package-hash.ts';
import { noVersion } from './package-source.ts';
import { executableName, verifyBinary, type ProviderBinary } from './provider-binary.ts';
import { isVersion, type VersionConstraint } from './version.ts';

export interface InstallerOptions {
  readonly allowList: AllowList;
  /** Archives are unpacked below it. */
  readonly cacheDir: string;
  readonly lockFile: string;
  /** `linux_amd64`; this machine's unless given. */
  readonly platform?: string | undefined;
  readonly archiveLimits?: ArchiveLimits | undefined;
}

/** A package brought to this machine, and what its source says of its checksums. */
export interface ObtainedPackage {
  readonly found: ProviderPackage;
  /** Checksums of which the package must have one; absent where the source states none. */
  readonly stated?: readonly string[] | undefined;
  /** Checksums of the version's packages for other platforms, pinned along with this one's. */
  readonly siblings?: readonly string[] | undefined;
  /** Removes what was brought only for the installation. */
  release?(): Promise<void>;
}

/** Chooses versions and installs packages, the same for every source that has real packages. */
export interface Installer {
  readonly platform: string;
  /**
   * The pinned version where it fits, else the newest that the constraint and the allow-list let pass.
   *
   * @throws AppError NO_SUCH or PROVIDER_REFUSED when there are versions and none may be used
   */
  choose(
    address: ProviderAddress,
    constraint: VersionConstraint,
    versions: readonly string[],
  ): Promise<string | undefined>;
  /** Installs once a process, checks the binary each time. */
  install(wanted: Wanted, obtain: () => Promise<ObtainedPackage>): Promise<ProviderBinary>;
  /**
   * The pinned version, or the very version that the constraint names, where it lies in the cache just as it was
   * pinned: nobody need be asked for it.
   */
  installed(address: ProviderAddress, constraint: VersionConstraint): Promise<ProviderBinary | undefined>;
}

export interface Wanted {
  readonly address: ProviderAddress;
  readonly version: string;
  readonly constraint: VersionConstraint;
}

interface Place {
  readonly lock: LockFile;
  readonly platform: string;
  readonly options: InstallerOptions;
}

export function createInstaller(options: InstallerOptions): Installer {
  const place: Place = {
    lock: openLockFile(options.lockFile),
    platform: options.platform ?? hostPlatform(),
    options,
  };
  const running = new Map<string, Promise<ProviderBinary>>(); // by address and version: judged once a process
  return {
    platform: place.platform,
    choose: (address, constraint, versions) => chooseVersion(place, address, constraint, versions),
    install: async (wanted, obtain) => {
      const key = `${formatFullAddress(wanted.address)} ${wanted.version}`;
      const pending = running.get(key) ?? installOnce(place, wanted, obtain);
      running.set(key, pending);
      try {
        const binary = await pending;
        await verifyBinary(binary);
        return binary;
      } catch (cause) {
        running.delete(key); // a mended source is judged afresh
        throw cause;
      }
    },
    installed: async (address, constraint) => {
      const exact = constraint.text.replace(/^=\s*/, '');
      for (const version of [await place.lock.pinnedVersion(address), exact]) {
        if (version === undefined || !isVersion(version) || !constraint.allows(version)) continue;
        const key = `${formatFullAddress(address)} ${version}`;
        const binary = await (running.get(key) ?? findInstalled(place, address, version));
        if (binary === undefined) continue;
        running.set(key, Promise.resolve(binary));
        return binary;
      }
      return undefined;
    },
  };
}

async function chooseVersion(
  { lock, options: { allowList } }: Place,
  address: ProviderAddress,
  constraint: VersionConstraint,
  versions: readonly string[],
): Promise<string | undefined> {
  if (versions.length === 0) return undefined;
  const fitting = versions.filter((version) => constraint.allows(version));
  const [newest] = fitting;
  if (newest === undefined) throw noVersion(address, constraint, versions);
  const allowed = fitting.filter((version) => allowList.allows(address, version));
  if (allowed.length === 0) allowList.requireVersion(address, newest);
  const pinned = await lock.pinnedVersion(address);
  return allowed.find((version) => version === pinned) ?? allowed[0];
}

async function installOnce(
  place: Place,
  wanted: Wanted,
  obtain: () => Promise<ObtainedPackage>,
): Promise<ProviderBinary> {
  const { address, version } = wanted;
  const { lock, options } = place;
  const obtained = await obtain();
  const judge: PackageJudge = {
    stated: obtained.stated,
    isPinned: async (hash) => (await lock.hashesOf(address, version)).includes(hash),
    accept: (hashes) =>
      lock.checkAndPin({ address, version, constraint: wanted.constraint.text, hashes, siblings: obtained.siblings }),
  };
  try {
    const cache = cacheFolderOf(options.cacheDir, address, version, place.platform);
    const { folder, sums } = await installPackage(obtained.found, cache, judge, options.archiveLimits);
    return binaryOf(wanted, folder, sums);
  } finally {
    await obtained.release?.();
  }
}

function binaryOf(
  { address, version }: Pick<Wanted, 'address' | 'version'>,
  folder: string,
  sums: FileSums,
): ProviderBinary {
  const name = executableName(folder, sums.keys(), address.type);
  // The checksum of what was judged, not of what lies there now: a file swapped in between fails the check at the start.
  const sha256 = sums.get(name) ?? '';
  return { address: formatAddress(address), version, path: join(folder, name), sha256 };
}

async function findInstalled(
  { lock, platform, options }: Place,
  address: ProviderAddress,
  version: string,
): Promise<ProviderBinary | undefined> {
  if (!options.allowList.allows(address, version)) return undefined;
  const pinned = await lock.hashesOf(address, version);
  const cache = cacheFolderOf(options.cacheDir, address, version, platform);
  for (const name of await readdir(cache).catch(() => [])) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue; // drafts and downloads
    const folder = join(cache, name);
    const sums = await folderSums(folder).catch(() => undefined);
    if (sums !== undefined && pinned.includes(contentHash(sums))) return binaryOf({ address, version }, folder, sums);
  }
  return undefined;
}
