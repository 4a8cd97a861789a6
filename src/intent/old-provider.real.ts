import assert from 'node:assert/strict';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { buildLegacyProvider, legacyAddress } from '../testing/go-provider.ts';
import { mcpClients, type McpSession } from '../testing/mcp-clients.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const provider = legacyAddress;

const made = `provider: "${provider}", type: "legacy_box"`;
const putOff: Readonly<Record<string, string>> = {
  plan: `mutation($project: ID!) { intentResourceCreate(intentProject: $project, resourceID: "a", ${made}, config: { name: "a" }) { id } }`,
  import: `mutation($project: ID!) { intentResourceImport(intentProject: $project, resourceID: "a", ${made}, importID: "box-a") { id } }`,
  read: `mutation($project: ID!) { intentResourceImport(intentProject: $project, resourceID: "a", ${made}, importID: "box-a") { id } }`,
  data: `query($project: ID!) { intentDataSourceRead(intentProject: $project, provider: "${provider}", type: "legacy_boxes", config: {}) { result } }`,
};

// The whole way, with a provider as the large ones are: on the old SDK, with some types on the framework.
describe('a provider on the old SDK, through the server', () => {
  let server: TestServer;
  before(requireTool('go'));
  before(async () => {
    const settings = {
      SLUICE_PROVIDER_OVERRIDES: `${provider}=${await buildLegacyProvider()}`,
      SLUICE_PROVIDER_ALLOW: provider,
    };
    server = await startTestServer({ settings });
  });
  after(() => server?.stop());

  const project = async (name: string): Promise<string> => {
    const made = await server.graphql('mutation($name: String!) { intentProjectCreate(name: $name) { id } }', { name });
    return read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  };
  const change = (field: string, args: JsonObject): ReturnType<TestServer['graphql']> => {
    const names = Object.keys(args);
    const given = names.map((name) => `${name}: $${name}`).join(', ');
    const declared = names.map((name) => `$${name}: ${types[name] ?? 'String'}`).join(', ');
    return server.graphql(
      `mutation(${declared}) { ${field}(${given}) { status state importIdentity diagnostics { summary severity }
        resource { identity } } }`,
      args,
    );
  };
  const types: Readonly<Record<string, string>> = {
    intentProject: 'ID!',
    resourceID: 'ID!',
    provider: 'String!',
    type: 'String!',
    config: 'JSON!',
    importIdentity: 'JSON',
  };

  it('makes and changes objects, and logs what is tolerated by its place alone', async () => {
    const intentProject = await project('Tolerated');
    const made = read<Changed>(
      await change('intentResourceCreate', {
        intentProject,
        resourceID: 'one',
        provider,
        type: 'legacy_liar',
        config: { text: 'canary', kept: 'long', lie_in_apply: true },
      }),
    ).intentResourceCreate;
    assert.equal(made?.state?.['text'], 'canary indeed');
    assert.deepEqual(made?.diagnostics, []);
    assert.match(server.output(), /tolerated in the plan, since the provider is on Terraform's old SDK/);
    assert.match(server.output(), /"places":\["text: returned a value that is not the planned one"\]/);
    assert.doesNotMatch(server.output(), /canary/);
  });

  it('goes back to what an import found, without arguments that exclude each other', async () => {
    const intentProject = await project('Back');
    const imported = await server.graphql(
      `mutation($project: ID!) { intentResourceImport(intentProject: $project, resourceID: "shelf", importID: "shelf-1",
        provider: "${provider}", type: "legacy_shelf") { id } }`,
      { project: intentProject },
    );
    const { id } = read<{ intentResourceImport: { id: string } }>(imported).intentResourceImport;
    const other = { name: 'shelf-1', note: 'another' };
    read(await change('intentResourceUpdate', { intentProject, resourceID: 'shelf', config: other }));
    const back = await server.graphql(
      `mutation($project: ID!, $id: ID!) { intentResourceOperationRollback(intentProject: $project, operationID: $id) { state } }`,
      { project: intentProject, id },
    );
    const { state } = read<{ intentResourceOperationRollback: { state: JsonObject } }>(
      back,
    ).intentResourceOperationRollback;
    assert.match(JSON.stringify(state['note']), /<<EOT/);
    assert.match(JSON.stringify(state['board']), /é 🐘/);
  });

  it('records the identity of an object and imports by it', async () => {
    const intentProject = await project('Identity');
    const made = read<Changed>(
      await change('intentResourceCreate', {
        intentProject,
        resourceID: 'made',
        provider,
        type: 'legacy_box',
        config: { name: 'made' },
      }),
    ).intentResourceCreate;
    assert.deepEqual(made?.resource?.identity, { name: 'made', region: 'north' });
    for (const type of ['legacy_box', 'legacy_tin']) {
      const described = await server.graphql(
        `{ providerResource(provider: "${provider}", type: "${type}") { identity } }`,
      );
      assert.equal(at(described.data, 'providerResource', 'identity', 'name', 'required'), true);
      const found = read<Changed>(
        await change('intentResourceImport', {
          intentProject,
          resourceID: type,
          provider,
          type,
          importIdentity: { name: 'kept' },
        }),
      ).intentResourceImport;
      assert.equal(found?.state?.['name'], 'kept');
      assert.deepEqual(found?.importIdentity, { name: 'kept' });
      assert.equal(at(found?.resource?.identity ?? null, 'name'), 'kept');
    }
    const again = await change('intentResourceRefresh', { intentProject, resourceID: 'legacy_tin' });
    assert.deepEqual(read<Changed>(again).intentResourceRefresh?.resource?.identity, { name: 'kept' });
    const same = { intentProject, resourceID: 'legacy_tin', config: { name: 'kept' } };
    const unchanged = read<Changed>(await change('intentResourceUpdate', same)).intentResourceUpdate;
    assert.deepEqual(unchanged?.resource?.identity, { name: 'kept' });
  });

  it('says what is wrong with an identity', async () => {
    const intentProject = await project('Misnamed');
    const wrong = (type: string, named: JsonObject): ReturnType<TestServer['graphql']> =>
      change('intentResourceImport', { intentProject, resourceID: 'r', provider, type, ...named });
    const cases: readonly (readonly [string, JsonObject, RegExp])[] = [
      ['legacy_box', { importIdentity: { region: 'north' } }, /importIdentity\.name: is required/],
      ['legacy_box', { importIdentity: { name: 'a', nam: 'b' } }, /importIdentity\.nam: no such attribute/],
      ['legacy_peg', { importIdentity: { name: 'a' } }, /importIdentity: legacy_peg of .* has no identity/],
      ['legacy_box', {}, /importID: give either importID or importIdentity/],
      ['legacy_box', { importID: 'a', importIdentity: { name: 'a' } }, /importID: give either importID or/],
    ];
    for (const [type, named, message] of cases) {
      const refused = refusal(await wrong(type, named));
      assert.equal(refused.code, 'BAD_INPUT');
      assert.match(refused.message, message);
    }
  });

  it('tells of objects that the provider found beside the one that was asked for', async () => {
    const intentProject = await project('Beside');
    const found = read<Changed>(
      await change('intentResourceImport', {
        intentProject,
        resourceID: 'set',
        provider,
        type: 'legacy_box',
        importID: 'set-a',
      }),
    ).intentResourceImport;
    assert.equal(found?.state?.['id'], 'box-a');
    assert.deepEqual(found?.diagnostics, [{ summary: 'the provider found legacy_peg beside it', severity: 'warning' }]);
  });

  for (const [call, run] of Object.entries(putOff)) {
    it(`refuses an answer that puts off: ${call}`, async () => {
      const intentProject = await project(`Put off ${call}`);
      await server.graphql(
        `mutation($project: ID!) { intentProjectConfigAdd(intentProject: $project, config: { id: "LEGACY_DEFERS",
          type: ENVIRONMENT_VARIABLE, value: "${call}", writeOnly: false }) { id } }`,
        { project: intentProject },
      );
      const { code, message } = refusal(await server.graphql(run, { project: intentProject }));
      assert.equal(code, 'PROVIDER_REFUSED');
      assert.match(message, /it was put off, which is not possible here: it waits for its own configuration/);
    });
  }

  for (const { era, connect } of mcpClients) {
    it(`has them imported through the few tools too, by a ${era} client`, async () => {
      const headers = { authorization: `Bearer ${await server.adminToken()}` };
      const session = await connect({ url: `${server.url}/mcp`, headers });
      const own = await project(`Few ${era}`);
      try {
        assert.deepEqual(await importByFewTools(session, own), ['three', 'two']);
      } finally {
        await session.close();
      }
    });

    it(`has many objects imported in one change set, by a ${era} client`, async () => {
      const intentProject = await project(`Many ${era}`);
      const headers = { authorization: `Bearer ${await server.adminToken()}` };
      const session = await connect({ url: `${server.url}/intent/mcp`, headers });
      try {
        assert.deepEqual(await importMany(session, intentProject), ['three', 'two']);
      } finally {
        await session.close();
      }
    });
  }
});

/** What a person would have an assistant do: look what there is, choose some, take these in. */
async function importMany(session: McpSession, project: string): Promise<string[]> {
  const ok = async (name: string, given: JsonObject): Promise<JsonObject> => {
    const reply = await session.call(name, given);
    assert.equal(reply.isError, false, reply.texts.join('\n'));
    return reply.structured;
  };
  await ok('project-use', { id: project });
  const known = await ok('provider-search', { query: 'legacy' });
  const there = await ok('lifecycle-datasources-read', {
    provider,
    data_source_type: 'legacy_boxes',
    config: {},
    provider_version: at(known, 'provider', 'version'),
  });
  const names = listAt(there, 'result', 'boxes').map((each) => textAt(each, 'name'));
  assert.deepEqual(names, ['box-one', 'box-two', 'box-three']);
  const changes = names.slice(1).map((name) => ({
    kind: 'import',
    resource_id: name.slice('box-'.length),
    provider,
    type: 'legacy_box',
    import_id: name,
  }));
  const planned = await ok('lifecycle-changes-plan', { changes });
  const applied = await ok('lifecycle-changes-apply', { change_set_id: planned['change_set_id'] ?? null });
  assert.equal(applied['status'], 'FINISHED');
  return listAt(await ok('state-list', {}), 'states')
    .map((each) => textAt(each, 'resource_id'))
    .toSorted();
}

async function importByFewTools(session: McpSession, project: string): Promise<string[]> {
  const ok = async (given: JsonObject): Promise<JsonObject> => {
    const reply = await session.call('intent', { project, ...given });
    assert.equal(reply.isError, false, reply.texts.join('\n'));
    return reply.structured;
  };
  const there = await ok({ kind: 'data', provider, type: 'legacy_boxes', config: {} });
  const changes = listAt(there, 'result', 'boxes')
    .slice(1)
    .map((each) => ({
      kind: 'import',
      resource_id: textAt(each, 'name').slice('box-'.length),
      provider,
      type: 'legacy_box',
      import_identity: { name: textAt(each, 'name').slice('box-'.length) },
    }));
  const planned = await ok({ kind: 'plan', changes });
  await ok({ kind: 'apply', id: planned['changeSet'] ?? null });
  return listAt(await ok({ kind: 'list' }), 'resources')
    .map((each) => textAt(at(each, 'node'), 'id'))
    .toSorted();
}

interface Change {
  readonly state: JsonObject | null;
  readonly importIdentity: Json;
  readonly diagnostics: readonly Json[];
  readonly resource: { readonly identity: Json } | null;
}
type Field = 'intentResourceCreate' | 'intentResourceUpdate' | 'intentResourceImport' | 'intentResourceRefresh';
type Changed = { readonly [Name in Field]?: Change };

function at(json: unknown, ...path: readonly string[]): Json {
  let here: Json = json as Json;
  for (const step of path) here = isJsonObject(here) ? (here[step] ?? null) : null;
  return here;
}

function textAt(json: Json, name: string): string {
  const text = at(json, name);
  return typeof text === 'string' ? text : '';
}

function listAt(json: unknown, ...path: readonly string[]): readonly Json[] {
  const found = at(json, ...path);
  return Array.isArray(found) ? (found as readonly Json[]) : [];
}
