import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { mcpClients, type McpSession } from '../testing/mcp-clients.ts';
import { aKey, read, sharedServer } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const provider = 'sluice/sandbox';
const olderDialect =
  'package spacelift\n\nallow["pets are welcome"] {\n  input.resource.resource_type == "sandbox_pet"\n}\n';

for (const { era, connect } of mcpClients) {
  describe(`the words of the tools, to ${era} clients`, () => {
    const project = `words-${era}`;
    let main: McpSession;
    let fine: McpSession;

    before(async () => {
      const server = await sharedServer();
      const headers = { authorization: `Bearer ${(await aKey(server, { 'space-admin': 'root' })).token}` };
      read(await server.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
      main = await connect({ url: `${server.url}/mcp`, headers });
      fine = await connect({ url: `${server.url}/intent/mcp`, headers });
    });
    after(() => Promise.all([main?.close(), fine?.close()]));

    const firstLine = async (session: McpSession, tool: string, given: JsonObject): Promise<string> =>
      (await session.call(tool, given)).texts[0]?.split('\n')[0] ?? '';

    it('name in a refusal the argument that the tool has, not the one of the API', async () => {
      const type = { provider, provider_version: 'latest', resource_type: 'sandbox_pot' };
      assert.match(await firstLine(fine, 'provider-resources-describe', type), /^resource_type: .*sandbox_pet\?$/);
      const odd = { ...type, resource_id: 'a b', project, config: {}, resource_type: 'sandbox_pet' };
      assert.match(await firstLine(fine, 'lifecycle-resources-create', odd), /^resource_id: must have 1 to 128/);
      assert.match(
        await firstLine(fine, 'state-timeline', { project, from_time: 'yesterday' }),
        /^from_time: must be a time/,
      );
      const create = { kind: 'create', project, id: 'a b', provider, type: 'sandbox_pet', config: {} };
      assert.match(await firstLine(main, 'intent', create), /^id: must have 1 to 128/);
      const change = { kind: 'create', resource_id: 'pet', provider, type: 'sandbox_pet', config: {}, import_id: 'x' };
      assert.match(
        await firstLine(main, 'intent', { kind: 'plan', project, changes: [change] }),
        /^changes\[0\]\.import_id: /,
      );
    });

    it('name the tool that helps, not a mutation that it cannot send', async () => {
      const given = { project, resource_id: 'x', provider, provider_version: 'latest', resource_type: 'sandbox_pet' };
      const line = await firstLine(fine, 'lifecycle-resources-create', {
        ...given,
        config: {},
        provider_alias: 'none',
      });
      assert.match(line, /^provider_alias: .* set it with provider-config-set\(project, provider, alias, config\), or/);
    });

    it('say how to delete what is needed, and how to go on with what failed in part', async () => {
      const pet = (resource_id: string, config: JsonObject) => ({
        kind: 'create',
        resource_id,
        provider,
        type: 'sandbox_pet',
        config,
      });
      const file = { ...pet('note', { path: `words-${era}.txt`, content: '${needed.id}' }), type: 'sandbox_file' };
      const planned = await fine.call('lifecycle-changes-plan', { project, changes: [pet('needed', {}), file] });
      const change_set_id = planned.structured['change_set_id'] ?? null;
      assert.equal((await fine.call('lifecycle-changes-apply', { project, change_set_id })).isError, false);
      assert.match(
        await firstLine(fine, 'lifecycle-resources-delete', { project, resource_id: 'needed' }),
        /needed by note: .* lifecycle-changes-plan\(with_dependents\)$/,
      );
      const taken = { ...file, resource_id: 'again' };
      const failing = await fine.call('lifecycle-changes-plan', { project, changes: [taken] });
      const id = failing.structured['change_set_id'] ?? null;
      const failed = await fine.call('lifecycle-changes-apply', { project, change_set_id: id });
      assert.equal(failed.isError, true);
      assert.match(failed.texts[0] ?? '', /lifecycle-changes-resume then goes on with change set 01/);
    });

    it('name the resource that there is none of, whatever was asked about it', async () => {
      for (const tool of ['lifecycle-resources-dependencies-get', 'state-get'])
        assert.match(await firstLine(fine, tool, { project, resource_id: 'none' }), /^no such intent resource, or/);
    });

    it('take `latest` where a tool wants a version', async () => {
      const given = { project, resource_id: 'newest', provider, resource_type: 'sandbox_pet', config: {} };
      const created = await fine.call('lifecycle-resources-create', { ...given, provider_version: 'latest' });
      assert.match(JSON.stringify(created.structured['provider_version']), /^"\d+\./, created.texts[0]);
      const type = { provider, resource_type: 'sandbox_pet', provider_version: 'latest' };
      assert.equal((await fine.call('provider-resources-describe', type)).isError, false);
    });

    it('say which arguments there are when one is unknown', async () => {
      assert.match(
        await firstLine(fine, 'project-use', { name: project }),
        /^id: is missing; name: no such argument; project-use takes id\b/,
      );
    });

    it('take the words of an answer back, in capitals or not', async () => {
      const variable = { project, id: 'COLOUR', value: 'red', write_only: false };
      const added = (await fine.call('project-config-add', { ...variable, type: 'environment_variable' })).structured;
      const again = await fine.call('project-config-update', {
        ...variable,
        value: 'blue',
        type: added['type'] ?? null,
      });
      assert.equal(again.isError, false, again.texts.join('\n'));
      assert.equal(again.structured['value'], 'blue');
    });

    it('say of an empty answer what is empty', async () => {
      assert.equal(
        await firstLine(fine, 'state-timeline', { project, to_time: '2020-01-01T00:00:00Z' }),
        '{"events":[],"total_count":0,"has_more":false}',
      );
      assert.equal(await firstLine(fine, 'project-current', {}), '{"project":null}');
    });

    it('release a project by its id, or the one in use', async () => {
      const lockOf = async (tool: string, given: JsonObject) => (await fine.call(tool, given)).structured['lock'];
      assert.match(
        await firstLine(main, 'intent', { kind: 'use', project }),
        new RegExp(`^Project ${project} is in use by this session and locked for it until \\d{4}-.+Z; each`),
      );
      assert.equal(await lockOf('project-unlock', { id: project }), null);
      assert.notEqual(await lockOf('project-use', { id: project }), null);
      assert.equal(await lockOf('project-unlock', {}), null);
    });

    describe('with a compiler of policies', () => {
      before(requireTool('opa'));

      it('take a policy in the older dialect of Rego, and say how when it is missed', async () => {
        const policy = { name: `Older dialect ${era}`, rego_code: olderDialect };
        assert.match(await firstLine(fine, 'policy-create', policy), /save the policy with engine_type REGO_V0/);
        const made = await fine.call('policy-create', { ...policy, engine_type: 'REGO_V0' });
        assert.equal(made.isError, false, made.texts.join('\n'));
        assert.equal(made.structured['engine_type'], 'REGO_V0');
        const tried = { policy_id: made.structured['id'] ?? null, resource_type: 'sandbox_pet', provider };
        const decision = await fine.call('policy-dry-run', { ...tried, operation: 'create' });
        assert.deepEqual(decision.structured['allow'], ['pets are welcome']);
        const input = JSON.stringify({ resource: { resource_type: 'sandbox_pet' } });
        const given = { rego_code: olderDialect, input, engine_type: 'rego_v0' };
        const simulated = await fine.call('policy-simulate', given);
        assert.match(simulated.texts[0] ?? '', /pets are welcome/);
      });
    });

    it('make a project in another space than root', async () => {
      const server = await sharedServer();
      const space = `space-of-${era}`;
      const make =
        'mutation($name: String!) { spaceCreate(input: { name: $name, description: "", parentSpace: "root", inheritEntities: true }) { id } }';
      const { id } = read<{ spaceCreate: { id: string } }>(await server.graphql(make, { name: space })).spaceCreate;
      const given = { kind: 'project-create', name: `in ${space}`, space: id };
      assert.equal((await main.call('intent', given)).structured['space'], id);
      assert.equal(
        (await fine.call('project-create', { name: `also in ${space}`, space: id })).structured['space'],
        id,
      );
    });
  });
}
