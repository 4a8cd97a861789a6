import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { campaignSeed, createRandom } from '../campaign.ts';
import { Canaries, type Hit } from '../canaries.ts';
import { layLiar, liarAddress } from '../liar/lay-liar.ts';
import { startTestPostgres } from '../postgres.ts';
import { killHard, processesWith } from '../processes.ts';
import { freePort, startTestServer, type TestServer } from '../server.ts';
import { until } from '../until.ts';

const run = promisify(execFile);
const sluice = resolve(import.meta.dirname, '../../../scripts/sluice.mjs');
const MANY_BYTES = 2 ** 28;

export type DatabaseKind = 'embedded' | 'PostgreSQL';

/** Where secrets are planted, and where it is looked for them. */
export interface SecretWorld {
  /** Another one after a kill. */
  server: TestServer;
  readonly canaries: Canaries;
  readonly hits: Hit[];
  readonly scriptFile: string;
  /** An address that takes notices. */
  readonly webhook: string;
  /** How often an answer shows that a secret was taken out. */
  masked: number;
}

export interface SecretPlace extends SecretWorld {
  /** What the receiver of notices was sent. */
  notices(): string;
  /** What any of its servers printed. */
  output(): string;
  /** SIGKILL of the server in the middle of whatever it does; returns when none of its processes is left. */
  kill(): Promise<void>;
  /** Another server on what the last one left. */
  startAgain(): Promise<void>;
  /** Everything that lies on the disk: data, temporary files, and the database server's own folder. */
  searchFiles(canaries: Canaries): { hits: Hit[]; bytes: number };
  /** Folders that are searched. */
  readonly folders: readonly string[];
  /** What is written for keeping: backup, audit export and, over PostgreSQL, its dump; each by its name. */
  writeOut(): Promise<ReadonlyMap<string, Buffer>>;
  /** The database server too, so that nothing changes while files are searched. */
  stopAll(): Promise<void>;
  remove(): Promise<void>;
}

/** `PostgreSQL` needs `requireTool('postgres')`. */
export async function openSecretPlace(database: DatabaseKind): Promise<SecretPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-c-')); // short: sockets lie below it
  const [dataDir, temporary] = [join(folder, 'data'), join(folder, 'tmp')];
  mkdirSync(temporary);
  const receiver = await openReceiver();
  const { executable, scriptFile } = layLiar(folder);
  const postgres = database === 'PostgreSQL' ? await startTestPostgres() : undefined;
  const databaseUrl = await postgres?.createDatabase();
  const port = await freePort(); // the same after a kill, so that tokens stay good
  const settings = {
    SLUICE_PROVIDER_OVERRIDES: `${liarAddress}=${executable}`,
    SLUICE_PROVIDER_ALLOW: liarAddress,
    SLUICE_PROVIDER_FOLDERS: join(folder, 'cloud'),
    SLUICE_OUTBOUND_ALLOW: `127.0.0.1:${receiver.port}`,
    SLUICE_LOG_LEVEL: 'debug',
    SLUICE_PROVIDER_IDLE_MS: '1000',
    TMPDIR: temporary,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  const since = Date.now();
  const start = (): Promise<TestServer> => startTestServer({ dataDir, settings, port });
  const outputs: (() => string)[] = [];
  const ownFiles = ['keys.json', 'admin-key.json'].map((name) => join(dataDir, name));
  const folders = [dataDir, temporary, ...(postgres === undefined ? [] : [postgres.folder])];
  const place: SecretPlace = {
    server: await start(),
    canaries: new Canaries(createRandom(`${campaignSeed} canaries ${database}`)),
    hits: [],
    masked: 0,
    scriptFile,
    webhook: `http://127.0.0.1:${receiver.port}`,
    folders,
    notices: () => receiver.told.join('\n'),
    output: () => outputs.map((each) => each()).join('\n'),
    async kill() {
      await place.server.kill();
      await until(() => processesWith(folder, 'environ').length + processesWith(folder, 'cmdline').length === 0, {
        what: 'no process of the server is left',
      });
    },
    async startAgain() {
      place.server = await start();
      outputs.push(outputOf(place.server));
    },
    searchFiles(canaries) {
      const found = folders.map((each) => canaries.findBelow(each, since, ownFiles));
      const named = canaries.findIn('names of files', folders.flatMap(namesBelow).join('\n'));
      const hits = [...found.flatMap((each) => each.hits), ...named];
      return { hits, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
    writeOut: () => writeOut(folder, dataDir, databaseUrl),
    async stopAll() {
      await place.server.stop();
      await postgres?.stopImmediately();
    },
    async remove() {
      await place.server.stop();
      for (const pid of processesWith(folder, 'environ')) killHard(pid);
      await postgres?.stop().catch(() => undefined); // it may be stopped by now
      receiver.server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  outputs.push(outputOf(place.server));
  return place;
}

const outputOf = (server: TestServer) => (): string => server.output();

function namesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

async function writeOut(
  folder: string,
  dataDir: string,
  databaseUrl: string | undefined,
): Promise<ReadonlyMap<string, Buffer>> {
  const env = {
    PATH: process.env['PATH'],
    SLUICE_DATA_DIR: dataDir,
    SLUICE_LOG_LEVEL: 'error',
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  };
  const backup = join(folder, 'backup.gz');
  await run(process.execPath, [sluice, 'backup', backup], { env });
  const audit = await run(process.execPath, [sluice, 'audit', 'export'], { env, maxBuffer: MANY_BYTES });
  const written = new Map([
    ['backup', gunzipSync(readFileSync(backup))],
    ['audit', Buffer.from(audit.stdout)],
  ]);
  if (databaseUrl !== undefined) {
    const dump = await run('pg_dump', [databaseUrl], { maxBuffer: MANY_BYTES });
    written.set('dump', Buffer.from(dump.stdout));
  }
  return written;
}

interface Receiver {
  readonly server: Server;
  readonly port: number;
  readonly told: readonly string[];
}

/** Takes notices; an address with `refuse` in it refuses them. */
async function openReceiver(): Promise<Receiver> {
  const told: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => told.push(chunk.toString()));
    told.push(JSON.stringify(request.headers));
    response.statusCode = request.url?.includes('refuse') === true ? 500 : 204;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port, told };
}
