import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { AppError } from '../shared/errors.ts';
import type { ProviderAddress } from './address.ts';
import type { ArchiveLimits } from './archive.ts';
import type { ProviderPackage } from './mirror.ts';
import { archiveHash, folderHash } from './package-hash.ts';

/** How a package's checksums are judged, for one version of one provider. */
export interface PackageJudge {
  /** Whether the lock file names this very checksum. */
  isPinned(hash: string): Promise<boolean>;
  /** Pins at first sight; throws when the lock file names none of the checksums. */
  accept(hashes: readonly string[]): Promise<void>;
}

/**
 * Makes a package usable and returns its folder: an unpacked one where it lies, an archive from the cache. The judge
 * has accepted what the folder holds; nothing of it has run.
 */
export async function installPackage(
  found: ProviderPackage,
  cacheFolder: string,
  judge: PackageJudge,
  limits?: ArchiveLimits,
): Promise<string> {
  if (found.form === 'unpacked') {
    await judge.accept([await folderHash(found.path)]);
    return found.path;
  }
  const zh = await archiveHash(found.path);
  const folder = join(cacheFolder, zh.slice('zh:'.length)); // so another archive never meets what an earlier one left
  const cached = await cachedHash(folder);
  if (cached !== undefined && (await judge.isPinned(cached))) {
    await judge.accept([cached, zh]);
    return folder;
  }
  await rm(folder, { recursive: true, force: true }); // a cached copy that the lock file does not know is made anew
  await extractInto(found.path, folder, (h1) => judge.accept([h1, zh]), limits);
  return folder;
}

async function cachedHash(folder: string): Promise<string | undefined> {
  return (await exists(folder)) ? folderHash(folder).catch(() => undefined) : undefined;
}

/** Extracts beside the target and renames: a crash leaves a temporary folder, never half a package. */
async function extractInto(
  archive: string,
  folder: string,
  accept: (h1: string) => Promise<void>,
  limits?: ArchiveLimits,
): Promise<void> {
  const { extractArchive } = await import('./archive.ts'); // loaded for packed providers only
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(join(dirname(folder), `.${basename(folder).slice(0, 16)}-`));
  try {
    const hash = await extractArchive(archive, draft, limits);
    await accept(hash);
    await rename(draft, folder).catch((cause: NodeJS.ErrnoException) => settleRace(folder, hash, cause));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

// Another process may have put the same package there in the meantime; then it must be the same in every byte.
async function settleRace(folder: string, hash: string, cause: NodeJS.ErrnoException): Promise<void> {
  if ((await cachedHash(folder)) === hash) return;
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
