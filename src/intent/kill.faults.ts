import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { campaignSize } from '../testing/campaign.ts';
import { buildGoProvider, fixtureAddress } from '../testing/go-provider.ts';
import { processesWith } from '../testing/processes.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

const KILLS = { short: 6, tenth: 20, full: 200 }[campaignSize];
const CREATES = 5;
const SHOWN_WITHIN_MS = 5_000; // of the start of the next server
const ENDS_WITHIN_MS = 60_000; // under a server that lives: the disks of shared machines are slow
const LIVE = ['QUEUED', 'PLANNING', 'APPLYING'];

// The provider makes one file for each object it creates, so whatever was forgotten can be counted.
describe('a server killed in the middle of slow changes', () => {
  let folder: string;
  let server: TestServer;

  before(requireTool('go'));
  before(async function () {
    this.timeout(300_000);
    folder = await mkdtemp(join(tmpdir(), 'sluice-kill-'));
    const program = await buildGoProvider();
    const cloud = join(folder, 'cloud');
    await writeFile(
      join(folder, 'terraform-provider-fixture'),
      `#!/bin/sh\nmkdir -p ${cloud}\nFIXTURE_DIR=${cloud} exec ${program}\n`,
      { mode: 0o755 },
    );
    server = await start();
    await post('mutation { intentProjectCreate(name: "Kill") { id } }');
  });
  after(async () => {
    await server?.kill();
    for (const pid of processesWith(folder, 'environ')) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const start = (): Promise<TestServer> =>
    startTestServer({
      dataDir: join(folder, 'data'),
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${join(folder, 'terraform-provider-fixture')}`,
        SLUICE_PROVIDER_ALLOW: fixtureAddress,
      },
    });

  it(`forgets nothing in ${KILLS} kills, shows what it does not know, and settles what can be settled`, async function () {
    this.timeout(0);
    for (let round = 0; round < KILLS; round += 1) {
      const names = Array.from({ length: CREATES }, (_, at) => `r${round}-${at}`);
      await Promise.all(names.map((name) => beginCreate(name, Math.floor(Math.random() * 400))));
      await pause(Math.random() * 600);
      await killSomething(round);
      await nothingStaysLive(round % 3 === 1 ? ENDS_WITHIN_MS : SHOWN_WITHIN_MS);
      await assertNothingForgotten(`round ${round}`);
    }
    // A test that interrupts nothing shows nothing.
    const made = (await objects()).length;
    const interrupted = (await operations()).filter(({ status }) => status === 'INTERRUPTED').length;
    assert.ok(made >= KILLS && interrupted >= KILLS / 4, `${made} objects, ${interrupted} interruptions`);
    await settleAll();
    await assertNothingForgotten('after settling');
    await assertFree();
  });

  async function post(document: string, variables?: JsonObject): Promise<JsonObject> {
    const { data, errors } = await server.graphql(document, variables);
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
    assert.ok(isJsonObject(data));
    return data;
  }

  // Not every creation is begun when the server dies: the caller of those was told nothing, and nothing was made.
  async function beginCreate(resourceID: string, delayMs: number): Promise<void> {
    const config = { name: resourceID, delay_ms: delayMs };
    await post(
      `mutation($id: ID!, $config: JSON!) { intentResourceCreate(intentProject: "kill", resourceID: $id,
        provider: "${fixtureAddress}", type: "fixture_object", config: $config, wait: 0) { id } }`,
      { id: resourceID, config },
    ).catch(() => undefined);
  }

  /** The server, its provider, or both. */
  async function killSomething(round: number): Promise<void> {
    if (round % 3 !== 0) for (const pid of providers()) tryKill(pid);
    if (round % 3 === 1) return;
    await server.kill();
    server = await start();
  }

  const providers = (): number[] => processesWith(`FIXTURE_DIR=${join(folder, 'cloud')}`, 'environ');

  function tryKill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }

  async function operations(): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    for (let page = 1; ; page += 1) {
      const data = await post(
        `query($page: Int) { intentResourceOperations(intentProject: "kill", page: $page, pageSize: 100) {
          hasMore operations { id resourceID status } } }`,
        { page },
      );
      const list = data['intentResourceOperations'];
      found.push(...listOf(list, 'operations'));
      if (!isJsonObject(list) || list['hasMore'] !== true) return found;
    }
  }

  async function nothingStaysLive(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const live = (await operations()).filter(({ status }) => LIVE.includes(textOf(status)));
      if (live.length === 0) return;
      assert.ok(Date.now() < deadline, `still live: ${JSON.stringify(live)}`);
      await pause(100);
    }
  }

  /** Each object that exists is one that a resource's record holds, or is named by a resource that says it may exist. */
  async function assertNothingForgotten(when: string): Promise<void> {
    await pause(500); // a provider that outlives its server for a moment may still be writing
    const data = await post('{ intentResources(intentProject: "kill") { resources { resourceID condition state } } }');
    const resources = listOf(data['intentResources'], 'resources');
    for (const { id, name } of await objects()) {
      const resource = resources.find(({ resourceID }) => resourceID === name);
      const state = resource?.['state'];
      const known = isJsonObject(state) && state['id'] === id;
      assert.ok(known || resource?.['condition'] === 'INDETERMINATE', `${when}: object ${id} of ${name} is forgotten`);
    }
  }

  async function objects(): Promise<{ id: string; name: string }[]> {
    const cloud = join(folder, 'cloud');
    const files = (await readdir(cloud)).filter((file) => file.endsWith('.json'));
    return Promise.all(
      files.map(async (file) => {
        const object: unknown = JSON.parse(await readFile(join(cloud, file), 'utf8'));
        assert.ok(isJsonObject(object) && typeof object['name'] === 'string');
        return { id: file.slice(0, -'.json'.length), name: object['name'] };
      }),
    );
  }

  /** What never acted is carried out by a resume; what may have acted is looked up by a person and imported, or dropped. */
  async function settleAll(): Promise<void> {
    const interrupted = (await operations()).filter(({ status }) => status === 'INTERRUPTED');
    for (const { id, resourceID } of interrupted) {
      const data = await post(
        `mutation($id: ID!) { intentResourceOperationResume(intentProject: "kill", operationID: $id) { status } }`,
        { id: textOf(id) },
      );
      const resumed = data['intentResourceOperationResume'];
      if (isJsonObject(resumed) && resumed['status'] === 'INTERRUPTED') await settleByHand(textOf(resourceID));
    }
    const left = (await operations()).filter(({ status }) => status === 'INTERRUPTED');
    assert.deepEqual(left, []);
  }

  async function settleByHand(resourceID: string): Promise<void> {
    const found = (await objects()).find(({ name }) => name === resourceID);
    if (found === undefined) return eject(resourceID);
    await post(
      `mutation($id: ID!, $import: String!) { intentResourceImport(intentProject: "kill", resourceID: $id, importID: $import,
        provider: "${fixtureAddress}", type: "fixture_object") { status } }`,
      { id: resourceID, import: found.id },
    );
  }

  async function eject(resourceID: string): Promise<void> {
    const document = `mutation($id: ID!, $token: String) { intentResourceEject(intentProject: "kill", resourceID: $id,
      confirmation: $token) { confirmation { token } } }`;
    const asked = (await post(document, { id: resourceID }))['intentResourceEject'];
    const confirmation = isJsonObject(asked) ? asked['confirmation'] : undefined;
    assert.ok(isJsonObject(confirmation));
    await post(document, { id: resourceID, token: confirmation['token'] ?? null });
  }

  /** No lock of a dead server is left in the way. */
  async function assertFree(): Promise<void> {
    await server.kill();
    server = await start();
    const data = await post('{ intentProject(id: "kill") { lock { mine } } }');
    const project = data['intentProject'];
    assert.ok(isJsonObject(project));
    const { lock } = project;
    assert.ok(lock === null || (isJsonObject(lock) && lock['mine'] === true));
  }
});

function listOf(holder: unknown, name: string): JsonObject[] {
  const list = isJsonObject(holder) ? holder[name] : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
