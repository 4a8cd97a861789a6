import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { AppError, badInput, noSuch } from '../shared/errors.ts';
import { formatAddress, formatFullAddress, parseAddress, type ProviderAddress } from './address.ts';
import { createAllowList, type AllowedProvider, type AllowList } from './allow-list.ts';
import type { ArchiveLimits } from './archive.ts';
import { builtInAddress, builtInBinary, builtInVersion } from './built-in.ts';
import { cacheFolderOf, installPackage, type PackageJudge } from './install-package.ts';
import { openLockFile, type LockFile } from './lock-file.ts';
import { hostPlatform, openMirror, type Mirror, type ProviderPackage } from './mirror.ts';
import { executableSha256, findExecutable, verifyBinary, type ProviderBinary } from './provider-binary.ts';
import { rankHits, type ProviderHit } from './provider-search.ts';
import { anyVersion, parseConstraint, type VersionConstraint } from './version.ts';

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

/** What a development override is called: whatever is built there has no release number. */
export const developmentVersion = '0.0.0-dev';

/**
 * One place that providers come from. A source that does not have the provider answers `undefined` and the next one
 * is asked; the network mirror and the registry belong at the end of `sourcesOf`.
 */
interface Source {
  readonly name: string;
  addresses(): Promise<string[]>;
  versions(address: ProviderAddress): Promise<string[] | undefined>;
  resolve(address: ProviderAddress, constraint: VersionConstraint): Promise<ProviderBinary | undefined>;
}

interface Installer {
  readonly mirror: Mirror;
  readonly mirrorDir: string;
  readonly allowList: AllowList;
  readonly lock: LockFile;
  readonly platform: string;
  readonly options: ProviderSourceOptions;
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

/** In the order that Terraform users know: development override, filesystem mirror, built in. */
function sourcesOf(options: ProviderSourceOptions, allowList: AllowList): Source[] {
  const sources: Source[] = [overrideSource(options.developmentOverrides ?? {})];
  if (options.mirrorDir !== undefined) sources.push(mirrorSource(options, options.mirrorDir, allowList));
  sources.push(builtInSource(allowList));
  return sources;
}

async function firstAnswer<T>(
  sources: readonly Source[],
  ask: (source: Source) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (const source of sources) {
    const answer = await ask(source);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function listHits(sources: readonly Source[], allowList: AllowList): Promise<ProviderHit[]> {
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

function overrideSource(overrides: Readonly<Record<string, string>>): Source {
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
      const path = found.isDirectory() ? await findExecutable(given, address.type) : given;
      return {
        address: formatAddress(address),
        version: developmentVersion,
        path,
        sha256: await executableSha256(path),
      };
    },
  };
}

function builtInSource(allowList: AllowList): Source {
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

function mirrorSource(options: ProviderSourceOptions, mirrorDir: string, allowList: AllowList): Source {
  const platform = options.platform ?? hostPlatform();
  const lock = openLockFile(options.lockFile);
  const mirror = openMirror(mirrorDir, platform);
  const installer: Installer = { mirror, mirrorDir, allowList, lock, platform, options };
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
  const cache = cacheFolderOf(join(options.cacheDir), address, version, platform);
  const folder = await installPackage(chosen, cache, judge, options.archiveLimits);
  const path = await findExecutable(folder, address.type);
  return { address: formatAddress(address), version, path, sha256: await executableSha256(path) };
}

function noVersion(address: ProviderAddress, constraint: VersionConstraint, versions: readonly string[]): AppError {
  const wanted = constraint.text === '' ? 'that is no pre-release' : `that fits ${JSON.stringify(constraint.text)}`;
  return new AppError(
    'NO_SUCH',
    `no such provider version: ${formatAddress(address)} has none ${wanted}; there is ${versions.slice(0, 10).join(', ')}`,
    { details: { provider: formatAddress(address), versions } },
  );
}

async function missing(address: ProviderAddress, mirrorDir: string | undefined): Promise<AppError> {
  const name = formatAddress(address);
  if (mirrorDir === undefined) {
    return new AppError(
      'NO_SUCH',
      `no such provider: ${name} needs a mirror; set SLUICE_PROVIDER_MIRROR to a folder in Terraform's mirror layout`,
    );
  }
  const others = (await openMirror(mirrorDir, hostPlatform()).addresses())
    .filter(
      (other) =>
        other.namespace === address.namespace && other.type === address.type && other.hostname !== address.hostname,
    )
    .map(formatFullAddress);
  const hint =
    others.length > 0 ? `; it has ${others.join(', ')}: name that` : '; add a package for this platform there';
  return new AppError('NO_SUCH', `no such provider: the mirror has no ${formatFullAddress(address)}${hint}`);
}
