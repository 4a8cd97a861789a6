import { stat } from 'node:fs/promises';

import type { Outbound } from '../outbound/index.ts';
import { AppError } from '../shared/errors.ts';
import { createAddressFilter } from './address-filter.ts';
import { formatAddress, formatFullAddress, parseAddress, type ProviderAddress } from './address.ts';
import { createAllowList, type AllowedProvider, type AllowList } from './allow-list.ts';
import type { ArchiveLimits } from './archive.ts';
import { builtInSource } from './built-in.ts';
import {
  createDocumentation,
  createRegistryDocs,
  type FindDocumentation,
  type RegistryDocs,
} from './documentation/index.ts';
import { createInstaller, type Installer } from './installer.ts';
import { mirrorSource } from './mirror-source.ts';
import { hostPlatform, openMirror } from './mirror.ts';
import { developmentVersion, overrideSource } from './override-source.ts';
import type { OnProgress, PackageSource } from './package-source.ts';
import type { ProviderBinary } from './provider-binary.ts';
import { addFound, rankHits, type ProviderHit } from './provider-search.ts';
import {
  createRegistrySearch,
  networkMirrorIndex,
  registryIndex,
  remoteSource,
  type RegistrySearch,
} from './remote/index.ts';
import { parseWish } from './version.ts';

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
   * @param onProgress told while a package is downloaded for this call
   * @throws AppError BAD_INPUT, NO_SUCH, PROVIDER_REFUSED, or UNAVAILABLE when a server did not answer
   */
  resolve(address: string, constraint?: string, onProgress?: OnProgress): Promise<ProviderBinary>;
  /** What the publisher wrote about the version that would be chosen; nothing is installed for it. */
  documentation: FindDocumentation;
}

export interface ProviderSourceOptions {
  readonly allowed: readonly AllowedProvider[];
  /** Absolute folder in Terraform's mirror layout. */
  readonly mirrorDir?: string | undefined;
  /** Address to an absolute path: the provider's executable, or the folder that holds it. Not checked against locks. */
  readonly developmentOverrides?: Readonly<Record<string, string>> | undefined;
  /** Servers to get packages from; without it the network is not used. */
  readonly network?: ProviderNetwork | undefined;
  /** For which providers a source is asked: `hashicorp/*`, `!acme/secret`. Everything where a list is empty. */
  readonly patterns?: SourcePatterns | undefined;
  /** Archives are unpacked below it. */
  readonly cacheDir: string;
  readonly lockFile: string;
  /** `linux_amd64`; this machine's unless given. */
  readonly platform?: string | undefined;
  readonly archiveLimits?: ArchiveLimits | undefined;
}

/** Addresses of servers; each one that is absent is not asked. */
export interface ProviderNetwork {
  readonly outbound: Outbound;
  /** Base address of a network mirror. */
  readonly mirrorUrl?: string | undefined;
  /** Where the default registry is reached. Registries of other hosts are asked under their own names. */
  readonly registryUrl?: string | undefined;
  /** The registry's search; its documents lie beside it. */
  readonly searchUrl?: string | undefined;
}

export interface SourcePatterns {
  readonly mirror?: readonly string[] | undefined;
  readonly networkMirror?: readonly string[] | undefined;
  readonly registry?: readonly string[] | undefined;
}

/** @throws AppError BAD_INPUT when an option does not parse */
export function createProviderSource(options: ProviderSourceOptions): ProviderCatalogue {
  const allowList = createAllowList(options.allowed);
  const installer = createInstaller({ ...options, allowList });
  const sources = sourcesOf(options, allowList, installer);
  const find = searchOf(options.network);
  const allowedOf = (address: ProviderAddress, versions: readonly string[]): string[] =>
    versions.filter((version) => version === developmentVersion || allowList.allows(address, version));
  const hitsFor = async (addresses: Iterable<string>, asked: readonly PackageSource[]): Promise<ProviderHit[]> => {
    const named = [...addresses].map((text) => parseAddress(text)).filter((address) => allowList.names(address));
    return anyAnswers(named.map((address) => describeHit(address, asked, allowedOf)));
  };
  return {
    search: async (query) => {
      const local = rankHits(query, await listHits(sources, hitsFor));
      if (local.some(({ address }) => address === query.trim())) return local; // nobody can know better
      return addFound(local, async () => hitsFor(await find(query), sources));
    },
    versions: async (text) => {
      const address = parseAddress(text);
      allowList.require(address); // before anybody is asked for it
      const found = await firstAnswer(sources, (source) => source.versions(address));
      return allowedOf(address, found ?? []);
    },
    resolve: async (text, constraintText, onProgress) => {
      const address = parseAddress(text);
      allowList.require(address); // before anything of the provider is read
      const constraint = parseWish(constraintText);
      const binary = await firstAnswer(sources, (source) => source.resolve(address, constraint, onProgress));
      if (binary === undefined) throw await missing(address, options);
      return binary;
    },
    documentation: createDocumentation({
      docs: docsOf(options.network),
      serves: createAddressFilter(options.patterns?.registry),
      allowList,
      chooseVersion: async (address, constraint) => {
        // an override has no release number, and so no documentation
        const [, ...published] = sources;
        const versions = (await firstAnswer(published, (source) => source.versions(address))) ?? [];
        const version = await installer.choose(address, parseWish(constraint), versions);
        if (version === undefined) throw await missing(address, options);
        return version;
      },
    }),
  };
}

/**
 * In the order that Terraform users know: development override, filesystem mirror, network mirror, registry. What is
 * built in comes before the network, so that no server can stand in for it.
 */
function sourcesOf(options: ProviderSourceOptions, allowList: AllowList, installer: Installer): PackageSource[] {
  const { mirrorDir, network, patterns = {} } = options;
  const sources: PackageSource[] = [overrideSource(options.developmentOverrides ?? {})];
  if (mirrorDir !== undefined) {
    sources.push(mirrorSource({ mirrorDir, installer, serves: createAddressFilter(patterns.mirror) }));
  }
  sources.push(builtInSource(allowList));
  if (network === undefined) return sources;
  const { outbound } = network;
  const server = { outbound, platform: installer.platform };
  const common = { installer, outbound, cacheDir: options.cacheDir };
  if (network.mirrorUrl !== undefined) {
    const index = networkMirrorIndex({ ...server, url: network.mirrorUrl });
    sources.push(remoteSource({ ...common, index, serves: createAddressFilter(patterns.networkMirror) }));
  }
  if (network.registryUrl !== undefined) {
    const index = registryIndex({ ...server, url: network.registryUrl });
    sources.push(remoteSource({ ...common, index, serves: createAddressFilter(patterns.registry) }));
  }
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

type HitsFor = (addresses: Iterable<string>, asked: readonly PackageSource[]) => Promise<ProviderHit[]>;

/** What the sources on this machine have; a provider that several have is the first one's. */
async function listHits(sources: readonly PackageSource[], hitsFor: HitsFor): Promise<ProviderHit[]> {
  const hits = new Map<string, ProviderHit>();
  for (const source of sources) {
    for (const hit of await hitsFor(new Set(await source.addresses()), [source])) {
      if (!hits.has(hit.address)) hits.set(hit.address, hit);
    }
  }
  return [...hits.values()];
}

/** What could be answered; a failure is told when nothing else is there to tell. */
async function anyAnswers<T>(asked: readonly Promise<readonly T[]>[]): Promise<T[]> {
  const settled = await Promise.allSettled(asked);
  const answers = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failed = settled.find((each) => each.status === 'rejected');
  if (answers.length === 0 && failed !== undefined) throw failed.reason;
  return answers;
}

async function describeHit(
  address: ProviderAddress,
  asked: readonly PackageSource[],
  allowedOf: (address: ProviderAddress, versions: readonly string[]) => string[],
): Promise<ProviderHit[]> {
  for (const source of asked) {
    const found = await source.versions(address);
    if (found === undefined) continue;
    const versions = allowedOf(address, found);
    return versions.length === 0 ? [] : [{ address: formatAddress(address), versions, source: source.name }];
  }
  return [];
}

/** What a registry finds; nothing for an empty query, which lists what is here. */
function searchOf(network: ProviderNetwork | undefined): RegistrySearch {
  if (network?.searchUrl === undefined || network.registryUrl === undefined) return async () => [];
  const search = createRegistrySearch(network.outbound, network.searchUrl);
  return async (query) => (query.trim() === '' ? [] : search(query));
}

/** The registry's documents lie beside its search. */
function docsOf(network: ProviderNetwork | undefined): RegistryDocs | undefined {
  if (network?.searchUrl === undefined || network.registryUrl === undefined) return undefined;
  return createRegistryDocs(network.outbound, new URL('.', network.searchUrl).href);
}

async function missing(address: ProviderAddress, options: ProviderSourceOptions): Promise<AppError> {
  return new AppError('NO_SUCH', `no such provider: ${await whyMissing(address, options)}`);
}

async function whyMissing(address: ProviderAddress, { mirrorDir, network }: ProviderSourceOptions): Promise<string> {
  const name = formatFullAddress(address);
  const servers = [
    network?.mirrorUrl === undefined ? [] : [`the network mirror ${network.mirrorUrl}`],
    network?.registryUrl === undefined ? [] : ['its registry'],
  ].flat();
  if (servers.length > 0) {
    const asked = [...(mirrorDir === undefined ? [] : [`the mirror ${mirrorDir}`]), ...servers];
    return `${name} for ${hostPlatform()} is in none of: ${asked.join(', ')}; check the address, and the settings SLUICE_PROVIDER_*`;
  }
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
