import { execFile, spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const USER = 'postgres'; // the server refuses to run as root, so root hands it to the user that its package made

/** A PostgreSQL server of one's own, reached by a socket in a private folder. */
export interface TestPostgres {
  /** Its data, socket and log. */
  readonly folder: string;
  /** An empty database on it. */
  createDatabase(): Promise<string>;
  /** Stops the server as a power cut would. */
  stopImmediately(): Promise<void>;
  startAgain(): Promise<void>;
  /** One statement, as the superuser; its rows, columns parted by `|`. */
  query(databaseUrl: string, sql: string): Promise<string[]>;
  /** Both. */
  restartImmediately(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Needs `initdb` and `pg_ctl` on PATH: `before(requireTool('postgres'))`.
 *
 * @param parent where its data lies, such as a small disk; anybody must be allowed in
 */
export async function startTestPostgres(parent = tmpdir()): Promise<TestPostgres> {
  const folder = await mkdtemp(join(parent, 'sluice-pg-'));
  if (userInfo().uid === 0) await giveAway(folder);
  const data = join(folder, 'data');
  await asServerUser('initdb', ['-D', data, '-U', 'sluice', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
  const start = () =>
    asServerUser('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', serverOptions(folder), 'start']);
  const stopImmediately = () => asServerUser('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop']);
  await start();
  let databases = 0;
  return {
    folder,
    async createDatabase() {
      const name = `test_${++databases}`;
      await run('createdb', ['-h', folder, '-U', 'sluice', name]);
      return `postgres://sluice@localhost/${name}?host=${encodeURIComponent(folder)}`;
    },
    async query(databaseUrl, sql) {
      const { stdout } = await run('psql', [databaseUrl, '-XAt', '-c', sql]);
      return stdout.split('\n').filter((line) => line !== '');
    },
    stopImmediately,
    startAgain: start,
    async restartImmediately() {
      await stopImmediately();
      await start();
    },
    async stop() {
      await stopImmediately();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const serverOptions = (folder: string): string => `-k ${folder} -c listen_addresses='' -c max_connections=50`;

async function giveAway(folder: string): Promise<void> {
  const { stdout } = await run('id', ['-u', USER]);
  const { stdout: group } = await run('id', ['-g', USER]);
  await mkdir(folder, { recursive: true });
  await chown(folder, Number(stdout), Number(group));
}

// pg_ctl leaves the server behind with our streams, so they must not be pipes: waiting for them would never end.
function asServerUser(command: string, args: readonly string[]): Promise<void> {
  const [program, rest] =
    userInfo().uid === 0 ? ['runuser', ['-u', USER, '--', command, ...args]] : [command, [...args]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'ignore', cwd: tmpdir() });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });
}
