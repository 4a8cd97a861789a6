import { join } from 'node:path';

import { formatAddress, formatFullAddress, type ProviderAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import type { ArchiveLimits } from './archive.ts';
import { cacheFolderOf, installPackage, type PackageJudge } from './install-package.ts';
import { openLockFile, type LockFile } from './lock-file.ts';
import { hostPlatform, openMirror, type Mirror, type ProviderPackage } from './mirror.ts';
import { noVersion, type PackageSource } from './package-source.ts';
import { executableName, verifyBinary, type ProviderBinary } from './provider-binary.ts';
import type { VersionConstraint } from './version.ts';

export interface MirrorSourceOptions {
  readonly mirrorDir: string;
  readonly allowList: AllowList;
  readonly cacheDir: string;
  readonly lockFile: string;
  readonly platform?: string | undefined;
  readonly archiveLimits?: ArchiveLimits | undefined;
}

interface Installer {
  readonly mirror: Mirror;
  readonly allowList: AllowList;
  readonly lock: LockFile;
  readonly platform: string;
  readonly options: MirrorSourceOptions;
}

/** Packages of a filesystem mirror, pinned at first sight and checked ever after. */
export function mirrorSource(options: MirrorSourceOptions): PackageSource {
  const { allowList } = options;
  const platform = options.platform ?? hostPlatform();
  const lock = openLockFile(options.lockFile);
  const mirror = openMirror(options.mirrorDir, platform);
  const installer: Installer = { mirror, allowList, lock, platform, options };
  const installed = new Map<string, Promise<ProviderBinary>>(); // by address and version: judged once a process
  return {
    name: 'filesystem mirror',
    addresses: async () => (await mirror.addresses()).map(formatAddress),
    versions: async (address) => {
      const packages = await mirror.packages(address);
      return packages.length === 0 ? undefined : packages.map((each) => each.version);
    },
    resolve: async (address, constraint) => {
      const chosen = await choosePackage(installer, address, constraint);
      if (chosen === undefined) return undefined;
      const key = `${formatFullAddress(address)} ${chosen.version}`;
      const pending = installed.get(key) ?? install(installer, address, chosen, constraint);
      installed.set(key, pending);
      try {
        const binary = await pending;
        await verifyBinary(binary);
        return binary;
      } catch (cause) {
        installed.delete(key); // a mended mirror is judged afresh
        throw cause;
      }
    },
  };
}

async function choosePackage(
  { mirror, allowList, lock }: Installer,
  address: ProviderAddress,
  constraint: VersionConstraint,
): Promise<ProviderPackage | undefined> {
  const packages = await mirror.packages(address);
  if (packages.length === 0) return undefined;
  const fitting = packages.filter((each) => constraint.allows(each.version));
  const newest = fitting[0];
  if (newest === undefined)
    throw noVersion(
      address,
      constraint,
      packages.map((each) => each.version),
    );
  const allowed = fitting.filter((each) => allowList.allows(address, each.version));
  if (allowed.length === 0) allowList.requireVersion(address, newest.version);
  const pinned = await lock.pinnedVersion(address);
  return allowed.find((each) => each.version === pinned) ?? allowed[0];
}

async function install(
  { lock, platform, options }: Installer,
  address: ProviderAddress,
  chosen: ProviderPackage,
  constraint: VersionConstraint,
): Promise<ProviderBinary> {
  const { version } = chosen;
  const judge: PackageJudge = {
    isPinned: async (hash) => (await lock.hashesOf(address, version)).includes(hash),
    accept: (hashes) => lock.checkAndPin(address, version, constraint.text, hashes),
  };
  const cache = cacheFolderOf(options.cacheDir, address, version, platform);
  const { folder, sums } = await installPackage(chosen, cache, judge, options.archiveLimits);
  const name = executableName(folder, sums.keys(), address.type);
  // The checksum of what was judged, not of what lies there now: a file swapped in between fails the check at the start.
  const sha256 = sums.get(name) ?? '';
  return { address: formatAddress(address), version, path: join(folder, name), sha256 };
}
