import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress, fixtureVersion, layMirror } from '../testing/go-provider.ts';
import { compileCache } from '../executor/compile-cache.ts';
import { processesWith } from '../testing/processes.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';
import { requireNamespaces, requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const REACH = `query($project: ID!, $config: JSON!) {
  intentDataSourceRead(intentProject: $project, provider: "${fixtureAddress}", type: "fixture_reach", config: $config) { result } }`;
const SET = `mutation($project: ID!, $config: ConfigInput!) { intentProjectConfigAdd(intentProject: $project, config: $config) { id } }`;
const CREATE = `mutation($project: ID!) { intentResourceCreate(intentProject: $project, resourceID: "one",
  provider: "${fixtureAddress}", type: "fixture_object", config: { name: "one" }) { status } }`;

interface Reached {
  readonly tried: Readonly<Record<string, string>>;
  readonly environments: Readonly<Record<string, string>>;
  readonly rights: string;
}

/** A server with credentials all around it, and what a provider in one of its projects can do about them. */
class Besieged {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-isolation-'));
  readonly home = join(this.folder, 'home');
  readonly cloud = join(this.folder, 'cloud');
  // Unlike those of any other test on the same machine.
  readonly keyOfServer = `key-of-the-server-${randomUUID()}`;
  readonly keyOfHome = `key-in-the-home-folder-${randomUUID()}`;
  readonly keyOfOther = `key-of-the-other-project-${randomUUID()}`;
  private running: TestServer | undefined;

  async start(settings: Readonly<Record<string, string>>): Promise<void> {
    mkdirSync(join(this.home, '.aws'), { recursive: true });
    mkdirSync(this.cloud);
    writeFileSync(join(this.home, '.aws/credentials'), this.keyOfHome);
    const fixture = { address: fixtureAddress, version: fixtureVersion, binary: await buildGoProvider() };
    this.running = await startTestServer({
      settings: {
        HOME: this.home,
        AWS_SECRET_ACCESS_KEY: this.keyOfServer,
        GOOGLE_CREDENTIALS: this.keyOfServer,
        SLUICE_PROVIDER_MIRROR: await layMirror(join(this.folder, 'mirror'), [fixture], 'packed'),
        SLUICE_PROVIDER_IDLE_MS: '600000',
        SLUICE_PROVIDER_ALLOW: fixtureAddress,
        SLUICE_PROVIDER_FOLDERS: this.cloud,
        ...settings,
      },
    });
    for (const name of ['Own', 'Other'])
      await this.server.graphql(`mutation { intentProjectCreate(name: "${name}") { id } }`);
    await this.set('own', 'FIXTURE_DIR', this.cloud);
    await this.set('other', 'TOKEN', this.keyOfOther);
    await this.set('other', 'key.json', Buffer.from(this.keyOfOther).toString('base64'), { type: 'FILE_MOUNT' });
    await this.set('other', 'KEY_FILE', '/app/key.json');
  }

  get server(): TestServer {
    assert.ok(this.running !== undefined);
    return this.running;
  }

  get pid(): number {
    return this.server.process.pid ?? 0;
  }

  async reach(config: JsonObject, project = 'own'): Promise<Reached> {
    const answer = await this.server.graphql(REACH, { project, config });
    return read<{ intentDataSourceRead: { result: Reached } }>(answer).intentDataSourceRead.result;
  }

  /** The provider of the other project, kept running, as the machine's administrator sees it. */
  async other(): Promise<{ readonly pid: number; readonly file: string }> {
    const own = await this.reach({}, 'other');
    const mine = Object.values(own.environments).find((text) => text.includes(this.keyOfOther));
    const file = /^KEY_FILE=(.*)$/m.exec(mine ?? '')?.[1];
    const [pid] = processesWith(this.keyOfOther, 'environ');
    assert.ok(file !== undefined && pid !== undefined);
    assert.equal(Object.values((await this.reach({ read: [file] }, 'other')).tried)[0], this.keyOfOther);
    return { pid, file };
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async set(project: string, id: string, value: string, more: JsonObject = {}): Promise<void> {
    const config = { id, value, type: 'ENVIRONMENT_VARIABLE', writeOnly: false, ...more };
    read(await this.server.graphql(SET, { project, config }));
  }
}

const allFail = ({ tried }: Reached, expected: number): void => {
  assert.equal(Object.keys(tried).length, expected);
  for (const [what, outcome] of Object.entries(tried)) assert.match(outcome, /^error: /, `${what}: ${outcome}`);
};

describe('a provider in namespaces of its own', function () {
  const besieged = new Besieged();
  before(requireTool('go'));
  before(requireNamespaces());
  before(function () {
    return besieged.start({ SLUICE_EXECUTOR_ISOLATION: 'namespace' });
  });
  after(() => besieged.stop());

  it('is what /healthz says there is', async () => {
    const health: unknown = await (await fetch(`${besieged.server.url}/healthz`)).json();
    assert.equal((health as { isolation?: string }).isolation, 'namespace');
  });

  it('reads neither keys nor data of the server, nor files of its user', async () => {
    const { dataDir } = besieged.server;
    const files = ['keys.json', 'admin-key.json', 'db/PG_VERSION', 'providers.lock.hcl'].map((name) =>
      join(dataDir, name),
    );
    for (const file of files.slice(0, 3)) assert.ok(existsSync(file), `there is no ${file} to be kept from anybody`);
    const others = [
      join(besieged.home, '.aws/credentials'),
      '/etc/shadow',
      '/etc/ssl/private',
      '/root',
      '/home',
      '/var',
      '/run',
      '/sys',
    ];
    allFail(await besieged.reach({ read: [...files, ...others] }), files.length + others.length);
    const { tried } = await besieged.reach({ read: [dataDir] });
    assert.equal(tried[dataDir], '[d providers/ d run/]'); // what leads to its own folders
  });

  it('sees no process but its own, and nothing of the environment of the server', async () => {
    const other = await besieged.other();
    const pids = [besieged.pid, other.pid];
    const { environments, tried } = await besieged.reach({ read: pids.map((pid) => `/proc/${pid}/environ`) });
    allFail({ tried, environments, rights: '' }, 2);
    const seen = Object.values(environments).join('\n');
    assert.match(seen, /^FIXTURE_DIR=/m);
    for (const secret of [besieged.keyOfServer, besieged.keyOfHome, besieged.keyOfOther])
      assert.ok(!seen.includes(secret), secret);
    assert.doesNotMatch(seen, /^(HOME|AWS_|GOOGLE_|SLUICE_)/m);
  });

  it('reads no file that was mounted for another project', async () => {
    const { file } = await besieged.other();
    allFail(await besieged.reach({ read: [file, dirname(file), dirname(dirname(file))] }), 3);
  });

  it('writes nowhere but where it may', async () => {
    const { file } = await besieged.other();
    const folders = [
      besieged.server.dataDir,
      join(besieged.server.dataDir, 'providers'),
      join(besieged.folder, 'mirror'),
      dirname(file),
      '/usr/local',
      compileCache,
      '/etc',
      '/',
      '/proc/sys/kernel',
    ];
    allFail(await besieged.reach({ write: folders.map((folder) => join(folder, 'reached')) }), folders.length);
    const own = ['/tmp/reached-by-a-provider', join(besieged.cloud, 'reached'), 'reached'];
    assert.deepEqual(Object.values((await besieged.reach({ write: own })).tried), ['written', 'written', 'written']);
    assert.ok(!existsSync('/tmp/reached-by-a-provider'));
    assert.equal(readFileSync(join(besieged.cloud, 'reached'), 'utf8'), 'reached');
  });

  it('signals nobody, and has no rights over the machine', async () => {
    const other = await besieged.other();
    const executors = processesWith('src/executor/start.ts', 'cmdline');
    assert.ok(executors.length > 0);
    const pids = [besieged.pid, other.pid, ...executors].map(String);
    const reached = await besieged.reach({ signal: pids });
    allFail(reached, pids.length);
    assert.equal(reached.rights, 'CapEff: 0000000000000000, CapBnd: 0000000000000000, NoNewPrivs: 1');
  });

  it('makes resources as ever', async () => {
    const { intentResourceCreate: made } = read<{ intentResourceCreate: { status: string } }>(
      await besieged.server.graphql(CREATE, { project: 'own' }),
    );
    assert.equal(made.status, 'FINISHED');
    assert.equal(readdirSync(besieged.cloud).filter((name) => name.endsWith('.json')).length, 1);
  });

  it('ends with the server, however that ends, and so does all around it', async () => {
    await besieged.other();
    const { dataDir } = besieged.server;
    const left = () => [...processesWith(besieged.keyOfOther, 'environ'), ...processesWith(`${dataDir}/`, 'cmdline')];
    assert.ok(left().length >= 2, `${left().length} processes`);
    await besieged.server.kill();
    await until(() => left().length === 0, { what: 'nothing is left', seen: () => left().join(' ') });
  });
});

describe('a provider that only runs as another user', function () {
  const besieged = new Besieged();
  before(requireTool('go'));
  before(function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root may become another user
    return besieged.start({ SLUICE_EXECUTOR_ISOLATION: 'none', SLUICE_EXECUTOR_USER: '65534:65534' });
  });
  after(() => besieged.stop());

  it('runs from where it was installed, and reads neither keys nor the environment of the server', async () => {
    const { dataDir } = besieged.server;
    const files = ['keys.json', 'admin-key.json', 'db/PG_VERSION'].map((name) => join(dataDir, name));
    const paths = [...files, dataDir, join(besieged.home, '.aws/credentials'), `/proc/${besieged.pid}/environ`];
    allFail(await besieged.reach({ read: paths, signal: [String(besieged.pid)] }), paths.length + 1);
  });
});

// What shows that the tests above would notice.
describe('a provider without namespaces', function () {
  const besieged = new Besieged();
  before(requireTool('go'));
  before(function () {
    return besieged.start({ SLUICE_EXECUTOR_ISOLATION: 'none' });
  });
  after(() => besieged.stop());

  it('reaches keys, environments and other processes; the start warns of it', async () => {
    const { pid, file } = await besieged.other();
    const credentials = join(besieged.home, '.aws/credentials');
    const keys = join(besieged.server.dataDir, 'keys.json');
    const { tried, environments } = await besieged.reach({ read: [keys, credentials, file], signal: [String(pid)] });
    assert.deepEqual(
      [tried[credentials], tried[file], tried[String(pid)]],
      [besieged.keyOfHome, besieged.keyOfOther, 'signalled'],
    );
    assert.equal(tried[keys], readFileSync(keys, 'utf8'));
    assert.ok(environments[String(besieged.pid)]?.includes(besieged.keyOfServer));
    assert.match(besieged.server.output(), /providers run without namespaces of their own: they are switched off/);
  });
});
