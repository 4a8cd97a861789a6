import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { randomBytes } from 'node:crypto';

/** A file under the root, as it was found. */
export interface StoredFile {
  readonly bytes: Buffer;
  /** Permission bits as four octal digits, `0644`. */
  readonly mode: string;
}

/** A path or a file that cannot be used; the message is for the user and says which attribute to change. */
export class FileProblem extends Error {}

export const MAX_FILE_BYTES = 1024 ** 2; // the content travels in state and plans: it is text, not a disk image
const PATH = /^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\\p{Cc}]{1,255}$/u;

/** Whether the path stays below the root by its spelling alone: relative, no `.` or `..`, no empty part. */
export function isPlainPath(path: string): boolean {
  return PATH.test(path);
}

/**
 * Where a path lies, with every existing folder on the way checked: a link inside the root may not lead out of it.
 * Whoever can change the root while this runs could still win a race; the root is the user's own folder.
 */
async function locate(root: string, path: string): Promise<string> {
  if (!isPlainPath(path)) throw new FileProblem(`path ${JSON.stringify(path)} must be relative, without "." or ".."`);
  const base = await realpath(root).catch(() => {
    throw new FileProblem(`the root folder ${JSON.stringify(root)} does not exist; create it or set another root`);
  });
  const target = join(base, path);
  const folder = await realExisting(dirname(target));
  if (folder !== base && !folder.startsWith(base + sep)) {
    throw new FileProblem(`path ${JSON.stringify(path)} leads out of the root folder`);
  }
  const found = await lstat(target).catch(absent);
  if (found !== undefined && !found.isFile())
    throw new FileProblem(`path ${JSON.stringify(path)} is there, but is no regular file`);
  return target;
}

async function realExisting(folder: string): Promise<string> {
  return realpath(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return realExisting(dirname(folder));
    throw new FileProblem(`the folder of the path cannot be used (${cause.code})`);
  });
}

/** `undefined` when the file is gone. */
export async function readStored(root: string, path: string): Promise<StoredFile | undefined> {
  const target = await locate(root, path);
  const handle = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW).catch(absent);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (found.size > MAX_FILE_BYTES) throw new FileProblem(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
    return { bytes: await handle.readFile(), mode: (found.mode & 0o7777).toString(8).padStart(4, '0') };
  } finally {
    await handle.close();
  }
}

/** Writes beside the target and renames, so that a crash leaves the old file or the new one. */
export async function writeStored(root: string, path: string, content: string, mode: string): Promise<void> {
  const target = await locate(root, path);
  await mkdir(dirname(target), { recursive: true });
  const draft = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(content);
    await handle.close();
    await chmod(draft, Number.parseInt(mode, 8)); // not through open: the umask would take bits away
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Nothing to do when it is gone already. */
export async function removeStored(root: string, path: string): Promise<void> {
  await rm(await locate(root, path), { force: true });
}

function absent(cause: NodeJS.ErrnoException): undefined {
  if (cause.code !== 'ENOENT') throw cause;
}
