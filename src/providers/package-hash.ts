import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { AppError } from '../shared/errors.ts';

const MAX_PACKAGE_FILES = 1_000; // a provider package is a binary, a licence and a few texts

/** SHA-256 of a file as lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The lock file's `zh:` form: the checksum of the archive itself. */
export async function archiveHash(path: string): Promise<string> {
  return `zh:${await sha256OfFile(path)}`;
}

/**
 * The lock file's `h1:` form: the checksum of the unpacked files, whatever they were packed in. It is base64 of the
 * SHA-256 over one line a file, `<sha256 hex>  <name>\n`, sorted by name.
 * Source: the dirhash scheme of Go modules, which Terraform took over.
 */
export function contentHash(sums: FileSums): string {
  const summary = createHash('sha256');
  for (const name of [...sums.keys()].toSorted(byBytes)) summary.update(`${sums.get(name)}  ${name}\n`);
  return `h1:${summary.digest('base64')}`;
}

/** SHA-256 of each file of a package, by its name with slashes. */
export type FileSums = ReadonlyMap<string, string>;

/** Reads an unpacked package. Links inside it are refused: what is hashed must be what is run. */
export async function folderSums(folder: string): Promise<FileSums> {
  const root = await realpath(folder);
  const sums = new Map<string, string>();
  for (const name of await listFiles(root)) sums.set(name, await sha256OfFile(join(root, name)));
  return sums;
}

async function listFiles(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  if (names.length > MAX_PACKAGE_FILES) throw refuse(root, `has more than ${MAX_PACKAGE_FILES} files`);
  const files: string[] = [];
  for (const name of names) {
    const found = await lstat(join(root, name));
    if (found.isDirectory()) continue;
    if (!found.isFile()) throw refuse(root, `holds ${JSON.stringify(name)}, which is a link or a device`);
    if (name.includes('\n')) throw refuse(root, 'holds a file name with a line break');
    files.push(name);
  }
  return files;
}

function refuse(root: string, why: string): AppError {
  return new AppError('PROVIDER_REFUSED', `the provider package in ${root} ${why}; unpack a clean copy there`);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
