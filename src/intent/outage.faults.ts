import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { JsonObject } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress } from '../testing/go-provider.ts';
import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { type GraphqlAnswer, startTestServer, type TestServer } from '../testing/server.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const CREATE = `mutation($id: ID!, $config: JSON!) {
  intentResourceCreate(intentProject: "outage", resourceID: $id, provider: "${fixtureAddress}", type: "fixture_object", config: $config) { status }
}`;

/** The provider makes one file for each object, so what happened can be counted. */
async function layProvider(folder: string): Promise<{ cloud: string; settings: Record<string, string> }> {
  const cloud = join(folder, 'cloud');
  mkdirSync(cloud, { recursive: true });
  const program = await buildGoProvider();
  const wrapper = join(folder, 'terraform-provider-fixture');
  writeFileSync(wrapper, `#!/bin/sh\nFIXTURE_DIR=${cloud} exec ${program}\n`, { mode: 0o755 });
  const settings = {
    SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${wrapper}`,
    SLUICE_PROVIDER_FOLDERS: folder,
    SLUICE_PROVIDER_ALLOW: fixtureAddress,
  };
  return { cloud, settings };
}

const objectsIn = (cloud: string): string[] => readdirSync(cloud).filter((name) => name.endsWith('.json'));

describe('an outage', function () {
  this.timeout(180_000);
  before(requireTool('go'));

  const create = (server: TestServer, id: string): Promise<GraphqlAnswer> => {
    const config: JsonObject = { name: id };
    return server.graphql(CREATE, { id, config });
  };

  const recorded = async (server: TestServer): Promise<string[]> => {
    const answer = await server.graphql('{ intentResources(intentProject: "outage") { resources { resourceID } } }');
    const { intentResources } = read<{ intentResources: { resources: { resourceID: string }[] } }>(answer);
    return intentResources.resources.map(({ resourceID }) => resourceID);
  };

  describe('of the database', () => {
    let postgres: TestPostgres;
    let server: TestServer;
    let folder: string;
    let cloud: string;
    before(requireTool('postgres'));
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-outage-'));
      postgres = await startTestPostgres();
      const provider = await layProvider(folder);
      ({ cloud } = provider);
      const settings = { ...provider.settings, DATABASE_URL: await postgres.createDatabase() };
      server = await startTestServer({ settings });
      read(await server.graphql('mutation { intentProjectCreate(name: "Outage") { id } }'));
      read(await create(server, 'before'));
    });
    after(async () => {
      await server?.stop();
      await postgres?.stop().catch(() => undefined); // the test may have failed while it was stopped
      rmSync(folder, { recursive: true, force: true });
    });

    it('is told as such, changes nothing, and is over when the database is back', async () => {
      const token = await server.adminToken();
      await postgres.stopImmediately();
      const { code, message } = refusal(
        await server.graphql(CREATE, { id: 'during', config: { name: 'during' } }, token),
      );
      assert.equal(code, 'UNAVAILABLE');
      assert.match(message, /database/);
      assert.equal(await statusOf(server, token), 503);
      assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
      assert.equal(objectsIn(cloud).length, 1, 'nothing was made while it could not be recorded');
      await postgres.startAgain();
      await untilReady(server);
      assert.deepEqual(await recorded(server), ['before']);
      read(await create(server, 'after'));
      assert.deepEqual(await recorded(server), ['after', 'before']);
    });
  });

  describe('of disk space', () => {
    let server: TestServer;
    let folder: string;
    let disk: string;
    let cloud: string;
    before(async function () {
      if (userInfo().uid !== 0) return this.skip(); // only root can mount a small disk
      folder = mkdtempSync(join(tmpdir(), 'sluice-full-'));
      disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', disk]);
      const provider = await layProvider(folder);
      ({ cloud } = provider);
      server = await startTestServer({ dataDir: join(disk, 'data'), settings: provider.settings });
      read(await server.graphql('mutation { intentProjectCreate(name: "Outage") { id } }'));
      read(await create(server, 'before'));
      return undefined;
    });
    after(async () => {
      await server?.kill();
      if (disk !== undefined) execFileSync('umount', ['-l', disk]);
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });

    it('makes nothing that cannot be recorded, and loses nothing that was', async () => {
      await server.adminToken();
      fillUp(join(disk, 'filler'));
      let made = 1;
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const answer = await create(server, `during-${attempt}`);
        if (answer.errors.length === 0) made += 1;
      }
      rmSync(join(disk, 'filler'));
      await server.kill();
      server = await startTestServer({ dataDir: join(disk, 'data'), settings: (await layProvider(folder)).settings });
      const resources = await recorded(server);
      assert.ok(resources.length >= made, `${made} were acknowledged, ${resources.length} are recorded`);
      assert.ok(
        resources.length >= objectsIn(cloud).length,
        `${objectsIn(cloud).length} objects, ${resources.length} records`,
      );
      await pause(100);
      read(await create(server, 'after'));
    });
  });
});

/** As a client sees it that asked for GraphQL's own media type, where the status tells. */
async function statusOf(server: TestServer, token: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
  };
  const body = JSON.stringify({ query: '{ intentProjects { id } }' });
  return (await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })).status;
}

function fillUp(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(1024 * 1024);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  } finally {
    closeSync(file);
  }
}

async function untilReady(server: TestServer): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await fetch(`${server.url}/readyz`)).ok) return;
    await pause(50);
  }
  throw new Error('the server did not find its database again');
}
