import { formatAddress } from './address.ts';
import type { AddressFilter } from './address-filter.ts';
import type { Installer } from './installer.ts';
import { openMirror } from './mirror.ts';
import type { PackageSource } from './package-source.ts';

export interface MirrorSourceOptions {
  readonly mirrorDir: string;
  readonly installer: Installer;
  readonly serves: AddressFilter;
}

/** Packages of a filesystem mirror, pinned at first sight and checked ever after. */
export function mirrorSource({ mirrorDir, installer, serves }: MirrorSourceOptions): PackageSource {
  const mirror = openMirror(mirrorDir, installer.platform);
  return {
    name: 'filesystem mirror',
    addresses: async () => (await mirror.addresses()).filter(serves).map(formatAddress),
    versions: async (address) => {
      const packages = serves(address) ? await mirror.packages(address) : [];
      return packages.length === 0 ? undefined : packages.map((each) => each.version);
    },
    resolve: async (address, constraint) => {
      const packages = serves(address) ? await mirror.packages(address) : [];
      const version = await installer.choose(
        address,
        constraint,
        packages.map((each) => each.version),
      );
      const found = packages.find((each) => each.version === version);
      if (found === undefined) return undefined;
      const wanted = { address, version: found.version, constraint };
      return installer.install(wanted, async () => ({ found }));
    },
  };
}
