import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';

describe('an assistant', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  async function mutate(document: string, variables: JsonObject): Promise<string> {
    const response = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await server.adminToken()}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'mutate', arguments: { document, variables } },
      }),
    });
    return response.text();
  }

  it('cannot make an API key, which would outlive its sign-in', async () => {
    const answer = await mutate(
      'mutation { apiKeyCreate(input: { name: "x", admin: true, teams: [] }) { secret } }',
      {},
    );
    assert.match(answer, /an assistant cannot make API keys/);
    assert.match(answer, /FORBIDDEN/);
  });

  it('cannot invite people, whose link it would see', async () => {
    const answer = await mutate(
      'mutation { managedUserInvite(input: { username: "by-an-assistant", accessRules: [] }) { invitationLink } }',
      {},
    );
    assert.match(answer, /an assistant cannot invite people/);
    assert.match(answer, /FORBIDDEN/);
  });

  it('cannot review what it asked for', async () => {
    const document =
      'mutation($id: ID!) { intentResourceOperationReview(intentProject: "starter", operationID: $id, decision: ALLOW) { id } }';
    const made = await server.graphql(
      'mutation { intentResourceCreate(intentProject: "starter", resourceID: "reviewed", provider: "sluice/sandbox", type: "sandbox_pet", config: {}) { id } }',
    );
    const { id } = read<{ intentResourceCreate: { id: string } }>(made).intentResourceCreate;
    assert.match(await mutate(document, { id }), /an assistant cannot review operations/);
    assert.equal(refusal(await server.graphql(document, { id })).code, 'CONFLICT');
  });

  it('that may only read sees what happened, but no plan and no state', async () => {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    const ask = (fields: string) =>
      server.graphql(
        `{ intentResourceOperations(intentProject: "starter", pageSize: 1) { operations { ${fields} } } }`,
        {},
        token,
      );
    assert.deepEqual((await ask('status')).errors, []);
    for (const fields of ['plan { after }', 'state']) assert.equal(refusal(await ask(fields)).code, 'FORBIDDEN');
  });
});
