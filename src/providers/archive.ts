import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

import { openPromise, type Entry, type ZipFile } from 'yauzl';

import { AppError } from '../shared/errors.ts';
import { diskProblem } from './disk-problem.ts';
import type { FileSums } from './package-hash.ts';

/** What a provider archive may cost before it is given up. */
export interface ArchiveLimits {
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  /** Unpacked bytes per packed byte, over the whole archive. Real provider binaries pack to a quarter or a fifth. */
  readonly maxRatio: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  maxFiles: 1_000,
  maxTotalBytes: 2 * 1024 ** 3, // the largest providers unpack to about 1.2 GB
  maxRatio: 100,
};

const RATIO_FREE_BYTES = 1024 ** 2; // short texts may pack better than any ratio; they harm nobody
const FILE_TYPE_MASK = 0o170000;
const REGULAR_FILE = 0o100000;
const FOLDER = 0o040000;

/**
 * Unpacks a provider archive into a folder that is new or empty. Every name is judged before the first byte is written.
 *
 * @returns the checksums of what was unpacked
 * @throws AppError PROVIDER_REFUSED for names that leave the folder or clash, links, devices, encryption, and for
 *   archives over the limits or damaged
 */
export async function extractArchive(
  archive: string,
  folder: string,
  limits = defaultArchiveLimits,
): Promise<FileSums> {
  const zip = await openPromise(archive, { autoClose: false, strictFileNames: true }).catch((cause: unknown) => {
    throw refuse(archive, 'is damaged or no zip archive', cause);
  });
  try {
    const files = await readDirectory(zip, archive, limits);
    return await writeFiles(zip, files, folder, budgetFor(archive, zip.fileSize, limits));
  } catch (cause) {
    const known = diskProblem(`unpacking a provider into ${folder}`, cause);
    throw known instanceof AppError ? known : refuse(archive, `cannot be unpacked (${messageOf(cause)})`, cause);
  } finally {
    zip.close();
  }
}

async function readDirectory(zip: ZipFile, archive: string, limits: ArchiveLimits): Promise<Entry[]> {
  if (zip.entryCount > limits.maxFiles) throw refuse(archive, `has more than ${limits.maxFiles} files`);
  const files: Entry[] = [];
  const seen = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    const problem = problemOf(entry, seen);
    if (problem !== undefined)
      throw refuse(archive, `holds ${JSON.stringify(entry.fileName.slice(0, 100))}, ${problem}`);
    if (!entry.fileName.endsWith('/')) files.push(entry);
  }
  requireFlatNames(files, archive);
  return files;
}

/** Names are compared without case and in one Unicode form, as some file systems do. */
function problemOf(entry: Entry, seen: Set<string>): string | undefined {
  const name = entry.fileName;
  const key = name.normalize('NFC').toLowerCase();
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE_MASK;
  if (/^\/|\\|^[A-Za-z]:|(?:^|\/)\.{1,2}(?:\/|$)|\/\/|\p{Cc}/u.test(name) || name === '')
    return 'a name that could leave its folder';
  if (name.length > 255 || /[. ](?:\/|$)/.test(name)) return 'a name that file systems rewrite';
  if (type !== 0 && type !== REGULAR_FILE && type !== FOLDER) return 'which is a link or a device';
  if (type === FOLDER && !name.endsWith('/')) return 'a folder under the name of a file';
  if (entry.isEncrypted() || !entry.canDecodeFileData()) return 'which is encrypted or packed in an unknown way';
  if (seen.has(key)) return 'a name that occurs twice';
  seen.add(key);
  return undefined;
}

/** A file may not also be the folder of another one. */
function requireFlatNames(files: readonly Entry[], archive: string): void {
  const names = new Set(files.map((file) => file.fileName.normalize('NFC').toLowerCase()));
  for (const name of names) {
    for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
      if (names.has(name.slice(0, at)))
        throw refuse(archive, `uses ${JSON.stringify(name.slice(0, at))} as a file and as a folder`);
    }
  }
}

/** Counts what is really unpacked: the sizes an archive states of itself are no evidence. */
function budgetFor(archive: string, packedBytes: number, limits: ArchiveLimits): (bytes: number) => void {
  const most = Math.min(limits.maxTotalBytes, Math.max(RATIO_FREE_BYTES, packedBytes * limits.maxRatio));
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total > most) throw refuse(archive, `unpacks to more than ${most} bytes`);
  };
}

async function writeFiles(
  zip: ZipFile,
  files: readonly Entry[],
  folder: string,
  spend: (bytes: number) => void,
): Promise<FileSums> {
  const sums = new Map<string, string>();
  await mkdir(folder, { recursive: true });
  for (const file of files) {
    const target = join(folder, file.fileName);
    await mkdir(dirname(target), { recursive: true });
    sums.set(file.fileName, await writeFileOf(zip, file, target, spend));
  }
  return sums;
}

async function writeFileOf(zip: ZipFile, file: Entry, target: string, spend: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let crc = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        spend(chunk.length);
        hash.update(chunk);
        crc = crc32(chunk, crc);
        done(null, chunk);
      } catch (cause) {
        done(cause instanceof Error ? cause : new Error('limit'));
      }
    },
  });
  const source = await zip.openReadStreamPromise(file);
  const mode = isExecutable(file) ? 0o755 : 0o644;
  await pipeline(source, meter, createWriteStream(target, { flags: 'wx', mode }));
  if (crc !== file.crc32) throw new Error(`${file.fileName} is damaged`);
  return hash.digest('hex');
}

// Archives made on Windows carry no mode; the provider's own binary must run all the same.
function isExecutable(file: Entry): boolean {
  return ((file.externalFileAttributes >>> 16) & 0o111) !== 0 || file.fileName.startsWith('terraform-provider-');
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
}

function refuse(archive: string, why: string, cause?: unknown): AppError {
  return new AppError('PROVIDER_REFUSED', `the provider archive ${archive} ${why}; get it again from its publisher`, {
    cause,
  });
}
