import assert from 'node:assert/strict';

import type { Json, JsonObject } from '../shared/json.ts';
import { connectModern, mcpClients, type McpSession, type ToolReply } from '../testing/mcp-clients.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

const provider = 'sluice/sandbox';
const START_LIMIT_MS = 90_000; // the whole server with a new database, on a machine that may be busy

describe('MCP, from the client to the provider', function () {
  this.timeout(START_LIMIT_MS);
  let server: TestServer;
  let headers: { authorization: string };

  before(async () => {
    server = await startTestServer();
    headers = { authorization: `Bearer ${await server.adminToken()}` };
  });
  after(() => server?.stop());

  for (const { era, connect } of mcpClients) {
    describe(`${era} clients with the fine-grained tools`, () => {
      let session: McpSession;
      let version: string;
      const pet = `pet-${era}`;
      const text = `text-${era}`;

      before(async () => {
        session = await connect({ url: `${server.url}/intent/mcp`, headers });
      });
      after(() => session?.close());

      /** A call that must succeed: what it answers. */
      async function ok(name: string, given: JsonObject = {}): Promise<JsonObject> {
        const reply = await session.call(name, given);
        assert.equal(reply.isError, false, reply.texts.join('\n'));
        return reply.structured;
      }
      /** The same for a destructive call, confirmed by the token that it answers with. */
      async function confirmed(name: string, given: JsonObject): Promise<JsonObject> {
        return ok(name, { ...given, confirmation: tokenOf(await session.call(name, given)) });
      }
      const create = (resource_id: string, resource_type: string, config: JsonObject) =>
        ok('lifecycle-resources-create', { resource_id, provider, resource_type, config, provider_version: version });

      it('find a provider and its schemas', async () => {
        const found = await ok('provider-search', { query: 'sandbox' });
        assert.equal(found['query'], 'sandbox');
        version = at<string>(found, 'provider', 'version');
        assert.equal(at(found, 'provider', 'id'), provider);
        const described = await ok('provider-describe', { provider, provider_version: version });
        assert.deepEqual(at(described, 'provider', 'version'), version);
        assert.ok(at<Json[]>(described, 'resource_types').includes('sandbox_pet'));
        assert.equal(described['config_error'], null);
        const given = { provider, resource_type: 'sandbox_string', provider_version: version };
        const schema = await ok('provider-resources-describe', given);
        assert.deepEqual(schema['required'], ['length']);
        assert.equal(at(schema, 'properties', 'length', 'usage'), 'required');
        assert.equal(at(schema, 'properties', 'secret_result', 'sensitive'), true);
      });

      it('are told how far a change is, if they ask', async () => {
        const notes: string[] = [];
        const given = {
          resource_id: `told-${era}`,
          provider,
          resource_type: 'sandbox_pet',
          config: {},
          provider_version: version,
        };
        const project = at<string>(await ok('project-create', { name: `Told ${era}` }), 'id');
        await ok('project-use', { id: project });
        await session.call('lifecycle-resources-create', given, ({ message = '' }) => notes.push(message));
        assert.deepEqual(notes, [`sandbox_pet "told-${era}": applying`, `sandbox_pet "told-${era}": finished`]);
        await ok('project-unlock');
      });

      it('make, choose and leave projects', async () => {
        const created = await ok('project-create', { name: `Scratch ${era}` });
        assert.equal(created['id'], `scratch-${era}`);
        const used = await ok('project-use', { id: `scratch-${era}` });
        assert.equal(used['currently_selected'], true);
        assert.equal(at(used, 'lock', 'mine'), true);
        assert.equal(at(await ok('project-current'), 'project', 'id'), `scratch-${era}`);
        const listed = at<JsonObject[]>(await ok('project-list'), 'projects').map(({ id }) => id);
        assert.ok(listed.includes('starter') && listed.includes(`scratch-${era}`));
        assert.equal((await ok('project-unlock'))['lock'], null);
        assert.equal((await ok('project-use', { id: 'starter' }))['id'], 'starter');
        assert.equal((await confirmed('project-delete', { id: `scratch-${era}` }))['id'], `scratch-${era}`);
        assert.equal((await session.call('project-describe', { id: `scratch-${era}` })).code, 'NO_SUCH');
      });

      it('give a project what its providers need, and show no secret', async () => {
        const variable = { id: `TOKEN_${era}`.replace(/\W/g, '_'), value: 'shown-to-nobody', write_only: true };
        const added = await ok('project-config-add', variable);
        assert.deepEqual([added['type'], added['value'], added['write_only']], ['ENVIRONMENT_VARIABLE', null, true]);
        assert.equal((await ok('project-config-update', { ...variable, value: 'nor-this' }))['value'], null);
        const alias = `of-${era}`;
        const config = { faults: { slow_ms: '1' } };
        assert.deepEqual((await ok('provider-config-set', { provider, alias, config }))['config'], config);
        const given = { resource_id: alias, provider, resource_type: 'sandbox_pet', provider_version: version };
        const created = await ok('lifecycle-resources-create', { ...given, provider_alias: alias, config: {} });
        assert.equal(created['status'], 'created');
        const listed = await ok('project-config-list');
        assert.deepEqual(at(listed, 'provider_configs', '0', 'alias'), alias);
        assert.doesNotMatch(JSON.stringify(listed), /shown-to-nobody|nor-this/);
        await confirmed('lifecycle-resources-delete', { resource_id: alias });
        await confirmed('provider-config-delete', { provider, alias });
        await confirmed('project-config-delete', { id: variable.id });
        assert.deepEqual(await ok('project-config-list'), { config: [], provider_configs: [] });
      });

      it('create, read, refresh and import', async () => {
        const created = await create(pet, 'sandbox_pet', { length: 2 });
        assert.equal(created['status'], 'created');
        assert.deepEqual(
          [created['resource_id'], created['provider'], created['provider_version']],
          [pet, provider, version],
        );
        const name = at<string>(created, 'result', 'id');
        assert.equal((await create(text, 'sandbox_string', { length: 8 }))['status'], 'created');
        const read = await ok('state-get', { resource_id: pet });
        assert.equal(read['resource_type'], 'sandbox_pet');
        assert.equal(at(read, 'state', 'id'), name);
        assert.equal((await ok('lifecycle-resources-refresh', { resource_id: pet }))['status'], 'refreshed');
        const given = {
          import_id: 'calm-otter',
          destination_id: `taken-${era}`,
          provider,
          resource_type: 'sandbox_pet',
        };
        const imported = await ok('lifecycle-resources-import', { ...given, provider_version: version });
        assert.equal(imported['status'], 'imported');
        assert.deepEqual([imported['import_id'], imported['destination_id']], ['calm-otter', `taken-${era}`]);
        const listed = await ok('state-list');
        assert.ok(at<JsonObject[]>(listed, 'states').some((state) => state['resource_id'] === pet));
        assert.equal(typeof listed['count'], 'number');
      });

      it('keep sensitive values to the server', async () => {
        const read = await ok('state-get', { resource_id: text });
        assert.equal(at(read, 'state', 'secret_result'), null);
        assert.deepEqual(read['redacted'], ['secret_result']);
      });

      it('tie resources together, so that one is not deleted before the other', async () => {
        const edge = { from_resource_id: text, to_resource_id: pet };
        const mapping = { source_field: 'id', target_field: 'keepers', description: 'named after it' };
        const given = { ...edge, dependency_type: 'explicit', explanation: 'why', field_mappings: [mapping] };
        const added = await ok('lifecycle-resources-dependencies-add', given);
        assert.equal(added['status'], 'added');
        assert.deepEqual(added['field_mappings'], [mapping]);
        const neighbours = await ok('lifecycle-resources-dependencies-get', { resource_id: pet });
        assert.deepEqual(neighbours['summary'], { dependencies_count: 0, dependents_count: 1, total_count: 1 });
        const refused = await session.call('lifecycle-resources-delete', { resource_id: pet });
        assert.equal(refused.isError, true);
        assert.match(refused.texts[0] ?? '', new RegExp(text));
        assert.equal((await confirmed('lifecycle-resources-dependencies-remove', edge))['status'], 'removed');
      });

      it('are denied with every reason', async () => {
        const given = { resource_id: `prod-${era}`, provider, resource_type: 'sandbox_pet', config: {} };
        const denied = await session.call('lifecycle-resources-create', { ...given, provider_version: version });
        assert.equal(denied.code, 'POLICY_DENIED');
        assert.match(denied.texts[0] ?? '', /denied by policy.*\n- "prod-\d+" looks like production/);
      });

      it('hear what is wrong with a configuration', async () => {
        const given = {
          resource_id: `bad-${era}`,
          provider,
          resource_type: 'sandbox_string',
          provider_version: version,
        };
        const wrong = await session.call('lifecycle-resources-create', { ...given, config: { length: 8, uper: true } });
        assert.equal(wrong.isError, true);
        assert.match(wrong.texts[0] ?? '', /uper/);
        const unknown = await session.call('lifecycle-resources-create', {
          ...given,
          resource_type: 'sandbox_pett',
          config: {},
        });
        assert.equal(unknown.isError, true);
        assert.match(unknown.texts[0] ?? '', /sandbox_pett/);
      });

      it('update by replacing, forget, and delete, each confirmed', async () => {
        const updated = await confirmed('lifecycle-resources-update', { resource_id: pet, config: { length: 3 } });
        assert.equal(updated['status'], 'updated');
        assert.equal(at(updated, 'result', 'length'), 3);
        assert.equal((await confirmed('state-eject', { resource_id: `taken-${era}` }))['status'], 'ejected');
        for (const resource_id of [pet, text]) {
          const deleted = await confirmed('lifecycle-resources-delete', { resource_id });
          assert.deepEqual([deleted['resource_id'], deleted['status']], [resource_id, 'deleted']);
        }
        assert.equal((await session.call('state-get', { resource_id: pet })).code, 'NO_SUCH');
      });

      it('plan many changes, apply them in order, and take them down together', async () => {
        const subject = { provider, version };
        const note = { path: `note-${era}`, content: `I am \${name-${era}.id}` };
        const planned = await ok('lifecycle-changes-plan', {
          changes: [
            { ...subject, kind: 'create', resource_id: `note-${era}`, type: 'sandbox_file', config: note },
            { ...subject, kind: 'create', resource_id: `name-${era}`, type: 'sandbox_pet', config: { length: 2 } },
          ],
        });
        assert.equal(planned['outcome'], 'planned');
        assert.deepEqual(at(planned, 'changes', '0', 'needs'), [`name-${era}`]);
        const change_set_id = at<string>(planned, 'change_set_id');
        assert.equal((await ok('lifecycle-changes-apply', { change_set_id }))['outcome'], 'finished');
        const name = at<string>(await ok('state-get', { resource_id: `name-${era}` }), 'state', 'id');
        assert.equal(at(await ok('state-get', { resource_id: `note-${era}` }), 'state', 'content'), `I am ${name}`);
        const changes = [{ kind: 'delete', resource_id: `name-${era}`, with_dependents: true }];
        const leaving = at<string>(await ok('lifecycle-changes-plan', { changes }), 'change_set_id');
        assert.equal((await confirmed('lifecycle-changes-apply', { change_set_id: leaving }))['outcome'], 'finished');
        const shown = await ok('lifecycle-changes-get', { change_set_id: leaving });
        assert.deepEqual(at(shown, 'changes', '1', 'resource_id'), `note-${era}`);
      });

      it('read the history two ways', async () => {
        const given = { resource_id: pet, page: 1, page_size: 2 };
        const reply = await session.call('lifecycle-resources-operations', given);
        assert.equal(reply.texts.length, 2);
        assert.match(reply.texts[0] ?? '', new RegExp(`^- SUCCEEDED delete sandbox_pet ${pet} \\(`));
        const { page, page_size, has_more, operations } = reply.structured;
        assert.deepEqual([page, page_size, has_more], [1, 2, true]);
        assert.ok(Array.isArray(operations) && operations.length === 2);
        const who = ['user', 'user_kind'].map((key) => at(reply.structured, 'operations', '0', key));
        assert.deepEqual(who, ['admin', 'API_KEY']);
        const timeline = await ok('state-timeline', { resource_id: pet });
        const told = at<JsonObject[]>(timeline, 'events').map(({ operation }) => operation);
        assert.deepEqual(told, ['delete', 'update', 'refresh', 'create']);
        assert.equal(timeline['has_more'], false);
      });

      it('read the receipt of one operation: what was asked, by whom, and what came of it', async () => {
        const listed = await ok('lifecycle-resources-operations', { resource_id: text, page_size: 50 });
        const created = at<JsonObject[]>(listed, 'operations').at(-1);
        const receipt = await ok('lifecycle-resources-receipt', { operation_id: created?.['id'] ?? '' });
        assert.deepEqual(
          [receipt['operation'], receipt['status'], receipt['user_kind']],
          ['CREATE', 'created', 'API_KEY'],
        );
        assert.equal(at(receipt, 'config', 'length'), at(receipt, 'result', 'length'));
        const [entry] = at<JsonObject[]>(receipt, 'receipts');
        assert.deepEqual([entry?.['outcome'], entry?.['actor']], ['created', 'api_key::admin']);
        assert.equal(at(receipt, 'receipts', '0', 'client'), receipt['client']);
      });

      it('try and read policies', async () => {
        const [policy] = at<JsonObject[]>(await ok('policy-list'), 'policies');
        assert.ok(policy);
        const read = await ok('policy-get', { id: policy['id'] ?? '' });
        assert.match(at(read, 'rego_code'), /package spacelift/);
        const tried = {
          policy_id: policy['id'] ?? '',
          resource_type: 'sandbox_pet',
          provider,
          operation: 'create',
          proposed_state: {},
        };
        assert.equal((await ok('policy-dry-run', tried))['outcome'], 'ALLOWED');
        const edit = { ...tried, operation: 'dependency_add', to_resource_type: 'sandbox_file' };
        assert.deepEqual((await ok('policy-dry-run', edit))['allow'], ['the sandbox may dependency-add sandbox_pet']);
        const foreign = await ok('policy-dry-run', { ...tried, provider: 'hashicorp/aws', operation: 'read' });
        assert.deepEqual([foreign['outcome'], foreign['allow']], ['DENIED', []]);
        assert.equal(typeof at(await ok('policy-input-schema'), 'schema'), 'object');
      });
    });
  }

  it('asks the user of a 2026 client before anything is destroyed, and does it once', async () => {
    const questions: string[] = [];
    const confirm = (question: string) => (questions.push(question), 'accept' as const);
    const session = await connectModern({ url: `${server.url}/mcp`, headers, confirm });
    const made = { kind: 'create', project: 'starter', id: 'asked', provider, type: 'sandbox_pet', config: {} };
    assert.equal((await session.call('intent', made)).structured['outcome'], 'created');
    const told = (await session.call('intent', { kind: 'history', project: 'starter' })).structured;
    assert.deepEqual(
      ['user', 'userKind', 'status'].map((key) => at(told, 'operations', '0', 'node', key)),
      ['admin', 'API_KEY', 'FINISHED'],
    );
    const deleted = await session.call('intent', { kind: 'delete', project: 'starter', id: 'asked' });
    assert.equal(deleted.structured['outcome'], 'deleted');
    assert.equal(questions.length, 1);
    await session.close();
  });

  it('plans many changes with one tool and asks once before it applies what destroys', async () => {
    const questions: string[] = [];
    const confirm = (question: string) => (questions.push(question), 'accept' as const);
    const session = await connectModern({ url: `${server.url}/mcp`, headers, confirm });
    const plan = (changes: Json) => session.call('intent', { kind: 'plan', project: 'starter', changes });
    const apply = ({ structured }: ToolReply) =>
      session.call('intent', { kind: 'apply', project: 'starter', id: structured['changeSet'] ?? '' });
    const pets = ['left', 'right'].map((resource_id) => ({ resource_id, provider, type: 'sandbox_pet', config: {} }));
    const made = await apply(await plan(pets.map((each) => ({ ...each, kind: 'create' }))));
    assert.equal(made.structured['outcome'], 'finished', made.texts.join('\n'));
    assert.equal(questions.length, 0);
    const gone = await apply(await plan(pets.map(({ resource_id }) => ({ kind: 'delete', resource_id }))));
    assert.equal(gone.structured['outcome'], 'finished', gone.texts.join('\n'));
    assert.equal(questions.length, 1);
    // A person agrees to what they can read.
    assert.match(questions[0] ?? '', /^Would be destroyed: sandbox_pet "left", sandbox_pet "right"\.\n/);
    const refused = await plan([
      { kind: 'create', resource_id: 'x', provider, type: 'sandbox_pet', config: { length: 99 } },
    ]);
    assert.equal(refused.isError, true);
    assert.match(refused.texts.join('\n'), /"x": /);
    await session.close();
  });

  it('takes a confirmation once only, and for nothing else', async () => {
    const session = await connectModern({ url: `${server.url}/mcp`, headers });
    for (const id of ['one', 'two']) {
      const made = { kind: 'create', project: 'starter', id, provider, type: 'sandbox_pet', config: {} };
      assert.equal((await session.call('intent', made)).isError, false);
    }
    const deleting = (id: string, confirmation?: string) =>
      session.call('intent', {
        kind: 'delete',
        project: 'starter',
        id,
        ...(confirmation === undefined ? {} : { confirmation }),
      });
    const token = tokenOf(await deleting('one'));
    assert.notEqual((await deleting('two', token)).structured['outcome'], 'deleted');
    assert.notEqual((await deleting('one', `${token}x`)).structured['outcome'], 'deleted');
    const fresh = tokenOf(await deleting('one'));
    assert.equal((await deleting('one', fresh)).structured['outcome'], 'deleted');
    assert.equal((await deleting('one', fresh)).isError, true);
    assert.equal((await deleting('two', tokenOf(await deleting('two')))).structured['outcome'], 'deleted');
    await session.close();
  });
});

function at<T = Json>(value: Json, ...path: string[]): T {
  let inner: Json | undefined = value;
  for (const key of path) inner = (inner as JsonObject | undefined)?.[key];
  return inner as T;
}

/** The one-time token, wherever the answer has it. */
function tokenOf({ structured, texts }: ToolReply): string {
  const token = at<Json>(structured, 'confirmation', 'token') ?? at<Json>(structured, 'details', 'confirmation');
  assert.ok(typeof token === 'string', `a token in: ${texts.join('\n')}`);
  return token;
}
