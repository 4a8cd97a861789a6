import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const ACTIVATE =
  'mutation($id: ID!) { intentProjectActivate(id: $id) { id currentlySelected lock { holder mine until } } }';
const UNLOCK = 'mutation($id: ID!) { intentProjectUnlock(id: $id) { lock { holder } } }';

describe('Intent projects', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  async function aProject(name: string): Promise<string> {
    const answer = await server.graphql('mutation($name: String!) { intentProjectCreate(name: $name) { id } }', {
      name,
    });
    return read<{ intentProjectCreate: { id: string } }>(answer).intentProjectCreate.id;
  }

  it('start with one that has the starter policy', async () => {
    const { data } = await server.graphql(
      '{ intentProject(id: "starter") { id state space attachedPolicies { policyName } } }',
    );
    assert.deepEqual(data, {
      intentProject: {
        id: 'starter',
        state: 'ENABLED',
        space: 'root',
        attachedPolicies: [{ policyName: 'Starter, sandbox only' }],
      },
    });
  });

  it('are selected and locked by one session, and say who holds them', async () => {
    const id = await aProject('Shared work');
    const other = await aKey(server, { 'space-admin': 'root' });
    const { intentProjectActivate } = read<{
      intentProjectActivate: { lock: { holder: string; mine: boolean; until: number } };
    }>(await server.graphql(ACTIVATE, { id }));
    const { lock } = intentProjectActivate;
    assert.equal(lock.holder, 'admin');
    assert.equal(lock.mine, true);
    assert.ok(Math.abs(lock.until - Date.now() / 1000 - 300) < 30);
    const { code, message } = refusal(await server.graphql(ACTIVATE, { id }, other.token));
    assert.equal(code, 'PROJECT_LOCKED');
    assert.match(message, /in use by admin until \d{4}-/);
    const { intentProjectActive } = read<{ intentProjectActive: { id: string } }>(
      await server.graphql('{ intentProjectActive { id } }'),
    );
    assert.equal(intentProjectActive.id, id);
  });

  it('are freed by the holder, or by who may unlock', async () => {
    const id = await aProject('Stuck');
    read(await server.graphql(ACTIVATE, { id }));
    const reader = await aKey(server, { 'space-reader': 'root' });
    assert.equal(refusal(await server.graphql(UNLOCK, { id }, reader.token)).code, 'FORBIDDEN');
    const admin = await aKey(server, { 'space-admin': 'root' });
    assert.deepEqual(read(await server.graphql(UNLOCK, { id }, admin.token)), { intentProjectUnlock: { lock: null } });
    read(await server.graphql(ACTIVATE, { id }, admin.token));
    assert.deepEqual(read(await server.graphql(UNLOCK, { id }, admin.token)), { intentProjectUnlock: { lock: null } });
  });

  it('are invisible where their space may not be read', async () => {
    const { token } = await aKey(server, {});
    const answer = await server.graphql(
      'query($id: ID!) { intentProject(id: $id) { id } }',
      { id: await aProject('Private') },
      token,
    );
    assert.equal(answer.data?.['intentProject'] ?? null, null);
  });

  it('say what the caller may do in them', async () => {
    const reader = await aKey(server, { 'space-reader': 'root' });
    const ask = (token?: string) => server.graphql('{ intentProject(id: "starter") { allowedActions } }', {}, token);
    const actions = async (token?: string) =>
      read<{ intentProject: { allowedActions: string[] } }>(await ask(token)).intentProject.allowedActions;
    assert.deepEqual(await actions(reader.token), []);
    assert.ok((await actions()).includes('INTENT_RESOURCE_CREATE'));
  });

  it('are found by predicates, and unknown fields are refused by name', async () => {
    const name = `Needle ${Date.now()}`;
    const id = await aProject(name);
    const search = (field: string) =>
      server.graphql('query($input: SearchInput!) { searchIntentProjects(input: $input) { edges { node { id } } } }', {
        input: { predicates: [{ field, constraint: { stringMatches: [name] } }] },
      });
    assert.deepEqual(read(await search('name')), { searchIntentProjects: { edges: [{ node: { id } }] } });
    const { code, message } = refusal(await search('colour'));
    assert.equal(code, 'BAD_INPUT');
    assert.match(message, /colour/);
  });

  it('keep the confirmation by a person, whatever a program asks', async () => {
    const made = await server.graphql('mutation { intentProjectCreate(name: "Careful", confirmation: PERSON) { id } }');
    const { id } = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate;
    const raise = 'mutation($id: ID!) { intentProjectUpdate(id: $id, confirmation: OTHER_PERSON) { id } }';
    read(await server.graphql(raise, { id }));
    const lower = 'mutation($id: ID!) { intentProjectUpdate(id: $id, confirmation: PERSON) { id } }';
    const { code, message } = refusal(await server.graphql(lower, { id }));
    assert.equal(code, 'FORBIDDEN');
    assert.match(message, /only a signed-in person/);
    const { data } = await server.graphql('query($id: ID!) { intentProject(id: $id) { confirmation } }', { id });
    assert.deepEqual(data, { intentProject: { confirmation: 'OTHER_PERSON' } });
  });

  it('leave an entry in the audit trail', async () => {
    const id = await aProject('Audited');
    const answer = await server.graphql(
      'query($input: SearchInput!) { searchAuditTrailEntries(input: $input) { edges { node { action actor { username } affectedResource { resourceId } } } } }',
      { input: { predicates: [{ field: 'resourceId', constraint: { stringMatches: [id] } }] } },
    );
    const [{ node } = { node: undefined }] = read<{ searchAuditTrailEntries: { edges: { node: object }[] } }>(answer)
      .searchAuditTrailEntries.edges;
    assert.deepEqual(node, {
      action: 'intent-project.create',
      actor: { username: 'api_key::admin' },
      affectedResource: { resourceId: id },
    });
  });

  it('are deleted with their resources in the background', async () => {
    const id = await aProject('Taken down');
    const pet = `intentProject: "${id}", resourceID: "pet", provider: "sluice/sandbox", type: "sandbox_pet"`;
    read(await server.graphql(`mutation { intentResourceCreate(${pet}, config: { length: 2 }) { id } }`));
    const { code } = refusal(
      await server.graphql('mutation($id: ID!) { intentProjectDelete(id: $id) { id } }', { id }),
    );
    assert.equal(code, 'CONFLICT');
    const gone = await server.graphql(
      'mutation($id: ID!) { intentProjectDelete(id: $id, destroyResources: true) { state expiry { action } } }',
      { id },
    );
    assert.deepEqual(gone.data, { intentProjectDelete: { state: 'DISABLED', expiry: { action: 'DELETE' } } });
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { data } = await server.graphql('query($id: ID!) { intentProject(id: $id) { id expiry { note } } }', {
        id,
      });
      if (JSON.stringify(data) === '{"intentProject":null}') break;
      assert.ok(Date.now() < deadline, JSON.stringify(data));
      await new Promise((pause) => setTimeout(pause, 250));
    }
  });

  it('tell no address of this computer of anything', async () => {
    const id = await aProject('Ending');
    let calls = 0;
    const canary = createServer((_request, response) => {
      calls += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const address = canary.address();
    assert.ok(typeof address === 'object' && address !== null);
    const watch = async () => {
      const { data } = await server.graphql('query($id: ID!) { intentProject(id: $id) { watch { webhookFailure } } }', {
        id,
      });
      return JSON.stringify(data);
    };
    try {
      const url = `http://127.0.0.1:${address.port}/`;
      const set = `mutation($id: ID!, $url: String) { intentProjectWebhookSet(intentProject: $id, url: $url, secret: "0123456789abcdef") { webhookHost } }`;
      read(await server.graphql(set, { id, url }));
      read(await server.graphql('mutation($id: ID!) { intentProjectUpdate(id: $id, ttl: "30m") { id } }', { id }));
      const deadline = Date.now() + 60_000;
      while (!/refused/.test(await watch())) {
        assert.ok(Date.now() < deadline, await watch());
        await new Promise((pause) => setTimeout(pause, 250));
      }
      assert.equal(calls, 0);
    } finally {
      canary.close();
    }
  });
});
