import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { DownloadProgress, Outbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import { diskProblem } from '../disk-problem.ts';
import type { ObtainedPackage } from '../installer.ts';
import { archiveHash } from '../package-hash.ts';
import { refusedAddress, shown } from './read-document.ts';
import type { RemotePackage } from './remote-index.ts';

export interface DownloadRequest {
  readonly outbound: Outbound;
  readonly version: string;
  /** Downloads that are not complete wait here to be gone on with. */
  readonly folder: string;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

const MAX_ARCHIVE_BYTES = 1_000_000_000; // the largest provider packs to about 200 MB
const DOWNLOAD_TIMEOUT_MS = 30 * 60_000;

/**
 * Brings a package to this machine. An archive that does not have the stated checksum is removed before anything looks
 * into it; if part of it is from an earlier call, it is got once more as a whole.
 */
export async function downloadPackage(remote: RemotePackage, request: DownloadRequest): Promise<ObtainedPackage> {
  // By where it is and what it must be: a part of something else is never gone on with.
  const key = createHash('sha256')
    .update(JSON.stringify([remote.url, remote.stated]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(request.folder, `.download-${key}`);
  const part = join(folder, `${remote.fileName}.part`);
  const archive = join(folder, remote.fileName);
  try {
    await mkdir(folder, { recursive: true });
    await fetchChecked(remote, part, request);
    await rename(part, archive);
  } catch (cause) {
    throw diskProblem(`downloading a provider to ${folder}`, refusedAddress(cause));
  }
  return {
    found: { version: request.version, form: 'packed', path: archive },
    stated: remote.stated,
    siblings: remote.siblings,
    release: () => rm(folder, { recursive: true, force: true }),
  };
}

async function fetchChecked(remote: RemotePackage, part: string, request: DownloadRequest): Promise<void> {
  const { outbound, onProgress } = request;
  const checks = remote.stated?.filter((hash) => hash.startsWith('zh:')) ?? [];
  if (checks.length === 0) await rm(part, { force: true }); // without a checksum two parts may not be put together
  const resumes = await exists(part);
  const options = { maxBytes: MAX_ARCHIVE_BYTES, timeoutMs: DOWNLOAD_TIMEOUT_MS, onProgress };
  await outbound.download(remote.url, part, options);
  const found = await archiveHash(part);
  if (checks.length === 0 || checks.includes(found)) return;
  await rm(part, { force: true });
  if (resumes) return fetchChecked(remote, part, request);
  throw new AppError(
    'PROVIDER_REFUSED',
    `${remote.fileName} from ${shown(remote.url)} does not have the checksum that vouches for it: it was changed or cut off; nothing of it was used`,
    { details: { found, stated: checks } },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
