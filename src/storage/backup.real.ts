import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const sluice = resolve(import.meta.dirname, '../../scripts/sluice.mjs');
const run = promisify(execFile);

const CONTENT = `{ intentResources(intentProject: "starter") { resources { resourceID state } }
  intentResourceOperations(intentProject: "starter") { operations { id status } } }`;

// The road of a team that begins with nothing to install and moves to PostgreSQL later.
describe('backup and restore', () => {
  let folder: string;
  let postgres: TestPostgres;
  let first: unknown;
  let moved: unknown;
  let file: string;
  const at = (name: string): string => join(folder, name);

  before(requireTool('postgres'));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-backup-'));
    file = at('backup.gz');
    postgres = await startTestPostgres();
    const server = await startTestServer({ dataDir: at('old') });
    await createPet(server, 'before');
    first = (await server.graphql(CONTENT)).data;
    await server.stop();
  });
  after(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const command = (settings: Record<string, string>, ...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, [sluice, ...args], { env: { PATH: process.env['PATH'], ...settings } });
  const refusal = async (settings: Record<string, string>, ...args: string[]): Promise<string> =>
    command(settings, ...args).then(
      () => 'no refusal',
      (error: { stderr: string }) => error.stderr,
    );
  /** Of the key that the first start on the old folder made: it is in the database, and so in the backup. */
  const anyToken = async (server: TestServer): Promise<string> => {
    const { id, secret } = JSON.parse(await readFile(at('old/admin-key.json'), 'utf8')) as {
      id: string;
      secret: string;
    };
    const exchange = 'mutation($id: ID!, $secret: String!) { user: apiKeyUser(id: $id, secret: $secret) { jwt } }';
    return read<{ user: { jwt: string } }>(await server.graphql(exchange, { id, secret }, '')).user.jwt;
  };
  const old = (): Record<string, string> => ({ SLUICE_DATA_DIR: at('old'), SLUICE_LOG_LEVEL: 'error' });

  it('writes everything into one file that only its owner can read, and overwrites none', async () => {
    const { stdout } = await command(old(), 'backup', file);
    assert.match(stdout, /\d+ rows are in .*The key file .*keys\.json is not/);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(await refusal(old(), 'backup', file), /exists: name a new file/);
  });

  it('moves to PostgreSQL: resources, operations and secrets are there, and work goes on', async () => {
    const url = await postgres.createDatabase();
    const settings = { DATABASE_URL: url, SLUICE_KEY_FILE: at('old/keys.json') };
    const { stdout } = await command({ ...old(), ...settings }, 'restore', file);
    assert.match(stdout, /rows restored[^]*chain intact/);
    const server = await startTestServer({ dataDir: at('old'), settings });
    assert.deepEqual((await server.graphql(CONTENT)).data, first);
    await createPet(server, 'after');
    moved = (await server.graphql(CONTENT)).data;
    await command({ ...old(), ...settings }, 'backup', at('moved.gz')); // a server on PostgreSQL goes on serving
    await server.stop();
  });

  it('comes back from PostgreSQL into a folder, but never into one that has data', async () => {
    const settings = { SLUICE_DATA_DIR: at('new'), SLUICE_KEY_FILE: at('old/keys.json') };
    assert.match((await command(settings, 'restore', at('moved.gz'))).stdout, /rows restored[^]*chain intact/);
    const server = await startTestServer({ dataDir: at('new'), settings });
    const { errors, data } = await server.graphql(CONTENT, {}, await anyToken(server));
    await server.stop();
    assert.deepEqual([errors, data], [[], moved]);
    assert.match(await refusal(settings, 'restore', file), /this one has tables: name another/);
  });

  it('refuses a key file that does not fit, before it touches the database', async () => {
    const settings = { SLUICE_DATA_DIR: at('keyless'), SLUICE_LOG_LEVEL: 'error' };
    assert.match(await refusal(settings, 'restore', file), /lacks key .* put the key file that belongs to it there/);
    assert.equal(await stat(at('keyless/db')).catch(() => undefined), undefined);
  });

  it('refuses a backup that is altered, cut short or none', async () => {
    const settings = { SLUICE_DATA_DIR: at('bad'), SLUICE_KEY_FILE: at('old/keys.json'), SLUICE_LOG_LEVEL: 'error' };
    const text = gunzipSync(await readFile(file)).toString();
    const attempt = async (content: Buffer): Promise<string> => {
      await writeFile(at('bad.gz'), content);
      return refusal(settings, 'restore', at('bad.gz'));
    };
    assert.match(await attempt(gzipSync(text.replace('before', 'beforf'))), /was altered.*nothing was changed/);
    assert.match(await attempt(gzipSync(text.slice(0, text.lastIndexOf('#')))), /is cut short; nothing was changed/);
    assert.match(await attempt((await readFile(file)).subarray(0, 2_000)), /cannot be read/);
    assert.match(await attempt(Buffer.from('hello')), /cannot be read/);
    assert.match(await refusal(settings, 'restore', at('none.gz')), /cannot be read/);
  });
});

async function createPet(server: TestServer, name: string): Promise<void> {
  const { errors } = await server.graphql(
    `mutation($id: ID!) { intentResourceCreate(intentProject: "starter", resourceID: $id, provider: "sluice/sandbox",
      type: "sandbox_string", config: {length: 12}) { status } }`,
    { id: name },
  );
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join());
}
