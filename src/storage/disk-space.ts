import { statfs } from 'node:fs/promises';

import { AppError } from '../shared/errors.ts';

// PGlite hangs when it cannot start the next segment of its log (16 MB): four of them are kept for what is under way.
const RESERVE_BYTES = 64 * 1024 * 1024;
const FRESH_MS = 250; // a disk does not lose the reserve in a quarter of a second of our writing

/**
 * Refuses new work while there is room to do so in order. What has already acted goes on and uses the reserve.
 *
 * @returns a check to be made before a transaction; @throws UNAVAILABLE saying how much is left
 */
export function createSpaceCheck(folder: string, reserveBytes = RESERVE_BYTES): () => Promise<void> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let freeBytes = Number.POSITIVE_INFINITY;
  return async () => {
    if (performance.now() - askedAt > FRESH_MS) {
      const { bavail, bsize } = await statfs(folder);
      freeBytes = bavail * bsize;
      askedAt = performance.now();
    }
    if (freeBytes < reserveBytes) throw almostFull(freeBytes, reserveBytes);
  };
}

function almostFull(freeBytes: number, reserveBytes: number): AppError {
  const [free, reserve] = [freeBytes, reserveBytes].map((bytes) => `${Math.floor(bytes / (1024 * 1024))} MB`);
  return new AppError(
    'UNAVAILABLE',
    `the disk of the data folder is almost full: ${free} left, ${reserve} are needed; make room and try again. Nothing was done`,
  );
}
