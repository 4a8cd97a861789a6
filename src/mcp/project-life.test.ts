import assert from 'node:assert/strict';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { mcpClients, type McpSession } from '../testing/mcp-clients.ts';
import { aKey, read, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const pet = { provider: 'sluice/sandbox', resource_type: 'sandbox_pet', provider_version: 'latest', config: {} };

for (const { era, connect } of mcpClients) {
  describe(`the whole life of a project by its tools, for ${era} clients`, () => {
    let server: TestServer;
    let session: McpSession;
    let id: string;

    before(async () => {
      server = await sharedServer();
      const { token } = await aKey(server, { 'space-admin': 'root' });
      session = await connect({ url: `${server.url}/intent/mcp`, headers: { authorization: `Bearer ${token}` } });
      const made = await ok('project-create', { name: `Life ${era}`, labels: ['short'], ttl: '72h' });
      assert.ok(typeof made['id'] === 'string');
      id = made['id'];
      await ok('project-use', { id });
    });
    after(() => session?.close());

    async function ok(tool: string, given: JsonObject = {}): Promise<JsonObject> {
      const answer = await session.call(tool, given);
      assert.equal(answer.isError, false, answer.texts[0]);
      return answer.structured;
    }
    async function refused(tool: string, given: JsonObject): Promise<string> {
      const answer = await session.call(tool, given);
      assert.equal(answer.isError, true, `${tool} was not refused`);
      return answer.texts[0] ?? '';
    }
    /** Calls twice: what destroys asks first. */
    async function confirmed(tool: string, given: JsonObject): Promise<JsonObject> {
      const asked = await session.call(tool, given);
      const token = /confirmation "([^"]+)"/.exec(asked.texts[0] ?? '')?.[1] ?? '';
      return ok(tool, { ...given, confirmation: token });
    }
    const described = () => ok('project-describe', { id });
    const listOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

    it('changes its name and its end', async () => {
      const expiry = (await described())['expiry'];
      assert.ok(isJsonObject(expiry) && expiry['action'] === 'ARCHIVE');
      const changed = await ok('project-update', { description: 'kept', clear_ttl: true });
      assert.equal(changed['description'], 'kept');
      assert.equal((await described())['expiry'], null);
      assert.match(await refused('project-update', { ttl: 'soon' }), /^ttl: /);
    });

    it('is waited for in line while somebody else has it', async () => {
      await ok('project-unlock');
      const hold = 'mutation($id: ID!) { intentProjectActivate(id: $id) { id } }';
      read(await server.graphql(hold, { id }));
      assert.match(await refused('project-use', { id }), /PROJECT_LOCKED/);
      const waiting = ok('project-use', { id, lock_wait: 50 });
      const line = '{ intentProject(id: "ID") { lock { holder selected } lockQueue { position name } } }'.replace(
        'ID',
        id,
      );
      const seen = async () =>
        read<{ intentProject: { lock: object; lockQueue: { name: string }[] } }>(await server.graphql(line))
          .intentProject;
      while ((await seen()).lockQueue.length === 0) await new Promise((done) => setTimeout(done, 20));
      assert.deepEqual((await seen()).lockQueue, [{ position: 1, name: 'test key' }]);
      assert.deepEqual(listOf((await described())['lock_queue']), [{ position: 1, name: 'test key', mine: true }]);
      read(await server.graphql('mutation($id: ID!) { intentProjectUnlock(id: $id, force: true) { id } }', { id }));
      assert.ok(isJsonObject((await waiting)['lock']));
    });

    it('stops and goes on', async () => {
      assert.equal((await ok('project-disable'))['state'], 'DISABLED');
      assert.match(await refused('lifecycle-resources-create', { resource_id: 'early', ...pet }), /is disabled/);
      assert.equal((await ok('project-enable'))['state'], 'ENABLED');
    });

    it('is watched for drift', async () => {
      assert.equal((await ok('project-drift-check', { interval_minutes: 60 }))['drift_interval_minutes'], 60);
      assert.ok(isJsonObject((await described())['watch']));
      assert.equal((await ok('project-drift-check'))['drift_interval_minutes'], null);
    });

    it('is judged by a policy as long as that is attached', async () => {
      const [policy] = listOf((await ok('policy-list'))['policies']);
      await ok('project-policy-attach', { policy_id: policy?.['id'] ?? '' });
      const [attached] = listOf((await described())['policies']);
      assert.equal(attached?.['id'], policy?.['id']);
      await confirmed('project-policy-detach', { attachment_id: attached?.['attachment_id'] ?? '' });
      assert.deepEqual(listOf((await described())['policies']), []);
    });

    it('says where projects can be and what cloud roles there are', async () => {
      assert.ok(listOf((await ok('space-list'))['spaces']).some((space) => space['id'] === 'root'));
      const name = `life ${era}`;
      const make =
        'mutation($name: String!) { awsIntegrationCreate(name: $name, roleArn: "arn:aws:iam::123456789012:role/life", generateCredentialsInWorker: false) { id } }';
      read(await server.graphql(make, { name }));
      const found = listOf((await ok('cloud-integration-list'))['integrations']).find((each) => each['name'] === name);
      assert.equal(found?.['role_arn'], 'arn:aws:iam::123456789012:role/life');
      // The server of this test has no identity at AWS.
      const attach = { integration_id: found?.['id'] ?? '', read: true, write: false, aws_region: 'eu-west-1' };
      assert.match(await refused('project-cloud-attach', attach), /SLUICE_AWS_ACCESS_KEY_ID/);
      const detach = { integration_id: found?.['id'] ?? '' };
      const confirmation = /confirmation "([^"]+)"/.exec(await refused('project-cloud-detach', detach))?.[1] ?? '';
      const words = await refused('project-cloud-detach', { ...detach, confirmation });
      assert.match(words, /^no such awsIntegration of this project/);
    });

    it('shows one operation, and calls it off', async () => {
      await ok('lifecycle-resources-create', { resource_id: 'pet', ...pet });
      const asked = await ok('lifecycle-resources-delete', { resource_id: 'pet' });
      const operation = { operation_id: asked['operation_id'] ?? '' };
      assert.equal((await ok('lifecycle-resources-status', operation))['status'], 'awaiting_confirmation');
      assert.equal((await ok('lifecycle-resources-cancel', operation))['status'], 'canceled');
      assert.equal((await ok('state-list'))['count'], 1);
    });

    it('ends with what it holds', async () => {
      await confirmed('project-delete', { id, destroy_resources: true });
      for (;;) {
        const { intentProject } = read<{ intentProject: object | null }>(
          await server.graphql(`{ intentProject(id: "${id}") { id } }`),
        );
        if (intentProject === null) return;
        await new Promise((done) => setTimeout(done, 50));
      }
    });
  });
}
