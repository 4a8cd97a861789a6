import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { formatAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { noVersion, type PackageSource } from './package-source.ts';
import type { ProviderBinary } from './provider-binary.ts';

/** The provider that ships with Sluice, so that a newcomer needs no mirror and no network. */
export const builtInAddress = 'sluice/sandbox';
export const builtInVersion = '0.1.0';

const folder = fileURLToPath(new URL('../sandbox/', import.meta.url));

/** Started by the Node that runs this process; its sources stand in for the binary's bytes. */
async function builtInBinary(): Promise<ProviderBinary> {
  const path = join(folder, 'main.ts');
  return {
    address: builtInAddress,
    version: builtInVersion,
    path,
    sha256: await sha256OfSources(folder),
    command: [process.execPath, path],
  };
}

async function sha256OfSources(root: string): Promise<string> {
  const hash = createHash('sha256').update(builtInVersion);
  const names = (await readdir(root)).filter((name) => /^[^.]+\.ts$/.test(name)).toSorted(); // tests have a second dot
  for (const name of names) hash.update(`${name}\n`).update(await readFile(join(root, name)));
  return hash.digest('hex');
}

/** The sandbox as a source beside the others. */
export function builtInSource(allowList: AllowList): PackageSource {
  let binary: Promise<ProviderBinary> | undefined;
  return {
    name: 'built in',
    addresses: async () => [builtInAddress],
    versions: async (address) => (formatAddress(address) === builtInAddress ? [builtInVersion] : undefined),
    resolve: async (address, constraint) => {
      if (formatAddress(address) !== builtInAddress) return undefined;
      allowList.requireVersion(address, builtInVersion);
      if (!constraint.allows(builtInVersion)) throw noVersion(address, constraint, [builtInVersion]);
      binary ??= builtInBinary();
      return binary;
    },
  };
}
