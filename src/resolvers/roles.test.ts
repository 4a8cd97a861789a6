import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import type { TestServer } from '../testing/server.ts';
import { mcpClients } from '../testing/mcp-clients.ts';
import { aKey, read, refusal, sharedServer, type TestKey } from '../testing/shared-server.ts';

interface RoleAnswer {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly isSystem: boolean;
  readonly actions: string[];
  readonly roleBindingsCount: number;
}

const ROLE = '{ id slug name description isSystem actions roleBindingsCount }';
const CREATE = `mutation($input: RoleInput!) { roleCreate(input: $input) ${ROLE} }`;
const UPDATE = `mutation($id: ID!, $input: RoleUpdateInput!) { roleUpdate(id: $id, input: $input) ${ROLE} }`;
const DELETE = `mutation($id: ID!) { roleDelete(id: $id) ${ROLE} }`;
const BIND =
  'mutation($input: ApiKeyRoleBindingInput!) { apiKeyRoleBindingCreate(input: $input) { id role { slug } } }';
const BIND_GROUP =
  'mutation($input: UserGroupRoleBindingInput!) { userGroupRoleBindingCreate(input: $input) { id role { slug } userGroup { id } } }';
const UNBIND = 'mutation($id: ID!) { apiKeyRoleBindingDelete(id: $id) { id } }';

describe('roles', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  let made = 0;
  async function aRole(...actions: string[]): Promise<RoleAnswer> {
    const input = { name: `Role ${++made}`, actions };
    return read<{ roleCreate: RoleAnswer }>(await server.graphql(CREATE, { input })).roleCreate;
  }
  async function aSpace(name: string, parentSpace = 'root', inheritEntities = false): Promise<string> {
    const answer = await server.graphql('mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }', {
      input: { name, description: '', parentSpace, inheritEntities },
    });
    return read<{ spaceCreate: { id: string } }>(answer).spaceCreate.id;
  }
  async function aGroup(groupName: string): Promise<string> {
    const answer = await server.graphql(
      'mutation($input: ManagedUserGroupCreateInput!) { managedUserGroupCreate(input: $input) { id } }',
      { input: { groupName, description: '', accessRules: [] } },
    );
    return read<{ managedUserGroupCreate: { id: string } }>(answer).managedUserGroupCreate.id;
  }
  async function refused(document: string, variables: JsonObject, token?: string): Promise<string> {
    const { code, message } = refusal(await server.graphql(document, variables, token));
    return `${code}: ${message}`;
  }
  const bind = (key: TestKey, roleID: string, spaceID: string, token?: string) =>
    server.graphql(BIND, { input: { apiKeyID: key.id, roleID, spaceID } }, token);

  describe('of one’s own', () => {
    it('are made, found by id and slug, changed and deleted', async () => {
      const role = await aRole('SPACE_READ', 'RUN_TRIGGER', 'RUN_TRIGGER');
      assert.deepEqual(role, {
        ...role,
        slug: `role-${made}`,
        description: '',
        isSystem: false,
        actions: ['SPACE_READ', 'RUN_TRIGGER'],
        roleBindingsCount: 0,
      });
      const find = async (id: string) =>
        read<{ role: RoleAnswer | null }>(await server.graphql(`query($id: ID!) { role(id: $id) ${ROLE} }`, { id }))
          .role;
      assert.deepEqual(await find(role.id), role);
      assert.deepEqual(await find(role.slug), role);
      const update = async (input: JsonObject) =>
        read<{ roleUpdate: RoleAnswer }>(await server.graphql(UPDATE, { id: role.slug, input })).roleUpdate;
      assert.deepEqual(await update({ name: 'Starter', description: 'starts', actions: null }), {
        ...role,
        name: 'Starter',
        description: 'starts',
      });
      const spelled = await update({ Actions: ['RUN_TRIGGER'], description: '' });
      assert.deepEqual([spelled.actions, spelled.name, spelled.description], [['RUN_TRIGGER'], 'Starter', '']);
      read(await server.graphql(DELETE, { id: role.id }));
      assert.equal(await find(role.id), null);
    });

    it('start from another one', async () => {
      const answer = await server.graphql(`mutation { roleClone(id: "space-writer", name: "Space writer") ${ROLE} }`);
      const copy = read<{ roleClone: RoleAnswer }>(answer).roleClone;
      const original = read<{ role: RoleAnswer }>(await server.graphql(`{ role(id: "space-writer") ${ROLE} }`)).role;
      assert.match(copy.slug, /^space-writer-\w{6}$/);
      assert.deepEqual(
        [copy.isSystem, copy.actions, copy.description],
        [false, original.actions, original.description],
      );
    });

    it('name at least one action, and none that there is not', async () => {
      assert.match(await refused(CREATE, { input: { name: 'Empty', actions: [] } }), /^BAD_INPUT: actions: must name/);
      const unknown = await refused(CREATE, { input: { name: 'Typo', actions: ['RUN_TRIGER'] } });
      assert.match(unknown, /^BAD_INPUT: .*RUN_TRIGER.*RUN_TRIGGER/);
      assert.match(await refused(CREATE, { input: { name: ' ', actions: ['SPACE_READ'] } }), /^BAD_INPUT: name: /);
      assert.match(await refused(UPDATE, { id: 'nobody', input: {} }), /^NO_SUCH: no such role: "nobody"/);
    });

    it('leave the system roles as they are', async () => {
      const message = /^CONFLICT: role space-admin is a system role and cannot be (changed|deleted); clone it/;
      assert.match(await refused(UPDATE, { id: 'space-admin', input: { name: 'Mine' } }), message);
      assert.match(await refused(DELETE, { id: 'space-admin' }), message);
    });

    it('are not deleted while somebody holds them', async () => {
      const role = await aRole('SPACE_READ');
      const binding = read<{ apiKeyRoleBindingCreate: { id: string } }>(
        await bind(await aKey(server, {}), role.slug, 'root'),
      ).apiKeyRoleBindingCreate;
      assert.match(await refused(DELETE, { id: role.id }), /^CONFLICT: role role-\d+ is held 1 times/);
      read(await server.graphql(UNBIND, { id: binding.id }));
      read(await server.graphql(DELETE, { id: role.id }));
    });

    it('count on the next request of whoever holds them', async () => {
      const role = await aRole('SPACE_READ');
      const { token } = await aKey(server, { [role.slug]: 'root' });
      const audit = '{ searchAuditTrailEntries(input: {}) { pageInfo { hasNextPage } } }';
      assert.match(await refused(audit, {}, token), /^FORBIDDEN: .*AUDIT_READ/);
      read(await server.graphql(UPDATE, { id: role.id, input: { actions: ['SPACE_READ', 'AUDIT_READ'] } }));
      read(await server.graphql(audit, {}, token));
      read(await server.graphql(UPDATE, { id: role.id, input: { actions: ['SPACE_READ'] } }));
      assert.match(await refused(audit, {}, token), /^FORBIDDEN: .*AUDIT_READ/);
    });

    it('are made of actions that the server describes by category', async () => {
      const { actionCategories } = read<{
        actionCategories: { name: string; actions: { action: string; description: string; heldFrom: string }[] }[];
      }>(await server.graphql('{ actionCategories { name actions { action description heldFrom } } }'));
      const names = actionCategories.map(({ name }) => name);
      for (const name of ['Space', 'Run', 'Stack', 'Intent', 'Policy', 'Audit', 'API key', 'User', 'Role']) {
        assert.ok(names.includes(name), name);
      }
      const listed = actionCategories.flatMap(({ actions }) => actions);
      const { __type } = read<{ __type: { enumValues: { name: string }[] } }>(
        await server.graphql('{ __type(name: "Action") { enumValues { name } } }'),
      );
      assert.deepEqual(
        listed.map(({ action }) => action).toSorted(),
        __type.enumValues.map(({ name }) => name).toSorted(),
      );
      const rungs = Object.fromEntries(listed.map(({ action, heldFrom }) => [action, heldFrom]));
      assert.deepEqual([rungs['MODULE_READ'], rungs['RUN_TRIGGER'], rungs['AUDIT_READ']], ['READ', 'WRITE', 'ADMIN']);
    });
  });

  describe('handed out', () => {
    it('go no further than those of the giver', async () => {
      const space = await aSpace('Giving');
      const giver = await aRole('SPACE_READ', 'RUN_TRIGGER', 'ROLE_BINDING_READ', 'ROLE_BINDING_CREATE');
      const { token } = await aKey(server, { [giver.slug]: space });
      const key = await aKey(server, {});
      read(await bind(key, (await aRole('RUN_TRIGGER')).id, space, token));
      const more = await aRole('RUN_TRIGGER', 'RUN_CONFIRM');
      const beyond = refusal(await bind(key, more.id, space, token));
      assert.equal(beyond.code, 'FORBIDDEN');
      assert.match(beyond.message, /^unauthorized: nobody hands out more than they hold, .*RUN_CONFIRM.*"giving"/);
      const all = await aRole('SPACE_ADMIN');
      assert.equal(refusal(await bind(key, all.id, space, token)).code, 'FORBIDDEN');
    });

    it('stay in the spaces of an admin who is not admin of root', async () => {
      const parent = await aSpace('Parent of the admin');
      const own = await aSpace('Own', parent, true);
      const child = await aSpace('Child of own', own);
      const { token } = await aKey(server, { 'space-admin': own });
      const key = await aKey(server, {});
      read(await bind(key, 'space-admin', own, token));
      read(await bind(key, 'space-writer', child, token));
      assert.equal(refusal(await bind(key, 'space-reader', parent, token)).code, 'FORBIDDEN');
      assert.deepEqual(refusal(await bind(key, 'space-reader', 'root', token)), {
        code: 'NO_SUCH',
        message: 'no such space: "root"',
      });
    });

    it('do not widen by a role that others hold elsewhere', async () => {
      const space = await aSpace('Widening');
      const author = await aRole('SPACE_READ', 'ROLE_UPDATE', 'ROLE_CREATE');
      const own = await aKey(server, { [author.slug]: 'root' });
      const message = await refused(
        UPDATE,
        { id: author.id, input: { actions: [...author.actions, 'SPACE_ADMIN'] } },
        own.token,
      );
      assert.match(message, /^FORBIDDEN: unauthorized: nobody hands out more than they hold/);
      const other = await aRole('SPACE_READ');
      await aKey(server, { [other.slug]: space });
      const added = { id: other.id, input: { actions: ['SPACE_READ', 'RUN_TRIGGER'] } };
      assert.match(await refused(UPDATE, added, own.token), /^FORBIDDEN: /);
      read(
        await server.graphql(UPDATE, { id: other.id, input: { actions: ['SPACE_READ', 'ROLE_UPDATE'] } }, own.token),
      );
    });

    it('do not grow by a key that is made admin or put into a group', async () => {
      const maker = await aRole('SPACE_READ', 'API_KEY_READ', 'API_KEY_CREATE');
      const { token } = await aKey(server, { [maker.slug]: 'root' });
      const create = 'mutation($input: ApiKeyInput!) { apiKeyCreate(input: $input) { id } }';
      const input = { name: 'made', admin: false, teams: [] };
      read(await server.graphql(create, { input }, token));
      assert.match(await refused(create, { input: { ...input, admin: true } }, token), /^FORBIDDEN: .*hands out/);
      const group = await aGroup('Keepers of everything');
      const teams = ['Keepers of everything'];
      read(await server.graphql(create, { input: { ...input, teams } }, token));
      read(await server.graphql(BIND_GROUP, { input: { userGroupID: group, roleID: 'space-admin', spaceID: 'root' } }));
      assert.match(await refused(create, { input: { ...input, teams } }, token), /^FORBIDDEN: .*hands out/);
      const later = { ...input, teams: ['Somebody makes it later'] };
      assert.match(await refused(create, { input: later }, token), /^FORBIDDEN: .*hands out/);
    });

    it('to a group are everybody’s in it, keys that name it included', async () => {
      const space = await aSpace('Of the group');
      const group = await aGroup('Readers of the space');
      const spaces = (token: string) => server.graphql('{ spaces { id } }', {}, token);
      const { id, token } = await aKey(server, {});
      read(
        await server.graphql(
          'mutation($id: ID!) { apiKeyUpdate(id: $id, input: { teams: ["Readers of the space"] }) { id } }',
          { id },
        ),
      );
      assert.equal(refusal(await spaces(token)).code, 'FORBIDDEN');
      const input = { userGroupID: group, roleID: 'space-reader', spaceID: space };
      const binding = read<{ userGroupRoleBindingCreate: { id: string; userGroup: object; role: object } }>(
        await server.graphql(BIND_GROUP, { input }),
      ).userGroupRoleBindingCreate;
      assert.deepEqual(binding, { ...binding, userGroup: { id: group }, role: { slug: 'space-reader' } });
      assert.deepEqual(read(await spaces(token)), { spaces: [{ id: space }] });
      const find = 'query($id: ID!) { userGroupRoleBinding(id: $id) { spaceID } apiKeyRoleBinding(id: $id) { id } }';
      const found = await server.graphql(find, { id: binding.id });
      assert.deepEqual(found.data, { userGroupRoleBinding: { spaceID: space }, apiKeyRoleBinding: null });
      const take = 'mutation($id: ID!) { userGroupRoleBindingDelete(id: $id) { id } }';
      assert.match(await refused(UNBIND, { id: binding.id }), /^NO_SUCH: no such api key role binding/);
      read(await server.graphql(take, { id: binding.id }));
      assert.equal(refusal(await spaces(token)).code, 'FORBIDDEN');
    });

    it('to users come all or none', async () => {
      const [space, other] = [await aSpace('Of the users'), await aSpace('Not of the admin')];
      const { token } = await aKey(server, { 'space-admin': space });
      const invite = 'mutation($input: ManagedUserInviteInput!) { managedUserInvite(input: $input) { id } }';
      const { managedUserInvite: user } = read<{ managedUserInvite: { id: string } }>(
        await server.graphql(invite, { input: { username: 'holder-of-roles', accessRules: [] } }),
      );
      const give = `mutation($input: UserRoleBindingBatchInput!) {
        userRoleBindingBatchCreate(input: $input) { id roleID userID spaceID user { username } role { slug roleBindingsCount } }
      }`;
      const input = (...spaces: string[]) => ({
        input: { bindings: spaces.map((spaceID) => ({ roleID: role.slug, userID: user.id, spaceID })) },
      });
      const role = await aRole('SPACE_READ');
      assert.match(await refused(give, input(space, other), token), /^NO_SUCH: no such space: "not-of-the-admin"/);
      const [binding] = read<{ userRoleBindingBatchCreate: { id: string }[] }>(
        await server.graphql(give, input(space), token),
      ).userRoleBindingBatchCreate;
      assert.deepEqual(binding, {
        ...binding,
        roleID: role.id,
        userID: user.id,
        spaceID: space,
        user: { username: 'holder-of-roles' },
        role: { slug: role.slug, roleBindingsCount: 1 },
      });
      assert.match(await refused(give, input(space)), /^CONFLICT: the user holds this role/);
      assert.match(await refused(give, input()), /^BAD_INPUT: bindings: must be 1 to 100/);
      const take = 'mutation($id: ID!) { userRoleBindingDelete(id: $id) { id } }';
      read(await server.graphql(take, { id: binding?.id ?? '' }, token));
      assert.match(await refused(take, { id: binding?.id ?? '' }), /^NO_SUCH: /);
    });

    it('do not last longer, and are not claimed, by a key that holds more than its keeper', async () => {
      const keeper = await aRole('SPACE_READ', 'API_KEY_READ', 'API_KEY_UPDATE', 'API_KEY_CREATE');
      const { token } = await aKey(server, { [keeper.slug]: 'root' });
      const admin = await aKey(server, { 'space-admin': 'root' });
      const plain = await aKey(server, { 'space-reader': 'root' });
      const update = 'mutation($id: ID!, $input: ApiKeyUpdateInput!) { apiKeyUpdate(id: $id, input: $input) { id } }';
      const inHours = (hours: number) => ({ expiresAt: Math.floor(Date.now() / 1000) + hours * 3600 });
      for (const { id } of [admin, plain]) {
        read(await server.graphql(update, { id, input: inHours(2) }, token));
        for (const end of [inHours(3), { expiresAt: 0 }])
          assert.match(await refused(update, { id, input: end }, token), /^FORBIDDEN: .*hands out/);
      }
      const idle = await aKey(server, {});
      for (const hours of [1, 2]) read(await server.graphql(update, { id: idle.id, input: inHours(hours) }, token));
      read(await server.graphql(update, { id: admin.id, input: { description: 'kept' } }, token));
      const oidc = { issuer: 'https://id.example', clientId: 'here', subjectExpression: 'me' };
      const claims = { claimMappings: { entries: [{ name: 'team', value: 'groups' }] } };
      const create = 'mutation($input: ApiKeyInput!) { apiKeyCreate(input: $input) { id } }';
      const input = { name: 'by token', admin: false, teams: [] };
      read(await server.graphql(create, { input: { ...input, oidc } }, token));
      const claiming = { input: { ...input, oidc: { ...oidc, ...claims } } };
      assert.match(await refused(create, claiming, token), /^FORBIDDEN: .*hands out/);
      read(await server.graphql(create, claiming));
    });

    it('are in the audit trail with what was done by them', async () => {
      const [space, role] = [await aSpace('Of the trail'), await aRole('SPACE_READ', 'RUN_TRIGGER')];
      const { id, token } = await aKey(server, { 'space-admin': space, [role.slug]: 'root' });
      const input = { name: 'Below the trail', description: '', parentSpace: space, inheritEntities: false };
      read(
        await server.graphql('mutation($input: SpaceInput!) { spaceCreate(input: $input) { id } }', { input }, token),
      );
      const { searchAuditTrailEntries: trail } = read<{
        searchAuditTrailEntries: { edges: { node: { action: string; actor: { roles: string[] } } }[] };
      }>(
        await server.graphql(
          '{ searchAuditTrailEntries(input: { first: 5 }) { edges { node { action actor { username roles } } } } }',
        ),
      );
      const made = trail.edges.find(({ node }) => node.action === 'space.create')?.node;
      assert.deepEqual(made?.actor, {
        username: 'api_key::test key',
        roles: [`${role.slug}@root`, `space-admin@${space}`],
      });
      read(await server.graphql('mutation($id: ID!) { apiKeyDelete(id: $id) { id } }', { id }));
    });

    it('are seen only where the caller may see who holds them', async () => {
      const [mine, theirs] = [await aSpace('Mine'), await aSpace('Theirs')];
      const { token } = await aKey(server, { 'space-admin': mine });
      const key = await aKey(server, { 'space-reader': mine });
      const other = read<{ apiKeyRoleBindingCreate: { id: string } }>(await bind(key, 'space-reader', theirs));
      const { apiKey } = read<{ apiKey: { apiKeyRoleBindings: { spaceID: string }[] } }>(
        await server.graphql(
          'query($id: ID!) { apiKey(id: $id) { apiKeyRoleBindings { spaceID } } }',
          { id: key.id },
          token,
        ),
      );
      assert.deepEqual(apiKey.apiKeyRoleBindings, [{ spaceID: mine }]);
      const { id } = other.apiKeyRoleBindingCreate;
      const hidden = await server.graphql('query($id: ID!) { apiKeyRoleBinding(id: $id) { id } }', { id }, token);
      assert.deepEqual(hidden.data, { apiKeyRoleBinding: null });
      assert.equal(refusal(await server.graphql(UNBIND, { id }, token)).code, 'NO_SUCH');
    });
  });

  describe('keep apart', () => {
    const project = 'starter';
    let policy: string;
    let attachment: string;
    before(async () => {
      const answer = await server.graphql('{ intentProject(id: "starter") { attachedPolicies { id policyId } } }');
      [{ id: attachment = '', policyId: policy = '' } = {}] = read<{
        intentProject: { attachedPolicies: { id?: string; policyId?: string }[] };
      }>(answer).intentProject.attachedPolicies;
      assert.notEqual(policy, '');
      // other tests of this server may have worked in it just now
      await server.graphql('mutation { intentProjectUnlock(id: "starter") { id } }');
    });
    const author = ['POLICY_CREATE', 'POLICY_UPDATE', 'POLICY_DELETE', 'INTENT_POLICY_CREATE', 'INTENT_POLICY_UPDATE'];
    const operator = ['INTENT_PROJECT_LOCK', 'INTENT_RESOURCE_CREATE', 'INTENT_RESOURCE_DELETE', 'INTENT_STATE_READ'];
    const writing: readonly string[] = [
      'mutation($id: ID!) { intentPolicyUpdate(id: $id, enabled: true) { id } }',
      'mutation($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }',
      'mutation($id: ID!) { policyDelete(id: $id) { id } }',
      'mutation { intentPolicyCreate(name: "Everything goes", body: "package spacelift") { id } }',
      `mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }`,
    ];
    const operating: readonly string[] = [
      'mutation { intentProjectActivate(id: "starter") { id } }',
      `mutation { intentResourceCreate(intentProject: "starter", resourceID: "apart", provider: "sluice/sandbox", type: "sandbox_pet", config: {}) { status } }`,
      'mutation { intentResourceDelete(intentProject: "starter", resourceID: "apart") { status } }',
      'query { intentResource(intentProject: "starter", resourceID: "apart") { id } }',
    ];
    const variablesOf = (document: string): JsonObject => ({
      ...(document.includes('$id') ? { id: policy } : {}),
      ...(document.includes('PolicyUpdateInput') ? { input: { name: 'x', body: 'package spacelift' } } : {}),
      ...(document.includes('PolicyCreateInput')
        ? { input: { name: 'x', body: 'package spacelift', type: 'PLAN' } }
        : {}),
    });

    it('those who write policies from operating under them', async () => {
      const { token } = await aKey(server, { [(await aRole('SPACE_READ', ...author)).slug]: 'root' });
      for (const document of operating) assert.match(await refused(document, {}, token), /^FORBIDDEN: /, document);
      const update = 'mutation($id: ID!) { intentPolicyUpdate(id: $id, enabled: true) { id enabled } }';
      assert.deepEqual(read(await server.graphql(update, { id: policy }, token)), {
        intentPolicyUpdate: { id: policy, enabled: true },
      });
    });

    it('those who operate from writing what judges them, and from taking it off', async () => {
      const { token } = await aKey(server, { [(await aRole('SPACE_READ', ...operator)).slug]: 'root' });
      for (const document of writing)
        assert.match(await refused(document, variablesOf(document), token), /^FORBIDDEN: /, document);
      const detach = 'mutation($id: ID!) { policyIntentProjectDetach(id: $id) { id } }';
      assert.match(await refused(detach, { id: attachment }, token), /^FORBIDDEN: /);
      const looked = await server.graphql(operating[3] ?? '', {}, token);
      assert.deepEqual([looked.errors, looked.data], [[], { intentResource: null }]);
      read(
        await server.graphql('mutation($id: ID!) { intentProjectActivate(id: $id) { id } }', { id: project }, token),
      );
      read(await server.graphql('mutation($id: ID!) { intentProjectUnlock(id: $id) { id } }', { id: project }, token));
    });
  });

  for (const { era, connect } of mcpClients) {
    it(`count on the next call of an assistant that is connected already (${era})`, async () => {
      const role = await aRole('SPACE_READ');
      const { id, token } = await aKey(server, {});
      const session = await connect({ url: `${server.url}/mcp`, headers: { authorization: `Bearer ${token}` } });
      const document = '{ searchAuditTrailEntries(input: {}) { pageInfo { hasNextPage } } }';
      const code = async () => (await session.call('query', { document })).code;
      assert.equal(await code(), 'FORBIDDEN');
      const bound = read<{ apiKeyRoleBindingCreate: { id: string } }>(await bind({ id, token }, role.slug, 'root'));
      assert.equal(await code(), 'FORBIDDEN');
      read(await server.graphql(UPDATE, { id: role.id, input: { actions: ['SPACE_READ', 'AUDIT_READ'] } }));
      assert.equal(await code(), undefined);
      read(await server.graphql(UNBIND, { id: bound.apiKeyRoleBindingCreate.id }));
      assert.equal(await code(), 'FORBIDDEN');
      await session.close();
    });
  }
});
