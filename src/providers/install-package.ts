import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { AppError } from '../shared/errors.ts';
import type { ProviderAddress } from './address.ts';
import type { ArchiveLimits } from './archive.ts';
import type { ProviderPackage } from './mirror.ts';
import { diskProblem } from './disk-problem.ts';
import { archiveHash, contentHash, folderSums, type FileSums } from './package-hash.ts';

/** How a package's checksums are judged, for one version of one provider. */
export interface PackageJudge {
  /** Checksums that the package's source states; the package must have one of them. Absent: nothing is stated. */
  readonly stated?: readonly string[] | undefined;
  /** Whether the lock file names this very checksum. */
  isPinned(hash: string): Promise<boolean>;
  /** Pins at first sight; throws when the lock file names none of the checksums. */
  accept(hashes: readonly string[]): Promise<void>;
}

/** A package that may be used, with the checksums of its files as they were judged. */
export interface InstalledPackage {
  readonly folder: string;
  readonly sums: FileSums;
}

/**
 * Makes a package usable: an unpacked one where it lies, an archive from the cache. The judge has accepted what the
 * folder holds; nothing of it has run.
 */
export async function installPackage(
  found: ProviderPackage,
  cacheFolder: string,
  judge: PackageJudge,
  limits?: ArchiveLimits,
): Promise<InstalledPackage> {
  try {
    return found.form === 'unpacked'
      ? await acceptFolder(found.path, judge)
      : await installArchive(found.path, cacheFolder, judge, limits);
  } catch (cause) {
    throw diskProblem(`installing a provider from ${found.path} in ${cacheFolder}`, cause);
  }
}

async function acceptFolder(folder: string, judge: PackageJudge): Promise<InstalledPackage> {
  const sums = await folderSums(folder);
  await accept(judge, folder, [contentHash(sums)]);
  return { folder, sums };
}

async function installArchive(
  archive: string,
  cacheFolder: string,
  judge: PackageJudge,
  limits?: ArchiveLimits,
): Promise<InstalledPackage> {
  const zh = await archiveHash(archive);
  const folder = folderOf(cacheFolder, zh);
  const sums = await cachedSums(folder);
  if (sums === undefined || !(await judge.isPinned(contentHash(sums)))) {
    return extractInto(archive, cacheFolder, judge, limits);
  }
  await accept(judge, archive, [contentHash(sums), zh]);
  return { folder, sums };
}

async function accept(judge: PackageJudge, from: string, hashes: readonly string[]): Promise<void> {
  const { stated } = judge;
  if (stated !== undefined && !hashes.some((hash) => stated.includes(hash))) {
    throw new AppError(
      'PROVIDER_REFUSED',
      `the provider package ${basename(from)} has none of the checksums that its source states: it was changed on the way, or its source is wrong`,
      { details: { found: hashes, stated } },
    );
  }
  await judge.accept(hashes);
}

/** Named by the archive's checksum, so that another archive never meets what an earlier one left. */
function folderOf(cacheFolder: string, zh: string): string {
  return join(cacheFolder, zh.slice('zh:'.length));
}

async function cachedSums(folder: string): Promise<FileSums | undefined> {
  return (await exists(folder)) ? folderSums(folder).catch(() => undefined) : undefined;
}

/**
 * Works on a private copy, so that what is hashed is what is extracted, whatever happens to the mirror meanwhile.
 * Extracts beside the target and renames: a crash leaves a draft, never half a package.
 */
async function extractInto(
  archive: string,
  cacheFolder: string,
  judge: PackageJudge,
  limits?: ArchiveLimits,
): Promise<InstalledPackage> {
  const { extractArchive } = await import('./archive.ts'); // loaded for packed providers only
  const draft = await makeDraft(cacheFolder);
  try {
    const copy = join(draft, basename(archive));
    await copyFile(archive, copy);
    const zh = await archiveHash(copy);
    const sums = await extractArchive(copy, join(draft, 'package'), limits);
    await accept(judge, archive, [contentHash(sums), zh]);
    const folder = folderOf(cacheFolder, zh);
    await rm(folder, { recursive: true, force: true }); // a cached copy that the lock file does not know
    await rename(join(draft, 'package'), folder).catch((cause: NodeJS.ErrnoException) =>
      settleRace(folder, sums, cause),
    );
    return { folder, sums };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const DRAFT_PREFIX = '.draft-';
const DRAFT_LIFE_MS = 3_600_000; // no extraction takes an hour: an older draft is what a crash left

async function makeDraft(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) await removeStale(join(parent, name));
  return mkdtemp(join(parent, DRAFT_PREFIX));
}

async function removeStale(folder: string): Promise<void> {
  if (!basename(folder).startsWith(DRAFT_PREFIX)) return;
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > DRAFT_LIFE_MS)
    await rm(folder, { recursive: true, force: true });
}

// Another process may have put the same package there in the meantime; then it must be the same in every byte.
async function settleRace(folder: string, sums: FileSums, cause: NodeJS.ErrnoException): Promise<void> {
  const there = await cachedSums(folder);
  if (there !== undefined && contentHash(there) === contentHash(sums)) return;
  throw new AppError(
    'PROVIDER_REFUSED',
    `the provider cannot be put in ${folder} (${cause.code}); free the folder and try again`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Where packages of one provider version are cached. */
export function cacheFolderOf(root: string, address: ProviderAddress, version: string, platform: string): string {
  return join(root, address.hostname.replace(':', '_'), address.namespace, address.type, version, platform);
}
