import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress } from '../testing/go-provider.ts';
import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { processesWith } from '../testing/processes.ts';
import { startReplica, startTestServer, type TestServer } from '../testing/server.ts';
import { aKey, read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const CREATE = `mutation($id: ID!, $config: JSON!) {
  intentResourceCreate(intentProject: "stops", resourceID: $id, provider: "${fixtureAddress}", type: "fixture_object", config: $config, wait: 0) { id }
}`;
const CANCEL =
  'mutation($id: ID!) { intentResourceOperationCancel(intentProject: "stops", operationID: $id) { status message } }';
const RESUME =
  'mutation($id: ID!) { intentResourceOperationResume(intentProject: "stops", operationID: $id) { status } }';
const LONG_MS = 600_000; // longer than any test: only a stop ends it

describe('two servers on one database', function () {
  let folder: string;
  let postgres: TestPostgres;
  let one: TestServer;
  let two: TestServer;
  before(requireTool('postgres'));
  before(requireTool('go'));
  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'sluice-stops-'));
    mkdirSync(join(folder, 'cloud'));
    const program = await buildGoProvider();
    const wrapper = join(folder, 'terraform-provider-fixture');
    writeFileSync(wrapper, `#!/bin/sh\nFIXTURE_DIR=${folder}/cloud exec ${program}\n`, { mode: 0o755 });
    postgres = await startTestPostgres();
    const settings = {
      DATABASE_URL: await postgres.createDatabase(),
      SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${wrapper}`,
      SLUICE_PROVIDER_FOLDERS: folder,
      SLUICE_PROVIDER_ALLOW: fixtureAddress,
    };
    one = await startTestServer({ settings });
    two = await startReplica(one, settings);
    read(await one.graphql('mutation { intentProjectCreate(name: "Stops") { id } }'));
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    for (const pid of processesWith(`FIXTURE_DIR=${folder}`, 'environ')) process.kill(pid, 'SIGKILL');
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const statusOf = async (id: string): Promise<string> => {
    const answer = await two.graphql(`{ intentResourceOperation(intentProject: "stops", id: "${id}") { status } }`);
    return read<{ intentResourceOperation: { status: string } }>(answer).intentResourceOperation.status;
  };
  const begin = async (name: string): Promise<string> => {
    const config: JsonObject = { name, delay_ms: LONG_MS };
    const created = await one.graphql(CREATE, { id: name, config });
    const { id } = read<{ intentResourceCreate: { id: string } }>(created).intentResourceCreate;
    while ((await statusOf(id)) !== 'APPLYING') await new Promise((done) => setTimeout(done, 50));
    return id;
  };
  const onTwo = (document: string, id: string) => two.graphql(document, { id });

  it('stop an operation, whichever of them is asked', async () => {
    const id = await begin('stopped');
    read(await onTwo(CANCEL, id));
    while ((await statusOf(id)) === 'APPLYING') await new Promise((done) => setTimeout(done, 50));
    const answer = await two.graphql(
      `{ intentResourceOperation(intentProject: "stops", id: "${id}") { status message } }`,
    );
    const { intentResourceOperation: ended } = read<{ intentResourceOperation: { status: string; message: string } }>(
      answer,
    );
    assert.equal(ended.status, 'FAILED');
    assert.match(ended.message, /stopped while waiting/);
  });

  it('have one line for a project', async () => {
    const { token } = await aKey(one, { 'space-admin': 'root' });
    read(await one.graphql('mutation { intentProjectActivate(id: "stops") { id } }'));
    const wait = 'mutation { intentProjectActivate(id: "stops", lockWait: 50) { lock { mine } } }';
    const waiting = two.graphql(wait, {}, token);
    const line = async (): Promise<number> => {
      const answer = await one.graphql('{ intentProject(id: "stops") { lockQueue { position } } }');
      return read<{ intentProject: { lockQueue: object[] } }>(answer).intentProject.lockQueue.length;
    };
    while ((await line()) === 0) await new Promise((done) => setTimeout(done, 50));
    read(await one.graphql('mutation { intentProjectUnlock(id: "stops") { id } }'));
    assert.deepEqual(read(await waiting), { intentProjectActivate: { lock: { mine: true } } });
    read(await two.graphql('mutation { intentProjectUnlock(id: "stops") { id } }', {}, token));
  });

  it('tell of an operation whose server is gone, and the one that is left takes it up', async () => {
    const id = await begin('orphaned');
    await one.kill();
    for (const pid of processesWith(`FIXTURE_DIR=${folder}`, 'environ')) process.kill(pid, 'SIGKILL');
    const answer = refusal(await onTwo(CANCEL, id));
    assert.equal(answer.code, 'CONFLICT');
    assert.match(answer.message, /is INTERRUPTED .* the server went away while the provider acted; resume it/);
    const resumed = await onTwo(RESUME, id);
    assert.notEqual(await statusOf(id), 'APPLYING', JSON.stringify(resumed));
  });
});
