import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { mcpClients } from '../testing/mcp-clients.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, read, refusal, sharedServer, type TestKey } from '../testing/shared-server.ts';

const BIND = `mutation($input: ApiKeyRoleBindingInput!) {
  apiKeyRoleBindingCreate(input: $input) { id spaceID intentProjectID role { slug } }
}`;
const CREATE_PET = `mutation($project: ID!) {
  intentResourceCreate(
    intentProject: $project, resourceID: "pet", provider: "sluice/sandbox", type: "sandbox_pet", config: {}
  ) { status resource { resourceID } }
}`;
const FREE = 'mutation($id: ID!) { intentProjectUnlock(id: $id) { id } }';

interface Binding {
  readonly id: string;
  readonly spaceID: string;
  readonly intentProjectID: string | null;
}

describe('a role in one project', function () {
  let server: TestServer;
  let made = 0;
  let space = '';
  let mine = '';
  let theirs = '';
  let key: TestKey;

  before(async () => {
    server = await sharedServer();
  });
  beforeEach(async () => {
    space = await aSpace();
    mine = await aProject(space);
    theirs = await aProject(space);
    key = await aKey(server, {});
    await give(key, 'space-admin', mine);
  });

  async function aSpace(): Promise<string> {
    const input = { name: `Project roles ${++made}`, description: '', parentSpace: 'root', inheritEntities: false };
    const answer = await server.graphql('mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }', {
      input,
    });
    return read<{ spaceCreate: { id: string } }>(answer).spaceCreate.id;
  }
  async function aProject(within: string, name = `With roles ${++made}`): Promise<string> {
    const create = 'mutation($name: String!, $space: ID!) { intentProjectCreate(name: $name, space: $space) { id } }';
    const answer = await server.graphql(create, { name, space: within });
    return read<{ intentProjectCreate: { id: string } }>(answer).intentProjectCreate.id;
  }
  const bind = (to: TestKey, roleID: string, intentProjectID: string, token?: string, spaceID = space) =>
    server.graphql(BIND, { input: { apiKeyID: to.id, roleID, spaceID, intentProjectID } }, token);
  async function give(to: TestKey, roleID: string, project: string): Promise<Binding> {
    return read<{ apiKeyRoleBindingCreate: Binding }>(await bind(to, roleID, project)).apiKeyRoleBindingCreate;
  }
  const ask = (document: string, variables: JsonObject = {}) => server.graphql(document, variables, key.token);
  const refused = async (answer: ReturnType<TestServer['graphql']>): Promise<string> => {
    const { code, message } = refusal(await answer);
    return `${code}: ${message}`;
  };

  it('shows that project and nothing else of its space', async () => {
    const other = await aProject('root');
    const seen = read(
      await ask(
        `query($mine: ID!, $theirs: ID!, $space: ID!) {
          intentProjects { id } searchIntentProjects(input: {}) { edges { node { id } } }
          mine: intentProject(id: $mine) { id space allowedActions }
          theirs: intentProject(id: $theirs) { id }
          space(id: $space) { id } spaces { id } policies { id }
        }`,
        { mine, theirs, space },
      ),
    );
    assert.deepEqual(seen, {
      intentProjects: [{ id: mine }],
      searchIntentProjects: { edges: [{ node: { id: mine } }] },
      mine: {
        id: mine,
        space,
        allowedActions: read<{ intentProject: { allowedActions: string[] } }>(
          await server.graphql(
            'query($id: ID!) { intentProject(id: $id) { allowedActions } }',
            { id: mine },
            (await aKey(server, { 'space-admin': space })).token,
          ),
        ).intentProject.allowedActions,
      },
      theirs: null,
      space: null,
      spaces: [],
      policies: [],
    });
    for (const project of [theirs, other]) {
      assert.match(await refused(ask(CREATE_PET, { project })), /^NO_SUCH: no such intent project/);
    }
  });

  it('lets work in it, over MCP too', async () => {
    const created = read(await ask(CREATE_PET, { project: mine }));
    assert.deepEqual(created, { intentResourceCreate: { status: 'FINISHED', resource: { resourceID: 'pet' } } });
    for (const { connect } of mcpClients) {
      const session = await connect({ url: `${server.url}/mcp`, headers: { authorization: `Bearer ${key.token}` } });
      const document = 'query($id: ID!) { intentResources(intentProject: $id) { resources { resourceID } } }';
      const reply = await session.call('query', { document, variables: { id: mine } });
      const stranger = await session.call('query', { document, variables: { id: theirs } });
      await session.close();
      assert.match(reply.texts.join(''), /pet/);
      assert.equal(stranger.code, 'NO_SUCH');
    }
    read(await ask(FREE, { id: mine }));
  });

  it('is named in what it does not allow', async () => {
    await give(key, 'space-reader', theirs);
    const answer = ask('mutation($id: ID!) { intentProjectDisable(id: $id) { id } }', { id: theirs });
    const where = new RegExp(`^FORBIDDEN: .* you do not hold in this project of the space "${space}"`);
    assert.match(await refused(answer), where);
  });

  it('is given once, for a project of the space, by whoever holds as much', async () => {
    assert.match(await refused(bind(key, 'space-admin', mine)), /^CONFLICT: .*holds this role in this project/);
    const elsewhere = await aProject('root');
    const message = /^BAD_INPUT: intentProjectID: no such Intent project in the space/;
    assert.match(await refused(bind(key, 'space-writer', elsewhere)), message);
    assert.match(await refused(bind(key, 'space-writer', 'none')), message);
    const giver = read<{ roleCreate: { slug: string } }>(
      await server.graphql(
        'mutation { roleCreate(input: { name: "Gives roles", actions: [SPACE_READ, ROLE_BINDING_CREATE, ROLE_BINDING_READ] }) { slug } }',
      ),
    ).roleCreate.slug;
    const { token } = await aKey(server, { [giver]: space });
    const beyond = await refused(bind(key, 'space-admin', mine, token));
    assert.match(beyond, /^FORBIDDEN: .*nobody hands out more than they hold.*in this project/);
    assert.match(await refused(bind(key, 'space-reader', mine, key.token)), /^FORBIDDEN: .*you hold in no space/);
  });

  it('makes nobody an admin of the account', async () => {
    const root = await aProject('root');
    const held = read<{ apiKeyRoleBindingCreate: Binding }>(await bind(key, 'space-admin', root, undefined, 'root'));
    assert.equal(held.apiKeyRoleBindingCreate.intentProjectID, root);
    assert.deepEqual(read(await ask('{ viewer { admin } }')), { viewer: { admin: false } });
    for (const field of ['apiKeys', 'managedUsers', 'managedUserGroups']) {
      assert.match(await refused(ask(`{ ${field} { id } }`)), /^FORBIDDEN: .*which you hold in no space/);
    }
  });

  it('goes with the project to another space', async () => {
    const target = await aSpace();
    const move = 'mutation($id: ID!, $space: ID) { intentProjectUpdate(id: $id, space: $space) { space } }';
    read(await server.graphql(move, { id: mine, space: target }));
    assert.deepEqual(read(await ask('{ intentProjects { id space } }')), {
      intentProjects: [{ id: mine, space: target }],
    });
  });

  it('ends with the project, also if a project of that name is made again', async () => {
    const id = await aProject(space, `Again ${made}`);
    await give(key, 'space-reader', id);
    read(await server.graphql('mutation($id: ID!) { intentProjectDelete(id: $id) { id } }', { id }));
    assert.equal(await aProject(space, `Again ${made}`), id);
    assert.deepEqual(read(await ask('query($id: ID!) { intentProject(id: $id) { id } }', { id })), {
      intentProject: null,
    });
  });
});
