import assert from 'node:assert/strict';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const FIELDS = '{ id checksum type value writeOnly description createdAt }';
const change = (verb: string) =>
  `mutation($project: ID!, $config: ConfigInput!) { intentProjectConfig${verb}(intentProject: $project, config: $config) ${FIELDS} }`;
const REMOVE = `mutation($project: ID!, $id: ID!) { intentProjectConfigDelete(intentProject: $project, id: $id) ${FIELDS} }`;
const LIST = `query($project: ID!) { intentProject(id: $project) { config ${FIELDS} } }`;

describe('variables and files of a project', function () {
  let server: TestServer;
  let project: string;
  before(async () => {
    server = await sharedServer();
    const made = await server.graphql('mutation { intentProjectCreate(name: "With environment") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });
  const secret = { id: 'TOKEN', type: 'ENVIRONMENT_VARIABLE', value: 'never-shown', writeOnly: true };

  it('are added, listed, changed and deleted; a secret one is never shown', async () => {
    const added = await server.graphql(change('Add'), { project, config: secret });
    const checksum = '3b0559d7293d1a081c01725fb6f1641a05f69107b3b388e5d78a8ddac422daa4';
    type Element = { checksum: string; value: string | null };
    const { intentProjectConfigAdd: element } = read<{ intentProjectConfigAdd: Element }>(added);
    assert.deepEqual([element.checksum, element.value], [checksum, null]);
    const file = { id: '/app/gcp.json', type: 'FILE_MOUNT', value: 'e30=', writeOnly: false, description: 'key' };
    read(await server.graphql(change('Add'), { project, config: file }));
    const changed = { ...secret, value: 'now-shown', writeOnly: false };
    const { config } = read<{ intentProject: { config: { id: string; value: string | null }[] } }>(
      await server.graphql(LIST, { project }),
    ).intentProject;
    assert.deepEqual(
      config.map(({ id, value }) => [id, value]),
      [
        ['TOKEN', null],
        ['gcp.json', 'e30='],
      ],
    );
    read(await server.graphql(change('Update'), { project, config: changed }));
    const gone = await server.graphql(REMOVE, { project, id: 'TOKEN' });
    assert.equal(
      read<{ intentProjectConfigDelete: { value: string } }>(gone).intentProjectConfigDelete.value,
      'now-shown',
    );
    assert.equal(refusal(await server.graphql(REMOVE, { project, id: 'TOKEN' })).code, 'NO_SUCH');
  });

  it('need a right of their own to change, and may be read with the project', async () => {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    for (const [document, variables, action] of [
      [change('Add'), { project, config: { ...secret, id: 'X' } }, 'INTENT_PROJECT_CONFIG_ADD'],
      [change('Update'), { project, config: secret }, 'INTENT_PROJECT_CONFIG_UPDATE'],
      [REMOVE, { project, id: 'TOKEN' }, 'INTENT_PROJECT_CONFIG_DELETE'],
    ] as const) {
      const { code, message } = refusal(await server.graphql(document, variables, token));
      assert.equal(code, 'FORBIDDEN');
      assert.match(message, new RegExp(action));
    }
    read(await server.graphql(LIST, { project }, token));
  });

  it('are refused with the field at fault and what to do', async () => {
    const refused = async (config: object) =>
      refusal(await server.graphql(change('Add'), { project, config: { ...secret, ...config } }));
    assert.deepEqual(await refused({ id: 'LD_PRELOAD' }), {
      code: 'BAD_INPUT',
      message: 'config.id: LD_PRELOAD decides how programs run and cannot be set; choose another name',
    });
    assert.match((await refused({ id: '../x', type: 'FILE_MOUNT', value: '' })).message, /lies below \/app\//);
  });
});
