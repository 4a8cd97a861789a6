import assert from 'node:assert/strict';

import type { Json, JsonObject } from '../shared/json.ts';
import { mcpClients, type McpSession } from '../testing/mcp-clients.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

const START_LIMIT_MS = 120_000; // the whole server with a new database, on a machine that may be busy
const provider = 'sluice/sandbox';

// What somebody does who writes a policy with an assistant: write it, correct it, try it, attach it, see what it saw,
// change it, and go on.
describe('MCP, for authors of policies', function () {
  this.timeout(START_LIMIT_MS);
  let server: TestServer;
  let headers: { authorization: string };

  before(requireTool('opa'));
  before(async () => {
    server = await startTestServer();
    headers = { authorization: `Bearer ${await server.adminToken()}` };
  });
  after(() => server?.stop());

  for (const { era, connect } of mcpClients) {
    it(`from the first draft to the sample, with ${era} clients`, async () => {
      const session = await connect({ url: `${server.url}/intent/mcp`, headers });
      try {
        await walk(session, era);
      } finally {
        await session.close();
      }
    });
  }

  async function walk(session: McpSession, era: string): Promise<void> {
    const ok = async (name: string, given: JsonObject = {}): Promise<JsonObject> => {
      const reply = await session.call(name, given);
      assert.equal(reply.isError, false, reply.texts.join('\n'));
      return reply.structured;
    };
    const refused = async (name: string, given: JsonObject): Promise<string> => {
      const reply = await session.call(name, given);
      assert.equal(reply.isError, true);
      return reply.texts.join('\n');
    };
    const project = text(await ok('project-create', { name: `Authors ${era}` }), 'id');
    await ok('project-use', { id: project });

    const broken = 'package spacelift\n\ndeny contains "no" if inptu.resource.operation == "delete"\n';
    assert.match(await refused('policy-create', { name: `Pets ${era}`, rego_code: broken }), /line 3, column \d+/);
    const body = [
      'package spacelift',
      'allow contains "pets" if input.resource.resource_type == "sandbox_pet"',
      'deny contains sprintf("%s is no pet", [input.resource.resource_type]) if input.resource.resource_type != "sandbox_pet"',
      'deny contains "not this dependency" if input.resource.operation == "dependency-add"',
      'sample := true',
    ].join('\n\n');
    const watching = { name: `Pets ${era}`, rego_code: 'package spacelift\n\nsample := true\n' };
    const made = await ok('policy-create', watching);
    const [warning] = list(made, 'warnings');
    assert.match(JSON.stringify(warning), /no rule `allow` or `deny`.*its rules are `sample`"$/);
    const policy = text(made, 'id');
    assert.deepEqual((await ok('policy-update', { id: policy, rego_code: body }))['warnings'], []);
    const tried = { policy_id: policy, resource_type: 'sandbox_string', provider, operation: 'CREATE' };
    assert.deepEqual((await ok('policy-dry-run', tried))['deny'], ['sandbox_string is no pet']);
    const attached = await ok('project-policy-attach', { policy_id: policy });
    assert.equal(attached['project_id'], project);

    const pet = { provider, resource_type: 'sandbox_pet', config: {}, provider_version: 'latest' };
    for (const id of ['one', 'two']) await ok('lifecycle-resources-create', { ...pet, resource_id: id });
    const words = {
      provider,
      resource_type: 'sandbox_string',
      config: { length: 5 },
      resource_id: 'words',
      provider_version: 'latest',
    };
    assert.match(await refused('lifecycle-resources-create', words), /- sandbox_string is no pet/);
    const edge = { from_resource_id: 'one', to_resource_id: 'two', dependency_type: 'EXPLICIT' };
    assert.match(await refused('lifecycle-resources-dependencies-add', edge), /- not this dependency/);
    assert.equal((await ok('project-refresh'))['unchanged'], 2);

    const found = await ok('policy-samples', { id: policy });
    const [newest] = list(found, 'samples');
    const key = text(newest ?? null, 'key');
    const again = await ok('policy-samples', { id: policy, key });
    const input = text(part(again, 'sample'), 'input');
    const looser = body.replace('deny contains "not', 'allow contains "not');
    const simulated = text(await ok('policy-simulate', { rego_code: looser, input }), 'result');
    assert.deepEqual(Object.keys(JSON.parse(simulated) as JsonObject).toSorted(), ['allow', 'deny', 'sample']); // the tool answers with JSON text
    await ok('policy-update', { id: policy, rego_code: looser });
    await ok('lifecycle-resources-dependencies-add', edge);
    const contract = (await (await fetch(`${server.url}/.well-known/policy-contract.json`)).json()) as JsonObject; // published as such
    assert.deepEqual(
      part(part(part(contract, 'types'), 'INTENT'), 'input'),
      (await ok('policy-input-schema'))['schema'],
    );
    assert.match(
      await refused('project-policy-detach', { attachment_id: text(attached, 'attachment_id') }),
      /confirmation/,
    );
    await ok('project-unlock');
  }
});

function part(object: Json, name: string): Json {
  return (object as JsonObject)[name] ?? null; // answers of tools are objects
}

function text(object: Json, name: string): string {
  const value = part(object, name);
  assert.equal(typeof value, 'string', `${name} of ${JSON.stringify(object)}`);
  return String(value as string);
}

function list(object: Json, name: string): readonly Json[] {
  const value = part(object, name);
  assert.ok(Array.isArray(value));
  return value as readonly Json[]; // it came as JSON
}
