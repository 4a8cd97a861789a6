import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { AppError } from '../shared/errors.ts';

/**
 * Makes this process the only one that works in a folder, for as long as it lives. The claim is a socket named after
 * the folder: the system gives it up when the process ends, however it ends, so there is no stale lock to clear.
 *
 * @returns gives the folder up
 * @throws UNAVAILABLE when another process holds it
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  const path = socketPath(resolve(folder));
  const server = createServer().unref();
  const listening = await tryListen(server, path);
  if (!listening && ((await answers(path)) || !(await takeOver(server, path)))) throw inUse(folder);
  return () => new Promise((done) => server.close(() => done()));
}

type Server = ReturnType<typeof createServer>;

// Linux has names that are no files; elsewhere a file in the temporary folder serves, which a dead process leaves behind.
function socketPath(folder: string): string {
  const name = `sluice-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

function tryListen(server: Server, path: string): Promise<boolean> {
  return new Promise((done, failed) => {
    const refused = (error: NodeJS.ErrnoException): void => (error.code === 'EADDRINUSE' ? done(false) : failed(error));
    server.once('error', refused);
    server.listen(path, () => {
      server.off('error', refused);
      done(true);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path, () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

async function takeOver(server: Server, path: string): Promise<boolean> {
  if (process.platform === 'linux') return false;
  await rm(path, { force: true });
  return tryListen(server, path);
}

function inUse(folder: string): AppError {
  return new AppError(
    'UNAVAILABLE',
    `the database in ${folder} is in use by another server; stop that one first, or set SLUICE_DATA_DIR to another folder`,
  );
}
