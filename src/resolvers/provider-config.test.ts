import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const SET = `mutation($project: ID!, $alias: String, $config: JSON!) {
  intentProviderConfigSet(intentProject: $project, provider: "sluice/sandbox", alias: $alias, config: $config) {
    provider alias config redacted } }`;
const REMOVE = `mutation($project: ID!, $alias: String) {
  intentProviderConfigDelete(intentProject: $project, provider: "sluice/sandbox", alias: $alias) { alias } }`;
const LIST = 'query($project: ID!) { intentProject(id: $project) { providerConfigs { provider alias config } } }';
const CREATE = `mutation($project: ID!, $id: ID!, $alias: String) {
  intentResourceCreate(intentProject: $project, resourceID: $id, provider: "sluice/sandbox", type: "sandbox_pet",
    providerAlias: $alias, config: {}) { status resource { providerAlias } } }`;
const DROP = `mutation($project: ID!, $id: ID!, $token: String) {
  intentResourceDelete(intentProject: $project, resourceID: $id, confirmation: $token) { status failure confirmation { token } } }`;

// The provider answers otherwise than planned, which is how a test sees that it got this configuration.
const faulty = { faults: { change_planned: 'prefix' } };
const failing = { faults: { fail_create: 'yes' } };

describe('configurations of a provider in a project', function () {
  let server: TestServer;
  let project: string;
  before(async () => {
    server = await sharedServer();
  });
  beforeEach(async () => {
    const made = await server.graphql('mutation { intentProjectCreate(name: "With providers") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });
  const set = (config: JsonObject, alias?: string) => server.graphql(SET, { project, config, alias: alias ?? null });
  const create = (id: string, alias?: string) => server.graphql(CREATE, { project, id, alias: alias ?? null });

  it('are checked, listed, and used by the operations that ask for them', async () => {
    assert.deepEqual(read(await set(failing, 'broken')), {
      intentProviderConfigSet: { provider: 'sluice/sandbox', alias: 'broken', config: failing, redacted: [] },
    });
    const { intentProject } = read<{ intentProject: { providerConfigs: object[] } }>(
      await server.graphql(LIST, { project }),
    );
    assert.deepEqual(intentProject.providerConfigs, [{ provider: 'sluice/sandbox', alias: 'broken', config: failing }]);
    assert.deepEqual(read(await create('good')), {
      intentResourceCreate: { status: 'FINISHED', resource: { providerAlias: null } },
    });
    assert.equal(refusal(await create('bad', 'broken')).code, 'PROVIDER_REFUSED');
  });

  it('are remembered by their resources, and stay while these use them', async () => {
    read(await set({}, 'mine'));
    assert.deepEqual(read(await create('pet', 'mine')), {
      intentResourceCreate: { status: 'FINISHED', resource: { providerAlias: 'mine' } },
    });
    const { code, message } = refusal(await server.graphql(REMOVE, { project, alias: 'mine' }));
    assert.equal(code, 'CONFLICT');
    assert.match(message, /1 resources .* use the configuration mine of sluice\/sandbox: delete or eject them first/);
    read(await set({ faults: { crash: 'ReadResource' } }, 'mine'));
    assert.equal(refusal(await server.graphql(DROP, { project, id: 'pet', token: null })).code, 'PROVIDER_FAILED');
    read(await set({}, 'mine'));
    type Answer = { intentResourceDelete: { status: string; confirmation: { token: string } | null } };
    const asked = read<Answer>(await server.graphql(DROP, { project, id: 'pet', token: null })).intentResourceDelete;
    const token = asked.confirmation?.token ?? '';
    const done = read<Answer>(await server.graphql(DROP, { project, id: 'pet', token })).intentResourceDelete;
    assert.equal(done.status, 'FINISHED');
    read(await server.graphql(REMOVE, { project, alias: 'mine' }));
  });

  it('are refused with what is wrong with them', async () => {
    const said = async (config: JsonObject, alias?: string) => refusal(await set(config, alias));
    const unknown = await said({ falts: {} });
    assert.equal(unknown.code, 'BAD_INPUT');
    assert.match(unknown.message, /config does not fit sluice\/sandbox:\n- config\.falts: /);
    const refused = await said({ faults: { explode: 'yes' } });
    assert.equal(refused.code, 'PROVIDER_REFUSED');
    assert.match(refused.message, /refused this configuration:\n- config\.faults\.explode: Unknown fault/);
    assert.match(
      (await said({ root: '/' })).message,
      /config\.root: the folder of the sandbox is chosen by the server/,
    );
    assert.match((await said({}, 'a b')).message, /^alias: has 1 to 64 letters/);
    const missing = refusal(await create('pet', 'nowhere'));
    assert.equal(missing.code, 'BAD_INPUT');
    assert.match(missing.message, /providerAlias: project .* has no configuration nowhere of sluice\/sandbox; set it/);
    assert.equal(refusal(await server.graphql(REMOVE, { project, alias: 'nowhere' })).code, 'NO_SUCH');
  });

  it('need the rights to change what a project gives its providers', async () => {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    const variables = { project, config: faulty, alias: null };
    assert.match(refusal(await server.graphql(SET, variables, token)).message, /INTENT_PROJECT_CONFIG_ADD/);
    assert.equal(refusal(await server.graphql(REMOVE, { project }, token)).code, 'FORBIDDEN');
  });
});
