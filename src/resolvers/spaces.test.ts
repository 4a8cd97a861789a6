import assert from 'node:assert/strict';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const CREATE =
  'mutation($input: SpaceInput!) { spaceCreate(input: $input) { id parentSpace inheritEntities accessLevel } }';
const UPDATE =
  'mutation($space: ID!, $input: SpaceInput!) { spaceUpdate(space: $space, input: $input) { id name parentSpace } }';
const DELETE = 'mutation($space: ID!) { spaceDelete(space: $space) { id name } }';

describe('spaces', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  async function aSpace(name: string, parentSpace = 'root', inheritEntities = false): Promise<string> {
    const input = { name, description: '', parentSpace, inheritEntities, labels: [] };
    return read<{ spaceCreate: { id: string } }>(await server.graphql(CREATE, { input })).spaceCreate.id;
  }

  it('get a readable id that stays when they are renamed', async () => {
    const id = await aSpace('Payments Team!');
    assert.equal(id, 'payments-team');
    const input = { name: 'Billing', description: '', parentSpace: '', inheritEntities: false };
    const { spaceUpdate } = read<{ spaceUpdate: object }>(await server.graphql(UPDATE, { space: id, input }));
    assert.deepEqual(spaceUpdate, { id, name: 'Billing', parentSpace: 'root' });
  });

  it('tell namesakes apart', async () => {
    const [first, second] = [await aSpace('Twin'), await aSpace('Twin')];
    assert.equal(first, 'twin');
    assert.match(second, /^twin-[a-z0-9]{6}$/);
  });

  it('hand roles down, and reading up only where they inherit', async () => {
    const parent = await aSpace('Upper');
    const closed = await aSpace('Closed', parent);
    const open = await aSpace('Open', parent, true);
    const admin = await aKey(server, { 'space-admin': parent });
    const insideClosed = await aKey(server, { 'space-writer': closed });
    const insideOpen = await aKey(server, { 'space-writer': open });
    const levels = async (token: string): Promise<Record<string, string>> => {
      const { spaces } = read<{ spaces: { id: string; accessLevel: string }[] }>(
        await server.graphql('{ spaces { id accessLevel } }', {}, token),
      );
      return Object.fromEntries(spaces.map(({ id, accessLevel }) => [id, accessLevel]));
    };
    assert.deepEqual(await levels(admin.token), { [parent]: 'ADMIN', [closed]: 'ADMIN', [open]: 'ADMIN' });
    assert.deepEqual(await levels(insideClosed.token), { [closed]: 'WRITE' });
    assert.deepEqual(await levels(insideOpen.token), { [open]: 'WRITE', [parent]: 'READ' });
  });

  it('answer alike for a space that is missing and one that may not be read', async () => {
    const hidden = await aSpace('Hidden');
    const { token } = await aKey(server, { 'space-reader': await aSpace('Elsewhere') });
    const ask = (id: string) => server.graphql('query($id: ID!) { space(id: $id) { id } }', { id }, token);
    assert.deepEqual(await ask(hidden), await ask('no-such-space'));
    assert.deepEqual((await ask(hidden)).data, { space: null });
  });

  it('cannot be moved below themselves', async () => {
    const upper = await aSpace('Above');
    const lower = await aSpace('Below', upper);
    const input = { name: 'Above', description: '', parentSpace: lower, inheritEntities: false };
    const { code, message } = refusal(await server.graphql(UPDATE, { space: upper, input }));
    assert.equal(code, 'CONFLICT');
    assert.match(message, /parentSpace: a space cannot be moved below itself/);
  });

  it('are deleted only when empty, and root never', async () => {
    const full = await aSpace('Full');
    const child = await aSpace('Child', full);
    assert.match(refusal(await server.graphql(DELETE, { space: full })).message, /still holds 1 spaces/);
    read(await server.graphql(DELETE, { space: child }));
    read(await server.graphql(DELETE, { space: full }));
    assert.match(refusal(await server.graphql(DELETE, { space: 'root' })).message, /root cannot be deleted/);
  });

  it('need SPACE_ADMIN in the parent to be created', async () => {
    const place = await aSpace('Guarded');
    const { token } = await aKey(server, { 'space-writer': place });
    const input = { name: 'Sneaky', description: '', parentSpace: place, inheritEntities: false };
    const { code, message } = refusal(await server.graphql(CREATE, { input }, token));
    assert.equal(code, 'FORBIDDEN');
    assert.match(message, /^unauthorized: .*SPACE_ADMIN/);
  });

  it('inherit when an admin of the parent says so, and not before', async () => {
    const parent = await aSpace('Closed parent');
    const own = await aSpace('Wants to inherit', parent);
    const { token } = await aKey(server, { 'space-admin': own });
    const input = { name: 'Wants to inherit', description: '', parentSpace: '', inheritEntities: true };
    const { code, message } = refusal(await server.graphql(UPDATE, { space: own, input }, token));
    assert.equal(code, 'FORBIDDEN');
    assert.match(message, /^unauthorized: inheritEntities: .*only an admin of the parent/);
    read(await server.graphql(UPDATE, { space: own, input: { ...input, inheritEntities: false } }, token));
    const upper = await aKey(server, { 'space-admin': parent });
    read(await server.graphql(UPDATE, { space: own, input }, upper.token));
    read(await server.graphql(UPDATE, { space: own, input }, token));
  });

  it('move only with SPACE_ADMIN at both ends', async () => {
    const [from, to] = [await aSpace('From here'), await aSpace('To there')];
    const moving = await aSpace('Moving', from);
    const { token } = await aKey(server, { 'space-admin': from, 'space-writer': to });
    const input = { name: 'Moving', description: '', parentSpace: to, inheritEntities: false };
    assert.equal(refusal(await server.graphql(UPDATE, { space: moving, input }, token)).code, 'FORBIDDEN');
    assert.equal(refusal(await server.graphql(UPDATE, { space: from, input }, token)).code, 'FORBIDDEN');
  });

  it('are not deleted while somebody has access to them', async () => {
    const space = await aSpace('Ruled');
    const group = read<{ managedUserGroupCreate: { id: string } }>(
      await server.graphql(
        'mutation($input: ManagedUserGroupCreateInput!) { managedUserGroupCreate(input: $input) { id } }',
        {
          input: {
            groupName: 'Ruled by',
            description: '',
            accessRules: [{ space, spaceAccessLevel: 'READ' }],
          },
        },
      ),
    ).managedUserGroupCreate;
    assert.match(refusal(await server.graphql(DELETE, { space })).message, /still holds 1 access rules/);
    read(await server.graphql('mutation($id: ID!) { managedUserGroupDelete(id: $id) { id } }', { id: group.id }));
    read(await server.graphql(DELETE, { space }));
  });
});
