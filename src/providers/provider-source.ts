import { stat } from 'node:fs/promises';

import { AppError } from '../shared/errors.ts';
import { formatAddress, formatFullAddress, parseAddress, type ProviderAddress } from './address.ts';
import { createAllowList, type AllowedProvider, type AllowList } from './allow-list.ts';
import type { ArchiveLimits } from './archive.ts';
import { builtInSource } from './built-in.ts';
import { mirrorSource } from './mirror-source.ts';
import { hostPlatform, openMirror } from './mirror.ts';
import { developmentVersion, overrideSource } from './override-source.ts';
import type { PackageSource } from './package-source.ts';
import type { ProviderBinary } from './provider-binary.ts';
import { rankHits, type ProviderHit } from './provider-search.ts';
import { anyVersion, parseConstraint } from './version.ts';

/** The providers that may run here: finding them, choosing a version, installing it. */
export interface ProviderCatalogue {
  /** Best hits first: an exact address, then names that begin with the query, then names that hold it. */
  search(query: string): Promise<ProviderHit[]>;
  /** Versions that may run on this platform, newest first. */
  versions(address: string): Promise<string[]>;
  /**
   * Chooses a version (the pinned one where it fits, else the newest that the constraint allows), installs it, and
   * checks it against the lock file.
   *
   * @throws AppError BAD_INPUT, NO_SUCH, or PROVIDER_REFUSED
   */
  resolve(address: string, constraint?: string): Promise<ProviderBinary>;
}

export interface ProviderSourceOptions {
  readonly allowed: readonly AllowedProvider[];
  /** Absolute folder in Terraform's mirror layout. */
  readonly mirrorDir?: string | undefined;
  /** Address to an absolute path: the provider's executable, or the folder that holds it. Not checked against locks. */
  readonly developmentOverrides?: Readonly<Record<string, string>> | undefined;
  /** Archives are unpacked below it. */
  readonly cacheDir: string;
  readonly lockFile: string;
  /** `linux_amd64`; this machine's unless given. */
  readonly platform?: string | undefined;
  readonly archiveLimits?: ArchiveLimits | undefined;
}

/** @throws AppError BAD_INPUT when an option does not parse */
export function createProviderSource(options: ProviderSourceOptions): ProviderCatalogue {
  const allowList = createAllowList(options.allowed);
  const sources = sourcesOf(options, allowList);
  return {
    search: async (query) => rankHits(query, await listHits(sources, allowList)),
    versions: async (text) => {
      const address = parseAddress(text);
      allowList.require(address);
      const found = await firstAnswer(sources, (source) => source.versions(address));
      return (found ?? []).filter((version) => version === developmentVersion || allowList.allows(address, version));
    },
    resolve: async (text, constraintText) => {
      const address = parseAddress(text);
      allowList.require(address); // before anything of the provider is read
      const constraint = constraintText === undefined ? anyVersion : parseConstraint(constraintText);
      const binary = await firstAnswer(sources, (source) => source.resolve(address, constraint));
      if (binary === undefined) throw await missing(address, options.mirrorDir);
      return binary;
    },
  };
}

/**
 * In the order that Terraform users know: development override, filesystem mirror, then what needs the network (nothing
 * yet: a network mirror and a registry belong after the filesystem mirror), last what is built in.
 */
function sourcesOf(options: ProviderSourceOptions, allowList: AllowList): PackageSource[] {
  const sources: PackageSource[] = [overrideSource(options.developmentOverrides ?? {})];
  const { mirrorDir } = options;
  if (mirrorDir !== undefined) sources.push(mirrorSource({ ...options, mirrorDir, allowList }));
  sources.push(builtInSource(allowList));
  return sources;
}

async function firstAnswer<T>(
  sources: readonly PackageSource[],
  ask: (source: PackageSource) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const source of sources) {
    const answer = await ask(source);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function listHits(sources: readonly PackageSource[], allowList: AllowList): Promise<ProviderHit[]> {
  const hits = new Map<string, ProviderHit>();
  for (const source of sources) {
    for (const address of await source.addresses()) {
      const parsed = parseAddress(address);
      if (hits.has(address) || !allowList.names(parsed)) continue;
      const versions = ((await source.versions(parsed)) ?? []).filter(
        (version) => version === developmentVersion || allowList.allows(parsed, version),
      );
      if (versions.length > 0) hits.set(address, { address, versions, source: source.name });
    }
  }
  return [...hits.values()];
}

async function missing(address: ProviderAddress, mirrorDir: string | undefined): Promise<AppError> {
  return new AppError('NO_SUCH', `no such provider: ${await whyMissing(address, mirrorDir)}`);
}

async function whyMissing(address: ProviderAddress, mirrorDir: string | undefined): Promise<string> {
  const name = formatFullAddress(address);
  if (mirrorDir === undefined) {
    return `${formatAddress(address)} needs a mirror; set SLUICE_PROVIDER_MIRROR to a folder in Terraform's mirror layout`;
  }
  if (!(await isFolder(mirrorDir))) {
    return `${name} was looked for in ${mirrorDir}, which is no folder; mend SLUICE_PROVIDER_MIRROR`;
  }
  const others = (await openMirror(mirrorDir, hostPlatform()).addresses()).filter(
    (other) =>
      other.namespace === address.namespace && other.type === address.type && other.hostname !== address.hostname,
  );
  if (others.length === 0) return `the mirror has no ${name}; add a package for this platform there`;
  return `the mirror has no ${name}; it has ${others.map(formatFullAddress).join(', ')}: name that`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
