import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk that is filled up quickly. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all room but so much. */
  fill(leftBytes: number): void;
  makeRoom(): void;
  remove(): void;
}

let able: boolean | undefined;

/** Where a disk cannot be mounted the suite is skipped and listed as not run: `before(requireSmallDisk())`. */
export function requireSmallDisk(): Mocha.Func {
  return function (this: Mocha.Context) {
    able ??= canMount();
    if (able) return;
    if (process.env['SLUICE_TEST_REQUIRE'] === 'all') throw new Error('this suite mounts a disk, which is not allowed');
    process.stderr.write('not run: needs the right to mount a disk\n');
    this.skip();
  };
}

function canMount(): boolean {
  try {
    mountSmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  chmodSync(folder, 0o755);
  const fillers = { most: join(folder, 'filler'), rest: join(folder, 'filler-rest') };
  return {
    folder,
    fill(leftBytes) {
      if (leftBytes > 0) write(fillers.rest, leftBytes);
      write(fillers.most, Infinity);
      rmSync(fillers.rest, { force: true });
    },
    makeRoom: () => rmSync(fillers.most, { force: true }),
    remove() {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** So many bytes, or until there is no room for one more. */
function write(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  let left = bytes;
  try {
    for (let block = 1 << 20; block >= 1; block >>= 4) left = writeBlocks(file, block, left);
  } finally {
    closeSync(file);
  }
}

/** @returns how many bytes are left to write */
function writeBlocks(file: number, size: number, bytes: number): number {
  const block = Buffer.alloc(size);
  let left = bytes;
  try {
    while (left >= size) left -= writeSync(file, block);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
  return left;
}
