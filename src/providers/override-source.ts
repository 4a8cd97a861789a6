import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { badInput, noSuch } from '../shared/errors.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { PackageSource } from './package-source.ts';
import { executableName, executableSha256 } from './provider-binary.ts';

/** What a development override is called: whatever is built there has no release number. */
export const developmentVersion = '0.0.0-dev';

/**
 * Providers that somebody is writing, used as they lie: no constraint and no lock applies to them.
 *
 * @param overrides address to an absolute path: the provider's executable, or the folder that holds it
 */
export function overrideSource(overrides: Readonly<Record<string, string>>): PackageSource {
  const paths = new Map<string, string>();
  for (const [text, path] of Object.entries(overrides)) {
    if (!isAbsolute(path)) throw badInput('development override', `${text}: ${path} must be an absolute path`);
    paths.set(formatAddress(parseAddress(text, 'development override')), path);
  }
  return {
    name: 'development override',
    addresses: async () => [...paths.keys()],
    versions: async (address) => (paths.has(formatAddress(address)) ? [developmentVersion] : undefined),
    resolve: async (address) => {
      const given = paths.get(formatAddress(address));
      if (given === undefined) return undefined;
      const found = await stat(given).catch(() => undefined);
      if (found === undefined) throw noSuch('file or folder of a development override', given);
      const path = found.isDirectory() ? join(given, executableName(given, await readdir(given), address.type)) : given;
      return {
        address: formatAddress(address),
        version: developmentVersion,
        path,
        sha256: await executableSha256(path),
      };
    },
  };
}
