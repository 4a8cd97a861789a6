import assert from 'node:assert/strict';

import { makeProject, makeSpaces, requestOf, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { createApiKey, createRoleBinding, deleteApiKey } from '../identity/index.ts';
import { accessLevel, createSpace, deleteSpace, findSpace, listSpaces, updateSpace } from './index.ts';

describe('spaces', () => {
  let domain: TestDomain;
  beforeEach(async () => {
    domain = await testDomain();
  });
  const input = { name: 'Team A', description: 'ours', inheritEntities: true, parentSpace: 'root' };
  const ids = async (request = domain.admin): Promise<string[]> =>
    (await listSpaces(domain.context, request)).map(({ id }) => id);

  it('are made under a parent; the empty one means root, and namesakes get ids of their own', async () => {
    const first = await createSpace(domain.context, domain.admin, input);
    assert.deepEqual(first, { id: 'team-a', ...input, labels: [] });
    const second = await createSpace(domain.context, domain.admin, { ...input, parentSpace: '', labels: ['x'] });
    assert.match(second.id, /^team-a-\w{6}$/);
    assert.deepEqual([second.parentSpace, second.labels], ['root', ['x']]);
  });

  it('refuse a parent that is not there and a name without a letter', async () => {
    const { context, admin } = domain;
    await assertRefused(
      'BAD_INPUT',
      createSpace(context, admin, { ...input, parentSpace: 'nowhere' }),
      /parentSpace.*nowhere/,
    );
    await assertRefused('BAD_INPUT', createSpace(context, admin, { ...input, name: '   ' }), /name/);
    await assertRefused('BAD_INPUT', createSpace(context, admin, { ...input, name: '!!!' }), /letter or digit/);
  });

  it('move, but not below themselves, and root stays where it is', async () => {
    const { context, admin } = domain;
    await makeSpaces(domain, { a: 'root', b: 'a', c: 'b' });
    const to = (parentSpace: string) => ({ ...input, name: 'renamed', parentSpace });
    for (const parent of ['a', 'b', 'c']) {
      await assertRefused('CONFLICT', updateSpace(context, admin, 'a', to(parent)), /below itself/);
    }
    await assertRefused('CONFLICT', updateSpace(context, admin, 'root', to('a')), /root cannot be moved/);
    await assertRefused('BAD_INPUT', updateSpace(context, admin, 'a', to('nowhere')), /nowhere/);
    await assertRefused('NO_SUCH', updateSpace(context, admin, 'nowhere', to('a')), /no such space/);
    assert.equal((await updateSpace(context, admin, 'c', to('root'))).parentSpace, 'root');
    const kept = await updateSpace(context, admin, 'b', to(''));
    assert.deepEqual([kept.id, kept.name, kept.parentSpace], ['b', 'renamed', 'a']);
    assert.equal((await updateSpace(context, admin, 'root', to(''))).parentSpace, null);
  });

  it('are deleted empty only, naming what is in the way; root never', async () => {
    const { context, admin } = domain;
    await makeSpaces(domain, { a: 'root', b: 'a' });
    await makeProject(domain, 'Mine', 'b');
    await assertRefused('CONFLICT', deleteSpace(context, admin, 'root'), /cannot be deleted/);
    await assertRefused('CONFLICT', deleteSpace(context, admin, 'a'), /still holds 1 spaces/);
    await assertRefused('CONFLICT', deleteSpace(context, admin, 'b'), /still holds 1 Intent projects/);
    await assertRefused('NO_SUCH', deleteSpace(context, admin, 'nowhere'));
    await makeSpaces(domain, { empty: 'root' });
    assert.equal((await deleteSpace(context, admin, 'empty')).id, 'empty');
    assert.equal(await findSpace(context, admin, 'empty'), null);
  });

  it('are not held by the roles of a key that is gone', async () => {
    const { context, admin } = domain;
    await makeSpaces(domain, { a: 'root' });
    const key = await createApiKey(context, admin, { name: 'ci', admin: false, teams: [] });
    const held = { kind: 'API_KEY', actorId: key.id, roleID: 'space-reader', spaceID: 'a' } as const;
    await createRoleBinding(context, admin, held);
    await assertRefused('CONFLICT', deleteSpace(context, admin, 'a'), /1 role bindings/);
    await deleteApiKey(context, admin, key.id);
    await deleteSpace(context, admin, 'a');
  });

  it('are listed as far as the caller may read, with the rung that it stands on', async () => {
    await makeSpaces(domain, { a: 'root', b: 'root' });
    const request = requestOf('reader', { a: ['SPACE_READ'], b: ['SPACE_WRITE'] });
    assert.deepEqual(await ids(request), ['a']);
    assert.deepEqual(await ids(requestOf('nobody')), []);
    const rungs = {
      a: ['SPACE_READ'],
      b: ['SPACE_READ', 'SPACE_WRITE'],
      c: ['SPACE_READ', 'SPACE_WRITE', 'SPACE_ADMIN'],
    } as const;
    const { caller } = requestOf('somebody', rungs);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((space) => accessLevel(caller, space)),
      ['READ', 'WRITE', 'ADMIN', null],
    );
  });
});
