import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parseAddress, type ProviderAddress } from './address.ts';
import { isVersion, sortVersions } from './version.ts';

/** A package as it lies in a mirror. */
export interface ProviderPackage {
  readonly version: string;
  readonly form: 'packed' | 'unpacked';
  /** The zip archive, or the folder with the binary. */
  readonly path: string;
}

/**
 * A filesystem mirror in Terraform's two layouts:
 * `HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_OS_ARCH.zip` and `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/`.
 */
export interface Mirror {
  /** Every provider that has a folder, whether or not it has a package for this platform. */
  addresses(): Promise<ProviderAddress[]>;
  /** Packages for this platform, newest version first; where both layouts hold a version the unpacked one wins. */
  packages(address: ProviderAddress): Promise<ProviderPackage[]>;
}

/** @param platform `linux_amd64`; see `hostPlatform` */
export function openMirror(root: string, platform: string): Mirror {
  return {
    addresses: () => listAddresses(root),
    packages: async (address) => {
      const folder = join(root, address.hostname, address.namespace, address.type);
      const found = new Map<string, ProviderPackage>();
      const entries = await list(folder);
      for (const each of entries
        .filter((entry) => entry.isFile())
        .map((entry) => packed(folder, address.type, platform, entry.name))) {
        if (each !== undefined) found.set(each.version, each);
      }
      for (const version of entries.map((entry) => entry.name).filter(isVersion)) {
        const inside = await list(join(folder, version));
        if (inside.some((entry) => entry.name === platform)) {
          found.set(version, { version, form: 'unpacked', path: join(folder, version, platform) });
        }
      }
      return sortVersions(found.keys()).flatMap((version) => found.get(version) ?? []);
    },
  };
}

function packed(folder: string, type: string, platform: string, name: string): ProviderPackage | undefined {
  const prefix = `terraform-provider-${type}_`;
  const suffix = `_${platform}.zip`;
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const version = name.slice(prefix.length, -suffix.length);
  return isVersion(version) ? { version, form: 'packed', path: join(folder, name) } : undefined;
}

async function listAddresses(root: string): Promise<ProviderAddress[]> {
  const addresses: ProviderAddress[] = [];
  for (const hostname of await list(root)) {
    for (const namespace of await list(join(root, hostname.name))) {
      for (const type of await list(join(root, hostname.name, namespace.name))) {
        const address = readAddress(`${hostname.name}/${namespace.name}/${type.name}`);
        if (address !== undefined) addresses.push(address);
      }
    }
  }
  return addresses;
}

// A stray file or an odd folder in a mirror is no reason to hide the providers beside it.
function readAddress(text: string): ProviderAddress | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

// An absent folder is an empty one. Links are listed too: Terraform's own unpacked mirrors are made of them.
async function list(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

const goNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', win32: 'windows' };

/** This machine in Go's words, e.g. `linux_amd64`. */
export function hostPlatform(): string {
  return [process.platform, process.arch].map((name) => goNames[name] ?? name).join('_');
}
